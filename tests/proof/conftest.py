import time

import pytest
from crowds import admin_headers

from oneshelf.base.clock import set_clock
from oneshelf.base.database import Database
from oneshelf.inventory.auditing.actions import audit
from oneshelf.matching.capacity.actions import find_drift
from oneshelf.orders.progress import actions as progress
from shop import MONDAY


@pytest.fixture
def still(database, url):
    """A database whose clock stands still on a Monday morning, and that is sound at the end."""
    with database.transaction("test", "clock") as tx:
        set_clock(tx, MONDAY, 0)
    yield database
    database.close()
    alone = Database(url)
    give_up_at = time.monotonic() + 10
    while count_connections(alone) > 1:  # who ends tells how often it was in a deadlock
        assert time.monotonic() < give_up_at, "somebody is still connected"
        time.sleep(0.02)
    with alone.transaction("test", "audit") as tx:
        differences, drift = audit(tx), find_drift(tx) + progress.find_drift(tx)
        deadlocks = tx.scalars(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
    alone.close()

    assert (differences, drift, deadlocks) == ([], [], [0])


def count_connections(database):
    with database.transaction("test", "count") as tx:
        [count] = tx.scalars(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        )
    return count


@pytest.fixture
def headers(still):
    return admin_headers(still)
