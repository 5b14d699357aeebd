"""What time it is: the database's time, so hosts cannot disagree, or that of a demo's own clock."""

from datetime import UTC, datetime

from oneshelf.base.database import Transaction
from oneshelf.base.errors import OneshelfError


def read_now(tx: Transaction) -> datetime:
    """Return the present instant, in UTC. Doors and the worker ask; everyone else is told."""
    [now] = tx.scalars(
        """
        SELECT coalesce(
            (SELECT stands_at + greatest(clock_timestamp() - set_at, interval '0') * speed
               FROM base.clock),
            clock_timestamp())
        """
    )
    return now.astimezone(UTC)  # type: ignore[no-any-return]  # a scalar's type is its column's


def set_clock(tx: Transaction, stands_at: datetime, speed: float) -> None:
    """Give a demo or test database a clock of its own, from this instant on.

    speed: its seconds in a second; 0 stands still.
    """
    if stands_at.tzinfo is None:
        raise OneshelfError(
            "bad_value", f"{stands_at} has no time zone; expected an instant.", "Add the zone."
        )
    tx.run(
        """
        INSERT INTO base.clock (stands_at, speed) VALUES (%(stands_at)s, %(speed)s)
            ON CONFLICT (only_row) DO UPDATE
           SET stands_at = excluded.stands_at, set_at = clock_timestamp(), speed = excluded.speed
        """,
        stands_at=stands_at,
        speed=speed,
    )
