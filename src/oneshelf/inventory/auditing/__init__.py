"""Prove that every figure follows from the ledger, name what does not, and put it right."""
