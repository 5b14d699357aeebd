"""Names that are not just strings or numbers. Uuid (v7) outside, bigint inside.

A hold has only the uuid (decision 0010).
"""

from typing import NewType
from uuid import UUID

from uuid_utils.compat import uuid7

Sku = NewType("Sku", str)
NodeId = NewType("NodeId", str)
ChannelId = NewType("ChannelId", str)
BrandId = NewType("BrandId", str)
CarrierId = NewType("CarrierId", str)
ServiceId = NewType("ServiceId", str)
CalendarId = NewType("CalendarId", str)

PointId = NewType("PointId", int)
ReceiptLineId = NewType("ReceiptLineId", int)
OrderId = NewType("OrderId", int)  # also the short number people see
LineId = NewType("LineId", int)
ParcelId = NewType("ParcelId", int)
FactId = NewType("FactId", int)

PublicId = NewType("PublicId", UUID)


def new_id() -> UUID:
    """Return a fresh uuid v7: unique everywhere, sorted by the time it was drawn."""
    return uuid7()
