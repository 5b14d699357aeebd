"""Doors to business choices: versioned policies."""
