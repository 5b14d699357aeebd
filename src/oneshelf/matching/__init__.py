"""What we can promise, and from where: promising, sourcing, capacity.

One plan function answers the promise before purchase, the sourcing of an order and its re-sourcing.
"""
