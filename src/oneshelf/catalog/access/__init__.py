"""Who may do what: colleagues with roles, programs with keys, and the closed list of scopes."""
