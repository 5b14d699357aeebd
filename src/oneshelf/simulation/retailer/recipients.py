"""Invented people at real outcodes. Pure."""

from dataclasses import dataclass
from random import Random

from oneshelf.simulation.retailer.packaged import Outcode

FIRST_NAMES = (
    *("Ada", "Basil", "Clementine", "Digby", "Edith", "Fergus", "Greta", "Hamish", "Imogen"),
    *("Jasper", "Kitty", "Linus", "Mabel", "Ned", "Olive", "Percy", "Queenie", "Rupert"),
    *("Saffron", "Tobias", "Una", "Victor", "Winifred", "Yorick", "Zara"),
)
LAST_NAMES = (
    *("Buttercup", "Candlewick", "Doorbell", "Eiderdown", "Featherbed", "Gingerbread"),
    *("Hazelnut", "Inkwell", "Jamjar", "Kettledrum", "Lampshade", "Marmalade", "Nutmeg"),
    *("Oatcake", "Pincushion", "Quiltmaker", "Rainboot", "Sugarbowl", "Teaspoon", "Umbrella"),
    *("Velvetine", "Whistledown"),
)
STREETS = tuple(
    f"{word} {kind}"
    for word in ("Thimble", "Teapot", "Bobbin", "Candlestick", "Mitten", "Pepperpot", "Snowdrop")
    for kind in ("Lane", "Row", "Street", "Close", "Gardens")
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets it, and where. Name, mail, phone, street and half the postcode are invented."""

    name: str
    mail: str
    phone: str
    street: str
    city: str
    postcode: str
    country: str
    latitude: float
    longitude: float


def recipient(external_id: str, home: Outcode, chance: Random) -> Recipient:
    """Invent a person who lives in the outcode."""
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    return Recipient(
        name=f"{first} {last}",
        mail=f"{first}.{last}.{external_id}@example.org".lower(),
        phone=f"+447700900{chance.randrange(1000):03}",
        street=f"{chance.randint(1, 99)} {chance.choice(STREETS)}",
        city=home.town,
        postcode=f"{home.code} 9ZZ",
        country="GB",
        latitude=home.latitude,
        longitude=home.longitude,
    )
