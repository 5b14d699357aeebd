"""Refuse names that nothing in the catalog bears, before anything is written under them."""

from collections.abc import Collection

from oneshelf.base.database import Transaction
from oneshelf.web.problems import Fault, FaultyError
from oneshelf.web.stock import reads


def require_known(tx: Transaction, skus: Collection[str], nodes: Collection[str]) -> None:
    """Raise `bad_value` for SKUs and nodes that do not exist."""
    if unknown := reads.find_unknown(tx, sorted(skus), sorted(nodes)):
        raise FaultyError(
            "bad_value", tuple(Fault(name, "is not in the catalog") for name in unknown)
        )
