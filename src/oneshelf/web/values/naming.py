"""Names that come through doors, and how long they may be."""

from typing import Annotated

from msgspec import Meta

from oneshelf.base.identifiers import NodeId, ParcelId, ReceiptLineId, Sku

IDS_MAX = 2**53
UNITS_MAX = 1_000_000
ROWS_MAX = 1_000

SkuName = Annotated[Sku, Meta(min_length=1, max_length=64)]
NodeName = Annotated[NodeId, Meta(min_length=1, max_length=64)]
LotName = Annotated[str, Meta(min_length=1, max_length=64)]
ParcelNumber = Annotated[ParcelId, Meta(ge=1, le=IDS_MAX)]
ReceiptLineNumber = Annotated[ReceiptLineId, Meta(ge=1, le=IDS_MAX)]
LineNo = Annotated[int, Meta(ge=1, le=ROWS_MAX)]
SomeUnits = Annotated[int, Meta(ge=1, le=UNITS_MAX)]
AnyUnits = Annotated[int, Meta(ge=0, le=UNITS_MAX)]
Reason = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[a-z][a-z0-9_]*$")]
