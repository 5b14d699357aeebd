"""Leeds, York and Glasgow, and how to ask for a plan there."""

from datetime import date

from sample_worlds import capacity, node, product, service, stock, zone

from oneshelf.base.identifiers import ReceiptLineId
from oneshelf.matching.plan import Plan
from oneshelf.matching.planning import plan
from oneshelf.matching.policy import SourcingPolicy
from oneshelf.matching.stock_view import DatedSupply
from oneshelf.matching.world import compile_world

POLICY = SourcingPolicy()
EXPRESS = service("express", (zone(base_minor=700, transit_days=0),))
NAMES = ("glasgow", "leeds", "york")
NODES = (
    node("glasgow", latitude=55.86, longitude=-4.25, kind="store"),
    node("leeds"),
    node(
        "york",
        latitude=53.96,
        longitude=-1.08,
        kind="store",
        parcel_cost_minor=150,
        unit_cost_minor=25,
    ),
)
PRODUCTS = (
    product("cup"),
    product("pot"),
    product("set", parts=[("cup", 4), ("pot", 1)], weight_g=2500),
    product("new", launches_on=date(2010, 12, 20)),
)
WORLD = compile_world(NODES, [service(), EXPRESS], PRODUCTS)


def decide(asked, free, world=WORLD, policy=POLICY, *, taken=None, dated=(), opportunity=None):
    view = stock(world, asked, free, dated, opportunity)
    return plan(asked, world, view, capacity(world, taken), policy)


def sent(answer):
    """Who sends how many units of which line."""
    assert isinstance(answer, Plan), answer
    return sorted((p.node, u.line_no, u.units) for p in answer.parcels for u in p.units)


def reasons(answer):
    return {rejection.reason: rejection.nodes for rejection in answer.rejections}


def due(node_name, units, at, receipt_line=1, component=0, world=WORLD):
    place = world.node_index[node_name]
    return DatedSupply(component, place, at, units, ReceiptLineId(receipt_line))
