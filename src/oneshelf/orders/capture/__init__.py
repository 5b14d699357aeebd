"""Orders come in: planned on the snapshot, checked under lock, written in one commit."""
