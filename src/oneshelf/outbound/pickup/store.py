"""Read and write pickup codes. Nothing is decided here."""

from collections.abc import Collection, Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import ParcelId
from oneshelf.outbound.pickup.codes import CodeRow


def keep_codes(tx: Transaction, codes: Sequence[CodeRow], now: datetime) -> None:
    """Write codes; a parcel's new code replaces its old one and its wrong attempts."""
    tx.run(
        """
        INSERT INTO outbound.pickup_code (parcel_id, salt, code_hash, made_at)
        SELECT parcel_id, salt, code_hash, %(now)s
          FROM unnest(%(parcels)s::bigint[], %(salts)s::bytea[], %(hashes)s::bytea[])
               AS given (parcel_id, salt, code_hash)
         ORDER BY parcel_id
            ON CONFLICT (parcel_id) DO UPDATE
           SET salt = excluded.salt, code_hash = excluded.code_hash, wrong_attempts = 0,
               made_at = excluded.made_at
        """,
        parcels=[code.parcel_id for code in codes],
        salts=[code.salt for code in codes],
        hashes=[code.code_hash for code in codes],
        now=now,
    )


def lock_codes(tx: Transaction, parcel_ids: Collection[ParcelId]) -> list[CodeRow]:
    """Lock codes until the transaction ends, in parcel_id order, before any order."""
    return tx.rows(
        CodeRow,
        """
        SELECT parcel_id, salt, code_hash, wrong_attempts
          FROM outbound.pickup_code
         WHERE parcel_id = ANY(%(ids)s::bigint[])
         ORDER BY parcel_id
           FOR NO KEY UPDATE
        """,
        ids=list(parcel_ids),
    )


def set_wrong_attempts(tx: Transaction, attempts: Sequence[tuple[ParcelId, int]]) -> None:
    """Write how often a wrong code was said."""
    tx.run(
        """
        UPDATE outbound.pickup_code
           SET wrong_attempts = given.wrong_attempts
          FROM unnest(%(parcels)s::bigint[], %(attempts)s::bigint[])
               AS given (parcel_id, wrong_attempts)
         WHERE pickup_code.parcel_id = given.parcel_id
        """,
        parcels=[parcel for parcel, _ in attempts],
        attempts=[count for _, count in attempts],
    )


def note_used(tx: Transaction, parcel_ids: Collection[ParcelId], now: datetime) -> None:
    """Write that parcels were handed over."""
    tx.run(
        "UPDATE outbound.pickup_code SET used_at = %(now)s"
        " WHERE parcel_id = ANY(%(ids)s::bigint[]) AND used_at IS NULL",
        ids=list(parcel_ids),
        now=now,
    )
