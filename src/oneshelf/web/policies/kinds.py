"""Every policy there is, and the action that decides its next version."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from oneshelf.base.database import Transaction
from oneshelf.base.policies import decide_policy
from oneshelf.inventory.buffers import BufferPolicy
from oneshelf.inventory.claims.actions import decide_buffers
from oneshelf.matching.policy import SourcingPolicy
from oneshelf.matching.watermarks.crossing import WatermarkPolicy

Policy = TypeVar("Policy")
PolicyName = Literal["sourcing", "buffers", "watermarks"]


@dataclass(frozen=True, slots=True)
class PolicyKind(Generic[Policy]):
    """One policy. decide: writes its next version and does what that causes; returns its number."""

    name: PolicyName
    kind: type[Policy]
    decide: Callable[[Transaction, Policy, datetime], int]


def _written(name: PolicyName) -> Callable[[Transaction, object, datetime], int]:
    def decide(tx: Transaction, policy: object, now: datetime) -> int:
        return decide_policy(tx, name, policy, now)

    return decide


SOURCING = PolicyKind("sourcing", SourcingPolicy, _written("sourcing"))
BUFFERS = PolicyKind("buffers", BufferPolicy, decide_buffers)
WATERMARKS = PolicyKind("watermarks", WatermarkPolicy, _written("watermarks"))
