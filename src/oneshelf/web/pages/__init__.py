"""Pages about the interface itself, and the files they need."""
