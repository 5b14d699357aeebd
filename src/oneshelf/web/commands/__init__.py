"""The command line's doors: one file a group of commands, wired together in `oneshelf.__main__`."""
