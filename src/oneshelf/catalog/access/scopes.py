"""What one may be allowed to do, as a closed list. Deny by default. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NewType, get_args

from oneshelf.base.identifiers import NodeId

StaffRef = NewType("StaffRef", str)

Scope = Literal[
    "read:stock",
    "write:stock",
    "read:orders",
    "write:orders",
    "read:catalog",
    "write:catalog",
    "read:metrics",  # how the processes are doing
    "promise",  # ask what could be promised, hold stock for a cart
    "work:outbound",  # pick, pack, hand over
    "admin",  # everything, keys and colleagues included
]
SCOPES: Final[frozenset[Scope]] = frozenset(get_args(Scope))

Role = Literal["associate", "store_manager", "operator", "planner", "auditor", "admin"]
ROLES: Final[frozenset[Role]] = frozenset(get_args(Role))

SCOPES_OF_ROLE: Final[Mapping[Role, frozenset[Scope]]] = {
    "associate": frozenset({"read:stock", "read:catalog", "promise", "work:outbound"}),
    "store_manager": frozenset(
        {"read:stock", "write:stock", "read:orders", "read:catalog", "promise", "work:outbound"}
    ),
    "operator": SCOPES - {"admin", "write:catalog"},
    "planner": frozenset({"read:stock", "read:orders", "read:catalog", "write:catalog"}),
    "auditor": frozenset({"read:stock", "read:orders", "read:catalog"}),
    "admin": SCOPES,
}


@dataclass(frozen=True, slots=True)
class Staff:
    """One colleague. nodes: works only there; empty: everywhere. No roles: may do nothing.

    staff_ref stands in facts and movements, so it is a number or a code, never a name or mail.
    """

    staff_ref: StaffRef
    name: str
    roles: frozenset[Role]
    nodes: frozenset[NodeId] = frozenset()


def scopes_of(roles: Collection[Role]) -> frozenset[Scope]:
    """Return everything these roles together allow."""
    return frozenset(scope for role in roles for scope in SCOPES_OF_ROLE[role])


def allows(granted: Collection[Scope], needed: Scope) -> bool:
    """Say whether what was granted covers what is needed."""
    return needed in granted or "admin" in granted
