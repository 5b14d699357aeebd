"""Bank holidays of Great Britain in 2010 and 2011. Pure.

Source: the Python package `holidays` 0.109 (MIT), countries GB with ENG, WLS and SCT.
"""

from datetime import date

_EVERYWHERE = frozenset(
    {
        date(2010, 1, 1),
        date(2010, 4, 2),
        date(2010, 5, 3),
        date(2010, 5, 31),
        date(2010, 12, 25),
        date(2010, 12, 26),
        date(2010, 12, 27),
        date(2010, 12, 28),
        date(2011, 1, 1),
        date(2011, 1, 3),
        date(2011, 4, 22),
        date(2011, 4, 29),  # a royal wedding
        date(2011, 5, 2),
        date(2011, 5, 30),
        date(2011, 12, 25),
        date(2011, 12, 26),
        date(2011, 12, 27),
    }
)
ENGLAND_AND_WALES = _EVERYWHERE | {
    date(2010, 4, 5),
    date(2010, 8, 30),
    date(2011, 4, 25),
    date(2011, 8, 29),
}
SCOTLAND = _EVERYWHERE | {
    date(2010, 1, 2),
    date(2010, 1, 4),
    date(2010, 8, 2),
    date(2010, 11, 30),
    date(2011, 1, 2),
    date(2011, 1, 4),
    date(2011, 8, 1),
    date(2011, 11, 30),
}
