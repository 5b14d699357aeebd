"""Figures as they stand, read without a lock: for snapshots and fresh looks."""
