import pytest

from life import Life
from oneshelf.inventory.auditing.actions import audit
from oneshelf.orders.progress.actions import find_drift


@pytest.fixture
def life(database):
    life = Life.opened(
        database, [("LAMP", "leeds", 5), ("LAMP", "london", 5), ("VASE", "leeds", 5)]
    )
    yield life
    with database.transaction("test", "audit") as tx:
        differences = audit(tx), find_drift(tx)

    assert differences == ([], [])
