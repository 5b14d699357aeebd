"""What the database says about itself."""

from dataclasses import dataclass

from oneshelf.base.database import Transaction


@dataclass(frozen=True, slots=True)
class LongTransaction:
    """The oldest open transaction of the whole server: it may hold the safe id and vacuum back."""

    pid: int | None
    application: str
    database: str
    state: str
    open_s: float


def find_oldest_transaction(tx: Transaction) -> LongTransaction | None:
    """Return who has kept a transaction open longest, prepared ones included; None: nobody."""
    found = tx.rows(
        LongTransaction,
        """
        SELECT pid, application, database, state, open_s::float8
          FROM (SELECT pid, application_name AS application, coalesce(datname, '') AS database,
                       coalesce(state, '') AS state,
                       extract(epoch FROM clock_timestamp() - xact_start) AS open_s
                  FROM pg_stat_activity
                 WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid()
                   AND backend_type = 'client backend'
                   AND application_name <> 'oneshelf awaits facts'
                 UNION ALL
                SELECT NULL, 'prepared transaction', database, 'prepared',
                       extract(epoch FROM clock_timestamp() - prepared)
                  FROM pg_prepared_xacts) AS transaction
         ORDER BY open_s DESC
         LIMIT 1
        """,
    )
    return found[0] if found else None


def read_last_fact_id(tx: Transaction) -> int:
    """Return the last fact id that was drawn, 0 before the first."""
    [last] = tx.scalars(
        "SELECT CASE WHEN is_called THEN last_value ELSE 0 END  FROM base.fact_fact_id_seq"
    )
    return int(last)


def count_parked(tx: Transaction) -> int:
    """Return how many facts some reaction failed on."""
    [parked] = tx.scalars("SELECT count(*) FROM base.parked WHERE attempts > 0")
    return int(parked)
