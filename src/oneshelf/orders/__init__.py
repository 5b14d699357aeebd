"""What was asked, and how far it has come: capture, lifecycle, changes, holds.

Status lives on quantities of a line; an order's own status is computed from them.
"""
