"""Doors for machines that watch: alive, ready, figures."""
