"""Words and tools every folder shares: money, units, identifiers, time, database, facts, errors."""
