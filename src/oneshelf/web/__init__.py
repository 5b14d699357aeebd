"""Doors for people and machines: they decode, call actions and answer; they decide nothing."""
