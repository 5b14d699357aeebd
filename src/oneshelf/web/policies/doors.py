"""Read a policy, and decide its next version."""

from datetime import datetime
from typing import Generic, TypeVar

from oneshelf.base.database import Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.policies import decide_policy, read_policy
from oneshelf.inventory.buffers import BufferPolicy
from oneshelf.matching.policy import SourcingPolicy
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Door, Nowhere, Wish, reading, writing

Policy = TypeVar("Policy")


class PolicyTold(Shape, Generic[Policy], frozen=True):
    """The version in force; 0 where none was decided yet and the package's own counts."""

    name: str
    version: int
    policy: Policy


class PolicyDecided(Shape, frozen=True):
    """The version that counts from now on."""

    name: str
    version: int


def policy_doors(
    name: str, kind: type[Policy], told: type[PolicyTold[Policy]], otherwise: Policy
) -> tuple[Door, Door]:
    """Make the two doors of one policy."""

    def look(tx: Transaction, _: Nowhere) -> PolicyTold[Policy]:
        policy, version = read_policy(tx, name, kind, otherwise)
        return told(name=name, version=version, policy=policy)

    def decide(tx: Transaction, wish: Wish[Nowhere, Policy], now: datetime) -> PolicyDecided:
        version = decide_policy(tx, name, wish.body, now)
        if wish.version is not None and wish.version != version - 1:
            raise OneshelfError(
                "version_changed",
                f"The policy {name!r} is at version {version - 1}, not {wish.version}.",
                "Read it again, and send yours with the new ETag if it still fits.",
            )
        return PolicyDecided(name=name, version=version)

    path = f"/api/v1/policies/{name}"
    return (
        reading(
            path,
            "read:catalog",
            f"The policy `{name}` in force",
            look,
            Nowhere,
            told,
            version=lambda found: found.version,
        ),
        writing(
            path,
            "write:catalog",
            f"Decide the next version of the policy `{name}`",
            decide,
            Nowhere,
            kind,
            PolicyDecided,
            method="PUT",
            versioned=True,
        ),
    )


DOORS = (
    *policy_doors("sourcing", SourcingPolicy, PolicyTold[SourcingPolicy], SourcingPolicy()),
    *policy_doors("buffers", BufferPolicy, PolicyTold[BufferPolicy], BufferPolicy()),
)
