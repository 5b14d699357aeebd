"""What every request passes first: headers and counting, and the short way to hot doors."""
