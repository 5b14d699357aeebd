"""What we have, where, and for whom: ledger, holds, claims, availability, buffers, receipts.

Owns the stock ledger: append-only movements and the balances that follow from them. Promises: no
balance below zero, no unit sold twice, every unit explained by a movement.
"""
