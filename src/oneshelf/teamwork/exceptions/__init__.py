"""Everything that no rule could settle, in one queue, each once until somebody closes it."""
