"""One sourcing problem as arrays, and its answer. Pure.

Costs are whole thousandths of a minor unit ("millis"), so that sums are exact and ties are ties.
Axes: L lines, C components (SKUs on shelves), N nodes, S sites, O offers, T tariffs.
A site is a node on a date: what stands there by then. An offer is a carrier's service (or the
customer's own pickup) from a site. These are structs, for the reason given in `inventory.ledger`.
"""

from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Marks = NDArray[np.bool_]


class Problem(Struct, frozen=True):
    """What is wanted, where it stands, what it costs to send it.

    wanted[L]: units of each line, at least 1.
    uses[L, C]: units of component c in one unit of line l; a kit line uses several.
    weight_g[L], volume_mm3[L]: of one unit of the line.
    site_node[S]: node of each site; ascending; the sites of one node stand together, dates rising.
        A site sends one parcel; a node that may send several on one date has several sites then.
    site_stock[S, C]: units free at that node by that date, never falling along a node's sites;
        units that an earlier site of the same node sends are gone for the later ones.
    site_sends[S, L]: whether the site may send the line at all; the same at all sites of a node.
    unit_millis[S, L]: labour and opportunity price of one unit of the line at the site.
    offer_site[O]: site of each offer, ascending. offer_millis[O]: cost of the parcel itself:
        handling, lateness, preference. offer_tariff[O]: its tariff.
    offer_gram_micros[O]: cost of each gram in millionths of a minor unit (carbon).
    tariff_*[T]: base_millis up to base_weight_g, then step_millis for every begun step_weight_g;
        chargeable weight is the larger of weight and volume / divisor_mm3_per_g (0: weight only);
        nothing above weight_g_max (of real weight).
    tariff_carries[T, L]: whether a parcel of the tariff may hold the line.
    parcels_max: 1 to 4. nodes_per_line_max: at least 1.
    """

    wanted: Ints
    uses: Ints
    weight_g: Ints
    volume_mm3: Ints
    site_node: Ints
    site_stock: Ints
    site_sends: Marks
    unit_millis: Ints
    offer_site: Ints
    offer_millis: Ints
    offer_tariff: Ints
    offer_gram_micros: Ints
    tariff_base_millis: Ints
    tariff_base_weight_g: Ints
    tariff_step_millis: Ints
    tariff_step_weight_g: Ints
    tariff_divisor_mm3_per_g: Ints
    tariff_weight_g_max: Ints
    tariff_carries: Marks
    parcels_max: int
    nodes_per_line_max: int


class SitedParcel(Struct, frozen=True):
    """So many units of each line from one site by one offer."""

    site: int
    offer: int
    units: tuple[int, ...]
    cost_millis: int


class Solution(Struct, frozen=True):
    """Parcels that together send exactly what is wanted, cheapest first among the others.

    proof: `optimal` is exact over all plans of at most parcels_max parcels; `bounded` is a good
    plan of a larger order, no dearer than cost_millis - bound_millis above the best.
    others: up to ten more plans, dearer or equal, in rising cost.
    """

    parcels: tuple[SitedParcel, ...]
    cost_millis: int
    bound_millis: int
    proof: Literal["optimal", "bounded"]
    others: tuple[tuple[SitedParcel, ...], ...]


class Unsolvable(Struct, frozen=True):
    """No plan exists. missing[L]: units of each line that no combination could serve."""

    missing: tuple[int, ...]
