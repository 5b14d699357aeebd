"""Read a policy, and decide its next version."""

from datetime import datetime
from typing import Generic, TypeVar

from oneshelf.base.database import Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.policies import read_policy
from oneshelf.inventory.buffers import BufferPolicy
from oneshelf.matching.policy import SourcingPolicy
from oneshelf.matching.watermarks.crossing import WatermarkPolicy
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Door, Nowhere, Wish, reading, writing
from oneshelf.web.policies.kinds import BUFFERS, SOURCING, WATERMARKS, PolicyKind

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


def policy_doors(policy: PolicyKind[Policy], told: type[PolicyTold[Policy]]) -> tuple[Door, Door]:
    """Make the two doors of one policy."""
    name, kind = policy.name, policy.kind

    def look(tx: Transaction, _: Nowhere) -> PolicyTold[Policy]:
        found, version = read_policy(tx, name, kind, kind())
        return told(name=name, version=version, policy=found)

    def decide(tx: Transaction, wish: Wish[Nowhere, Policy], now: datetime) -> PolicyDecided:
        version = policy.decide(tx, wish.body, now)
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
    *policy_doors(SOURCING, PolicyTold[SourcingPolicy]),
    *policy_doors(BUFFERS, PolicyTold[BufferPolicy]),
    *policy_doors(WATERMARKS, PolicyTold[WatermarkPolicy]),
)
