"""Under which names we sell. Pure."""

from dataclasses import dataclass

from oneshelf.base.identifiers import BrandId


@dataclass(frozen=True, slots=True)
class Brand:
    """One name over the door."""

    brand_id: BrandId
    name: str
