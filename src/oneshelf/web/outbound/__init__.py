"""Doors for the people who pick, pack, ship, hand over and take back."""
