"""What somebody wants, from where, and until when. Pure."""

from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from oneshelf.base.identifiers import ChannelId, NodeId, Sku
from oneshelf.catalog.channels import Standing
from oneshelf.catalog.nodes import Method

OUTCODE_LENGTH_MAX = 4

Preference = Literal["cheapest", "earliest", "fewest_parcels"]
Splitting = Literal["allowed", "together"]
Backorder = Literal["accepted", "refused"]


class WantedLine(Struct, frozen=True):
    """So many units of one SKU, at least 1; line numbers are unique within a request."""

    line_no: int
    sku: Sku
    units: int


class Destination(Struct, frozen=True):
    """Where a parcel goes: degrees, and the postcode that carriers' zones look at."""

    country: str
    postcode: str
    latitude: float
    longitude: float

    def postcode_area(self) -> str:
        """Return the part of the postcode that names a district, never a street."""
        plain = "".join(self.postcode.upper().split())
        whole = self.country == "GB" and len(plain) > OUTCODE_LENGTH_MAX
        return plain[:-3] if whole else plain[:OUTCODE_LENGTH_MAX]


class SourcingRequest(Struct, frozen=True):
    """One question to the plan function; `now` is part of it.

    standing: `ask` may be refused; `sold` is served as far as stock and roads allow.
    method `ship` needs a destination, `pickup` needs a pickup_node.
    only_node: pre-routed there: honoured or refused. avoided: already tried, never again.
    wanted_by: the last day it may arrive; for `sold` a wish that costs, for `ask` a condition.
    backorder: may the customer wait for stock that is on its way.
    """

    now: datetime
    channel: ChannelId
    standing: Standing
    lines: tuple[WantedLine, ...]
    method: Method
    destination: Destination | None = None
    pickup_node: NodeId | None = None
    only_node: NodeId | None = None
    avoided: frozenset[NodeId] = frozenset()
    wanted_by: date | None = None
    preference: Preference = "cheapest"
    splitting: Splitting = "allowed"
    backorder: Backorder = "refused"

    def __post_init__(self) -> None:
        """Refuse what only a bug in the caller can ask for."""
        if self.now.tzinfo is None:
            raise ValueError(f"now is an aware instant, got {self.now}")
        if not self.lines or any(line.units < 1 for line in self.lines):
            raise ValueError("a request has lines, each of at least 1 unit")
        if len({line.line_no for line in self.lines}) != len(self.lines):
            raise ValueError("line numbers are unique within a request")
        if (self.method == "ship") != (self.destination is not None):
            raise ValueError("a destination goes with shipping, and only with it")
        if (self.method == "pickup") != (self.pickup_node is not None):
            raise ValueError("a pickup node goes with pickup, and only with it")
