"""Values that come through doors: names, numbers, cursors, and how long they may be."""
