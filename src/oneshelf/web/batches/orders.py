"""What the writer does with a batch of orders: one transaction, then the snapshot follows."""

from collections.abc import Sequence

from oneshelf.base.clock import read_now
from oneshelf.base.database import Database
from oneshelf.base.identifiers import new_id
from oneshelf.orders.answers import Decided, Undecided
from oneshelf.orders.capture.actions import Locking, place
from oneshelf.orders.capture.asked import Asked
from oneshelf.web.batches.writer import BatchKind, Writer
from oneshelf.web.snapshot import Snapshot


def placing(database: Database, snapshot: Snapshot) -> Writer[Asked, Decided]:
    """Return the writer of this process's orders."""

    def decide(asked: Sequence[Asked], kind: BatchKind) -> Sequence[Decided]:
        locking: Locking = "before_planning" if kind == "contested" else "after_planning"
        with database.transaction("web", f"batch:{new_id()}") as tx:
            answers = place(tx, asked, snapshot.outlook, read_now(tx), locking)
        lost = any(isinstance(one, Undecided) for one in answers)
        snapshot.follow_own(tx.announced, "now" if lost else "may_wait")
        return answers

    return Writer(
        "orders",
        decide,
        lambda answer: isinstance(answer, Undecided),
        key=Asked.key,
        lines=lambda asked: len(asked.order.lines),
    )
