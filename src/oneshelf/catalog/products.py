"""What is sold. Weights in g, lengths in mm, prices in minor units. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from msgspec import Struct

from oneshelf.base.identifiers import BrandId, Sku

Hazard = Literal["none", "lithium_battery", "flammable", "aerosol", "corrosive"]
Licence = Literal["age_restricted", "alcohol", "fireworks", "knives", "medicine", "tobacco"]
"""A closed list, as hazards are: a misspelt licence would keep its goods from every shelf."""
Temperature = Literal["ambient", "chilled", "frozen"]
AMBIENT: Final[frozenset[Temperature]] = frozenset({"ambient"})


class KitPart(Struct, frozen=True, order=True):
    """So many units of a component in one unit of the kit, at least 1."""

    sku: Sku
    units: int


@dataclass(frozen=True, slots=True)
class Product:
    """One sellable SKU. A kit has parts (one level: no part is a kit itself) and no stock.

    licences: all of them must be held by the node that sends it or hands it over.
    temperature: at which it is kept and carried; a kit needs what its parts need as well.
    """

    sku: Sku
    name: str
    brand: BrandId
    category: str
    gtin: str | None
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int
    hazard: Hazard
    price_minor: int
    currency: str
    parts: tuple[KitPart, ...] = ()
    launches_on: date | None = None  # before it, orders are pre-orders
    licences: frozenset[Licence] = frozenset()
    temperature: Temperature = "ambient"

    def volume_mm3(self) -> int:
        """Return the volume of one unit."""
        return self.length_mm * self.width_mm * self.height_mm

    def components(self) -> tuple[KitPart, ...]:
        """Return what one unit takes from the shelf: its parts, or itself."""
        return self.parts or (KitPart(self.sku, 1),)
