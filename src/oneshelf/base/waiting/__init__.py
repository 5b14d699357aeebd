"""How long anybody waits: for a database that is silent or away, for a process to end."""
