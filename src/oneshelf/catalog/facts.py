"""What happened in the catalog."""

from dataclasses import dataclass
from typing import Literal

from oneshelf.base.facts import Fact

Kind = Literal[
    "api_keys",
    "brands",
    "calendars",
    "carriers",
    "channels",
    "customers",
    "nodes",
    "products",
    "services",
    "staff",
    "toggles",
    "zones",
]


@dataclass(frozen=True, slots=True)
class CatalogChanged(Fact):
    """These rows of one kind are new or different: whoever keeps copies reads them again.

    keys: natural keys; the parts of a key of several words stand with `|` between them.
    """

    kind: Kind
    keys: list[str]

    def subject(self) -> str:
        """Return the one subject of all reference data."""
        return "catalog"
