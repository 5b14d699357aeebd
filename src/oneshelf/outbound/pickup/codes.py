"""What a customer says at the counter. Pure; the secret itself is drawn by the action."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from oneshelf.base.identifiers import ParcelId

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that are mistaken for another
CODE_LENGTH = 6
SALT_BYTES = 16
WRONG_ATTEMPTS_MAX = 5
COST = 2**12  # few codes are possible, so each guess from a stolen table has its price


Verdict = Literal["right", "wrong_code", "locked"]


@dataclass(frozen=True, slots=True)
class HandOver:
    """A customer stands at the counter. code: None after a look at a proof of identity."""

    parcel_id: ParcelId
    code: str | None


@dataclass(frozen=True, slots=True)
class CodeRow:
    """What is kept of a code."""

    parcel_id: ParcelId
    salt: bytes
    code_hash: bytes
    wrong_attempts: int


def hash_code(code: str, salt: bytes) -> bytes:
    """Return what is kept of a code; small letters and blanks do not matter."""
    plain = "".join(code.split()).upper()
    return hashlib.scrypt(plain.encode(), salt=salt, n=COST, r=8, p=1, dklen=32)


def judge(
    rows: Mapping[ParcelId, CodeRow], customers: Sequence[HandOver]
) -> tuple[list[Verdict], dict[ParcelId, int]]:
    """Compare codes in constant time; return a verdict for each and the new wrong attempts.

    After too many wrong codes not even the right one opens. A parcel without a code is right: how
    far it has come decides.
    """
    wrong = {parcel_id: row.wrong_attempts for parcel_id, row in rows.items()}
    verdicts: list[Verdict] = []
    for customer in customers:
        row = rows.get(customer.parcel_id)
        if row is None or customer.code is None:
            verdicts.append("right")
        elif wrong[row.parcel_id] >= WRONG_ATTEMPTS_MAX:
            verdicts.append("locked")
        elif hmac.compare_digest(hash_code(customer.code, row.salt), row.code_hash):
            verdicts.append("right")
        else:
            wrong[row.parcel_id] += 1
            locked = wrong[row.parcel_id] >= WRONG_ATTEMPTS_MAX
            verdicts.append("locked" if locked else "wrong_code")
    changed = {p: count for p, count in wrong.items() if count != rows[p].wrong_attempts}
    return verdicts, changed
