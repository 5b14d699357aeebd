"""Ways to run the same week, each a row of the sourcing policy: the columns of the table. Pure."""

from dataclasses import dataclass

from oneshelf.base.identifiers import NodeId
from oneshelf.matching.policy import ChannelPool, SourcingPolicy
from oneshelf.simulation.retailer.places import SHOPS, WAREHOUSES
from oneshelf.simulation.retailer.selling import APP, CALL_CENTRE, MARKETPLACE, TILL, WEB

IN_WAREHOUSES = frozenset(NodeId(key) for key, _, _ in WAREHOUSES)
IN_STORES = frozenset(shop.node_id for shop in SHOPS)
# In warehouses as the remote channels sell; in stores half is the till's. The last one listed has
# the unit that cannot be divided.
POOLS = (
    ChannelPool(CALL_CENTRE, 8, IN_WAREHOUSES),
    ChannelPool(MARKETPLACE, 17, IN_WAREHOUSES),
    ChannelPool(APP, 25, IN_WAREHOUSES),
    ChannelPool(WEB, 50, IN_WAREHOUSES),
    ChannelPool(APP, 25, IN_STORES),
    ChannelPool(WEB, 25, IN_STORES),
    ChannelPool(TILL, 50, IN_STORES),
)
A_THOUSAND_KM = 1_000_000  # what `nearest` counts for it, in minor units


@dataclass(frozen=True, slots=True)
class Column:
    """One way. name: in the JSON document, of its database and logs; on the screen, with spaces."""

    name: str
    sourcing: SourcingPolicy


ONE_SHELF = Column("one_shelf", SourcingPolicy())
MANY_SHELVES = Column(
    "many_shelves",
    SourcingPolicy(routing="nearest", split_minor=A_THOUSAND_KM, pools=POOLS),
)
