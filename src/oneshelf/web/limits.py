"""How often one address may knock at a public door. Pure: the time is an argument."""

from collections import OrderedDict
from dataclasses import dataclass

ADDRESSES_MAX = 10_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at_s: float


class RateLimit:
    """So many knocks at once, refilled so many a second, for each address. Bounded memory."""

    def __init__(self, burst: int, per_second: float) -> None:
        """Start with everybody's bucket full."""
        self._burst = burst
        self._per_second = per_second
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def allows(self, address: str, now_s: float) -> bool:
        """Take one token of the address; whether there was one. now_s: any steady clock."""
        bucket = self._buckets.pop(address, None) or _Bucket(self._burst, now_s)
        grown = bucket.tokens + max(0.0, now_s - bucket.filled_at_s) * self._per_second
        bucket.tokens = min(float(self._burst), grown)
        bucket.filled_at_s = now_s
        self._buckets[address] = bucket
        if len(self._buckets) > ADDRESSES_MAX:
            self._buckets.popitem(last=False)
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True
