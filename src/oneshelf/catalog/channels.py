"""Where orders come from. Pure."""

from dataclasses import dataclass
from typing import Literal

from oneshelf.base.identifiers import BrandId, ChannelId

ChannelKind = Literal["web", "app", "marketplace", "till", "call_centre", "file"]
Standing = Literal["ask", "sold"]


@dataclass(frozen=True, slots=True)
class Channel:
    """One stream of orders. standing: may we still say no (`ask`), or is it paid (`sold`)."""

    channel_id: ChannelId
    name: str
    kind: ChannelKind
    brand: BrandId
    standing: Standing
    currency: str
    grace_minutes: int  # an order may be changed freely so long before it is released to a node
