"""Three invented services of two invented carriers, in pence. Pure.

Emissions are DEFRA's 2025 factors from well to wheel for freight: van up to 3.5 t, diesel (782.3),
all rigid lorries (240.8), all lorries (125.2 g CO2e per tonne-km), one vehicle for the whole way.
"""

from datetime import time

from oneshelf.base.calendars import Opening, WorkCalendar
from oneshelf.base.identifiers import CarrierId, ServiceId
from oneshelf.catalog.carriers import Service, Zone
from oneshelf.catalog.products import Hazard
from oneshelf.simulation.retailer.bank_holidays import ENGLAND_AND_WALES
from oneshelf.simulation.retailer.places import TIME_ZONE

# Whole postcode areas, so that no outcode elsewhere begins alike.
HIGHLANDS_AND_ISLANDS = ("BT", "GY", "HS", "IM", "IV", "JE", "KW", "ZE")
COUNTRIES = frozenset({"GB", "GG", "IM", "JE"})
LOCAL_KM = 150
FRIDAY, SATURDAY = 4, 5


def _until(last_weekday: int) -> WorkCalendar:
    days = tuple(Opening(day, time(7), time(21)) for day in range(last_weekday + 1))
    return WorkCalendar(TIME_ZONE, days, ENGLAND_AND_WALES)


def _zones(
    days: tuple[int, int, int], base_minor: tuple[int, int, int], step_minor: int
) -> tuple[Zone, ...]:
    """Return the zones: highlands and islands, local, the rest."""
    places = (
        ("Highlands and islands", None, HIGHLANDS_AND_ISLANDS),
        ("Local", LOCAL_KM, ()),
        ("Mainland", None, ()),
    )
    return tuple(
        Zone(name, distance, prefixes, transit, base, 2000, step_minor, 1000)
        for (name, distance, prefixes), transit, base in zip(places, days, base_minor, strict=True)
    )


NO_FIRE: frozenset[Hazard] = frozenset({"flammable", "aerosol", "corrosive"})
SERVICES = (
    Service(
        service_id=ServiceId("redstart_48"),
        carrier_id=CarrierId("redstart"),
        name="Redstart 48-hour",
        collects=_until(SATURDAY),
        collected_at=time(17, 30),
        delivers=_until(SATURDAY),
        zones=_zones((4, 2, 2), (895, 335, 365), 45),
        dimensional_divisor_mm3_per_g=5000,
        weight_g_max=30_000,
        refuses=frozenset({"corrosive"}),
        countries=COUNTRIES,
        emission_gco2e_per_tonne_km=241,
    ),
    Service(
        service_id=ServiceId("redstart_next_day"),
        carrier_id=CarrierId("redstart"),
        name="Redstart next day",
        collects=_until(FRIDAY),
        collected_at=time(17, 30),
        delivers=_until(SATURDAY),
        zones=_zones((2, 1, 1), (1695, 525, 595), 65),
        dimensional_divisor_mm3_per_g=5000,
        weight_g_max=30_000,
        refuses=NO_FIRE,
        countries=COUNTRIES,
        emission_gco2e_per_tonne_km=782,
    ),
    Service(
        service_id=ServiceId("packhorse_economy"),
        carrier_id=CarrierId("packhorse"),
        name="Packhorse economy",
        collects=_until(FRIDAY),
        collected_at=time(17),
        delivers=_until(FRIDAY),
        zones=_zones((6, 3, 4), (745, 265, 295), 30),
        dimensional_divisor_mm3_per_g=4000,
        weight_g_max=20_000,
        refuses=NO_FIRE,
        countries=COUNTRIES,
        emission_gco2e_per_tonne_km=125,
    ),
)
