"""Change the catalog, and serve who waits for the units that it opens, in one transaction.

Doors and files change toggles, nodes and products here, for catalog knows nothing of claims.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import NodeId, Sku
from oneshelf.catalog import actions as catalog
from oneshelf.catalog.nodes import Toggle
from oneshelf.catalog.sheets import actions as sheets
from oneshelf.catalog.sheets.actions import Imported
from oneshelf.catalog.sheets.kinds import SheetKind
from oneshelf.catalog.sheets.reading import GoodRow
from oneshelf.inventory.assortment import store
from oneshelf.inventory.claims.actions import serve_opened
from oneshelf.inventory.claims.serving import Shelf


def put_toggles(tx: Transaction, toggles: Sequence[Toggle], now: datetime) -> int:
    """Write toggles and serve who waits for what they switch on; return how many changed."""
    changed = catalog.put_toggles(tx, toggles, now)
    _open_toggled(tx, changed, now)
    return len(changed)


def import_rows(
    tx: Transaction, kind: SheetKind, rows: Sequence[GoodRow], now: datetime
) -> Imported:
    """Write rows of the catalog that can be written, and serve who waits for what they open.

    A product can move to a category with a smaller buffer, a node can begin to ship.
    """
    done = sheets.import_rows(tx, kind, rows, now)
    if kind == "toggles":
        pairs = [key for key in done.keys if isinstance(key, tuple)]
        _open_toggled(tx, {(NodeId(str(node)), Sku(str(sku))) for node, sku in pairs}, now)
    elif kind == "nodes":
        nodes = {NodeId(key) for key in done.keys if isinstance(key, str)}
        serve_opened(tx, (), store.find_waiting_at(tx, nodes), now)
    elif kind == "products":
        skus = {Sku(key) for key in done.keys if isinstance(key, str)}
        serve_opened(tx, (), store.find_waiting_for(tx, skus), now)
    return done


def _open_toggled(tx: Transaction, toggled: Collection[tuple[NodeId, Sku]], now: datetime) -> None:
    skus = {sku for _, sku in toggled}
    products = catalog.find_products(tx, skus)
    shelves: set[Shelf] = {
        (part.sku, node) for node, sku in toggled for part in products[sku].components()
    }
    serve_opened(tx, shelves, store.find_waiting_for(tx, skus), now)
