"""The products: codes, names and prices of the excerpt; the rest is invented by the seed. Pure.

Invented are: weight, size, category, hazard, brand, GTIN and the kits.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from random import Random
from statistics import median_low
from types import MappingProxyType

from oneshelf.base.identifiers import Sku
from oneshelf.catalog.products import Hazard, KitPart, Product
from oneshelf.simulation.retailer.chance import dice
from oneshelf.simulation.retailer.cleaning import Cleaned
from oneshelf.simulation.retailer.packaged import InvoiceLine
from oneshelf.simulation.retailer.selling import CURRENCY, LARKSPUR, TINDERBOX

KIT_PRICE_PERCENT = 90  # of what its parts cost alone
KITS: Mapping[Sku, tuple[str, tuple[KitPart, ...]]] = MappingProxyType(
    {
        Sku("KIT-ALARM-GREEN-RED"): (
            "Alarm clocks for two, green and red",
            (KitPart(Sku("22726"), 1), KitPart(Sku("22727"), 1)),
        ),
        Sku("KIT-ALARM-PINK-RED"): (
            "Alarm clocks for two, pink and red",
            (KitPart(Sku("22727"), 1), KitPart(Sku("22728"), 1)),
        ),
        Sku("KIT-CAKE-PARTY"): (
            "Cake party: retrospot and teatime cases",
            (KitPart(Sku("21212"), 2), KitPart(Sku("84991"), 1)),
        ),
        Sku("KIT-PAPER-CHAINS"): (
            "Paper chains: 50's and vintage Christmas",
            (KitPart(Sku("22086"), 1), KitPart(Sku("22910"), 1)),
        ),
        Sku("KIT-WARM-BIRDS"): (
            "Hand warmers: owl and bird",
            (KitPart(Sku("22865"), 1), KitPart(Sku("22867"), 1)),
        ),
        Sku("KIT-WARM-PETS"): (
            "Hand warmers: scotty dog and bird",
            (KitPart(Sku("22866"), 1), KitPart(Sku("22867"), 1)),
        ),
    }
)


# Tried in order: a name with a word that begins so belongs there; the rest is for the home.
CATEGORIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Christmas", ("CHRISTMAS", "ADVENT", "REINDEER", "SNOW", "XMAS")),
    ("Candles", ("CANDLE", "T-LIGHT", "LIGHT", "LANTERN", "INCENSE")),
    ("Jewellery", ("BRACELET", "RING", "NECKLACE", "EARRING", "CHARM", "HAIR", "PURSE")),
    ("Bags", ("BAG", "SHOPPER", "RUCKSACK")),
    (
        "Kitchen",
        ("MUG", "CUP", "TEA", "CAKE", "BOWL", "PLATE", "LUNCH", "CUTLERY", "BAKING", "EGG", "JAM"),
    ),
    ("Stationery", ("CARD", "PAPER", "NOTEBOOK", "WRAP", "PEN", "STICKER", "RIBBON")),
    ("Garden", ("GARDEN", "FLOWER", "PLANT", "BIRD", "WATERING")),
    ("Toys", ("DOLL", "GAME", "TOY", "JIGSAW", "CHILDREN", "FELTCRAFT", "SPACEBOY", "MAGIC")),
    ("Decoration", ("DECORATION", "SIGN", "GARLAND", "HEART", "FRAME", "MIRROR", "HOOK", "CLOCK")),
)
LAST_CATEGORY = "Home"
# Invented sizes: what costs more is heavier; a side is so much of the cube of the same volume.
WEIGHT_G_MIN, WEIGHT_G_MAX = 15, 1500
WEIGHT_G_PER_PENNY = (0.3, 1.0)
DENSITY_G_PER_MM3 = (0.00015, 0.0005)
SIDES = (0.6, 1.6)
TINDERBOX_CATEGORIES = frozenset({"Candles", "Garden"})
HAZARDS: tuple[tuple[str, Hazard], ...] = (
    ("MATCHES", "flammable"),
    (" LED ", "lithium_battery"),
    ("BATTERY", "lithium_battery"),
)


def products(cleaned: Cleaned, seed: int) -> tuple[Product, ...]:
    """Return every product that the excerpt names with a price, then the kits."""
    lines: defaultdict[Sku, list[InvoiceLine]] = defaultdict(list)
    for line in cleaned.sales:
        lines[line.sku].append(line)
    for line in cleaned.cancellations:
        if line.sku not in lines:  # sold before the week, taken back in it
            lines[line.sku] = [line]
    singles = {sku: _product(sku, seen, seed) for sku, seen in sorted(lines.items())}
    return (*singles.values(), *(_kit(sku, singles) for sku in KITS))


def gtin_13(sku: Sku) -> str:
    """Return a GTIN of the range 20, which is kept for use inside a company."""
    letters = [ord(letter) - ord("A") + 1 for letter in re.sub(r"^DCGS|\d", "", sku)]
    first, second = (*letters, 0, 0)[:2]
    number = int(re.sub(r"\D", "", sku))
    body = f"20{int(sku.startswith('DCGS'))}{number:05}{first:02}{second:02}"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-weighted % 10}"


def _product(sku: Sku, lines: Iterable[InvoiceLine], seed: int) -> Product:
    seen = tuple(lines)
    [(description, _)] = Counter(line.description for line in seen).most_common(1)
    upper = description.upper()
    category = next(
        (name for name, words in CATEGORIES if any(f" {word}" in f" {upper}" for word in words)),
        LAST_CATEGORY,
    )
    price_minor = median_low(line.price_minor for line in seen)
    weight_g, sides_mm = _size(price_minor, dice(seed, "size", sku))
    return Product(
        sku=sku,
        name=description.capitalize(),
        brand=TINDERBOX if category in TINDERBOX_CATEGORIES else LARKSPUR,
        category=category,
        gtin=gtin_13(sku),
        weight_g=weight_g,
        length_mm=sides_mm[0],
        width_mm=sides_mm[1],
        height_mm=sides_mm[2],
        hazard=next((hazard for word, hazard in HAZARDS if word in f" {upper} "), "none"),
        price_minor=price_minor,
        currency=CURRENCY,
    )


def _size(price_minor: int, chance: Random) -> tuple[int, tuple[int, int, int]]:
    weight_g = round(price_minor * chance.uniform(*WEIGHT_G_PER_PENNY))
    weight_g = max(WEIGHT_G_MIN, min(WEIGHT_G_MAX, weight_g))
    volume_mm3 = weight_g / chance.uniform(*DENSITY_G_PER_MM3)
    cube_mm = volume_mm3 ** (1 / 3)
    first, second = chance.uniform(*SIDES), chance.uniform(*SIDES)
    long, middle, short = sorted((first, second, 1 / (first * second)), reverse=True)
    return weight_g, (round(long * cube_mm), round(middle * cube_mm), round(short * cube_mm))


def _kit(sku: Sku, singles: Mapping[Sku, Product]) -> Product:
    name, parts = KITS[sku]
    inside = [(singles[part.sku], part.units) for part in parts]
    return Product(
        sku=sku,
        name=name,
        brand=LARKSPUR,
        category=inside[0][0].category,
        gtin=None,
        weight_g=sum(product.weight_g * units for product, units in inside),
        length_mm=max(product.length_mm for product, _ in inside),
        width_mm=max(product.width_mm for product, _ in inside),
        height_mm=sum(product.height_mm * units for product, units in inside),
        hazard="none",
        price_minor=sum(product.price_minor * units for product, units in inside)
        * KIT_PRICE_PERCENT
        // 100,
        currency=CURRENCY,
        parts=parts,
    )
