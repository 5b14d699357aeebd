"""Keep parcels for their customers, and hand them over. Safe to repeat."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import ParcelId
from oneshelf.base.outbox import announce
from oneshelf.inventory.lines.actions import hand_over as take_from_stock
from oneshelf.orders.progress.actions import orders_of_parcels, read_orders, units_behind
from oneshelf.outbound.actions import take_step
from oneshelf.outbound.facts import ParcelHandedOver, PickupCodeLocked, PickupReady
from oneshelf.outbound.parcel_steps import Outcome, ParcelAnswer, Step
from oneshelf.outbound.pickup import store
from oneshelf.outbound.pickup.codes import (
    ALPHABET,
    CODE_LENGTH,
    SALT_BYTES,
    WRONG_ATTEMPTS_MAX,
    CodeRow,
    HandOver,
    hash_code,
    judge,
)

MAKE_READY = Step(("picked", "packed", "ready_for_pickup"), "customer")
HAND_OVER = Step(("ready_for_pickup", "handed_over"), "customer")


@dataclass(frozen=True, slots=True)
class PickupCode:
    """The code in clear: for the message to the customer, and kept nowhere."""

    parcel_id: ParcelId
    code: str


@dataclass(frozen=True, slots=True)
class HandOverAnswer:
    """What to tell the person at the counter. attempts_left: before the code locks."""

    parcel_id: ParcelId
    outcome: Outcome | Literal["wrong_code", "locked"]
    attempts_left: int = WRONG_ATTEMPTS_MAX


def make_ready(
    tx: Transaction, parcel_ids: Sequence[ParcelId], now: datetime
) -> tuple[list[ParcelAnswer], list[PickupCode]]:
    """Put picked or packed parcels on the shelf for their customers; return the new codes.

    A repeat makes no code: renew_codes makes another one.
    """
    store.lock_codes(tx, parcel_ids)
    stepped = take_step(tx, parcel_ids, MAKE_READY, now)
    codes = _keep_new_codes(tx, [parcel.parcel_id for parcel in stepped.parcels], now)
    ready = [
        PickupReady(parcel.order_id, parcel.parcel_id, parcel.node) for parcel in stepped.parcels
    ]
    announce(tx, ready, now)
    return list(stepped.answers), codes


def renew_codes(
    tx: Transaction, parcel_ids: Collection[ParcelId], now: datetime
) -> list[PickupCode]:
    """Make new codes for parcels that have one; the old ones stop working, a lock opens."""
    rows = store.lock_codes(tx, parcel_ids)
    return _keep_new_codes(tx, [row.parcel_id for row in rows], now)


def hand_over(
    tx: Transaction, customers: Sequence[HandOver], now: datetime
) -> list[HandOverAnswer]:
    """Hand parcels over to whoever says their code; too many wrong ones lock it.

    Locks codes, orders, stock. A wrong code is an answer: the caller commits, so that it counts.
    """
    rows = {row.parcel_id: row for row in store.lock_codes(tx, {c.parcel_id for c in customers})}
    verdicts, wrong = judge(rows, customers)
    if wrong:
        store.set_wrong_attempts(tx, list(wrong.items()))
        announce(tx, _locked(tx, wrong), now)
    right = [
        c.parcel_id for c, verdict in zip(customers, verdicts, strict=True) if verdict == "right"
    ]
    stepped = take_step(tx, right, HAND_OVER, now)
    if stepped.parcels:
        take_from_stock(tx, units_behind(tx, stepped.orders, stepped.moves), now)
        store.note_used(tx, [parcel.parcel_id for parcel in stepped.parcels], now)
    gone = [
        ParcelHandedOver(parcel.order_id, parcel.parcel_id, parcel.node)
        for parcel in stepped.parcels
    ]
    announce(tx, gone, now)
    done = {answer.parcel_id: answer.outcome for answer in stepped.answers}
    return [
        HandOverAnswer(
            parcel_id=customer.parcel_id,
            outcome=done[customer.parcel_id] if verdict == "right" else verdict,
            attempts_left=max(0, WRONG_ATTEMPTS_MAX - wrong.get(customer.parcel_id, 0)),
        )
        for customer, verdict in zip(customers, verdicts, strict=True)
    ]


def _keep_new_codes(
    tx: Transaction, parcel_ids: Sequence[ParcelId], now: datetime
) -> list[PickupCode]:
    codes = [
        PickupCode(parcel_id, "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)))
        for parcel_id in parcel_ids
    ]
    salts = [secrets.token_bytes(SALT_BYTES) for _ in codes]
    rows = [
        CodeRow(code.parcel_id, salt, hash_code(code.code, salt), 0)
        for code, salt in zip(codes, salts, strict=True)
    ]
    if rows:
        store.keep_codes(tx, rows, now)
    return codes


def _locked(tx: Transaction, wrong: Mapping[ParcelId, int]) -> list[PickupCodeLocked]:
    full = [parcel_id for parcel_id, count in wrong.items() if count >= WRONG_ATTEMPTS_MAX]
    owners = orders_of_parcels(tx, full)
    orders = read_orders(tx, set(owners.values()))
    return [
        PickupCodeLocked(
            order_id, parcel_id, orders[order_id].parcels[parcel_id].node, wrong[parcel_id]
        )
        for parcel_id, order_id in owners.items()
    ]
