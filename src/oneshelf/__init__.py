"""Sell every shelf as if it were one: omnichannel order management and fulfillment."""
