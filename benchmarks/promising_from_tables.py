"""T20's baseline: the same server, whose promise door reads stock and capacity anew for each call.

Run as a process: `python promising_from_tables.py --port PORT`, the database in ONESHELF_DATABASE.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
from litestar import Response

from oneshelf.base.clock import read_now
from oneshelf.base.database import Database
from oneshelf.inventory.availability import StockSnapshot
from oneshelf.inventory.levels.actions import read_levels
from oneshelf.matching.capacity.actions import load_capacity
from oneshelf.matching.capacity.snapshot import CapacitySnapshot
from oneshelf.matching.outlook import Known
from oneshelf.matching.plan import Refusal
from oneshelf.matching.planning import Option
from oneshelf.matching.planning import promise as options_for
from oneshelf.orders.capture.asking import sourcing_request
from oneshelf.web import application
from oneshelf.web.doors import Visit
from oneshelf.web.orders import promising
from oneshelf.web.serving import serve


async def promise(visit: Visit) -> Response[bytes]:
    """Answer as the door does, but look everything that changes up in the tables."""
    asked = await visit.body(promising.PromiseAsked)
    known = visit.house.snapshot.outlook.known
    order = promising.readable(asked, visit.house.snapshot.outlook)

    def task() -> Sequence[Option] | Refusal:
        with visit.house.reading(visit.because()) as tx:
            now = read_now(tx)
            request = sourcing_request(order, known.channels[asked.channel], now)
            skus = known.world.components(request.lines)
            nodes = [node.node_id for node in known.world.nodes]
            stock = StockSnapshot(skus, nodes)
            stock.set_safety_stock(np.zeros((len(skus), len(nodes)), np.int64))
            stock.apply(read_levels(tx, skus, ()))
            capacity = CapacitySnapshot(nodes, now.date())
            capacity.apply(load_capacity(tx, now.date() - timedelta(days=7)))
        fresh: Known = replace(known, stock=stock, capacity=capacity)
        return options_for(request, fresh.world, fresh.view(request), capacity.view(), fresh.policy)

    return promising.told(visit, order, await visit.house.work(task))


def main() -> None:
    """Serve with the other door in the place of ours."""
    application.DOORS = tuple(
        replace(door, answer=promise) if door.path == "/api/v1/promise" else door
        for door in application.DOORS
    )
    url = os.environ["ONESHELF_DATABASE"]
    Database(url).close()
    serve(url, "127.0.0.1", int(sys.argv[-1]), lambda address: print(address, flush=True))


if __name__ == "__main__":
    main()
