"""Decide a batch in one transaction; when a value poisons it, only the culprit gets an error."""

import time
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from oneshelf.base.errors import ContendedError, DatabaseUnavailableError, OneshelfError

Request = TypeVar("Request")
Answer = TypeVar("Answer")

ATTEMPTS_MAX = 3
BATCH_S_MAX = 5.0
PAUSE_S = 0.02


def decide_batch(
    requests: Sequence[Request],
    decide: Callable[[Sequence[Request]], Sequence[Answer]],
    chance: Random,
    until_s: float | None = None,
) -> list[Answer | OneshelfError]:
    """Return an answer or an error for each request, in their order.

    decide: opens, uses and commits one transaction for the requests it is given. A batch that
    fails on its values is tried again in halves until the culprit stands alone. Time-outs,
    deadlocks and a lost connection repeat the whole batch (the repeat keys answer what was
    committed after all), at most three times with a growing pause, and not after until_s (of
    the steady clock): who is still contended then is told so.
    """
    until_s = time.monotonic() + BATCH_S_MAX if until_s is None else until_s
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            return list(decide(requests))
        except (ContendedError, DatabaseUnavailableError) as error:
            if time.monotonic() > until_s:
                return [error for _ in requests]
            if attempt == ATTEMPTS_MAX and isinstance(error, ContendedError):
                return _in_halves(requests, decide, chance, until_s, error)
            if attempt == ATTEMPTS_MAX:
                return [error for _ in requests]
            time.sleep(PAUSE_S * 2**attempt * (1 + chance.random()))
        except OneshelfError as error:
            return _in_halves(requests, decide, chance, until_s, error)
        except Exception:  # noqa: BLE001 - a defect of ours must not take the neighbours with it
            return _in_halves(
                requests,
                decide,
                chance,
                until_s,
                OneshelfError(
                    "server_failed",
                    "The server failed on this request.",
                    "This is a defect of ours: please report it.",
                ),
            )
    raise AssertionError("unreachable: the last attempt returns")


def _in_halves(
    requests: Sequence[Request],
    decide: Callable[[Sequence[Request]], Sequence[Answer]],
    chance: Random,
    until_s: float,
    error: OneshelfError,
) -> list[Answer | OneshelfError]:
    if len(requests) == 1:
        return [error]
    middle = len(requests) // 2
    first = decide_batch(requests[:middle], decide, chance, until_s)
    return first + decide_batch(requests[middle:], decide, chance, until_s)
