"""`oneshelf torture --at URL`: another shop under the simplest attacks."""

import os

import msgspec

from oneshelf.simulation.torture.attacks import CROWD, Outcome
from oneshelf.web.commands.printing import DONE, NOT_DONE, progress, show, table
from oneshelf.web.torture.others.attacking import attack_shop
from oneshelf.web.torture.others.vendure.shop import VendureShop

PASSWORD = "ONESHELF_TORTURE_PASSWORD"  # noqa: S105 - the name of a variable
OWNER = "superadmin"  # as Vendure's own template names it


class AttackTold(msgspec.Struct, frozen=True):
    """How a shop came out of an attack."""

    name: str
    stock: int
    buyers: int
    orders: int
    refused: int
    failed: int
    oversold: int
    lost: int


def run_attacks(at: str, seed: int, buyers: int, *, json: bool) -> int:
    """Attack, print, and return the exit code: 1 if it oversold or lost an order."""
    shop = VendureShop(at, OWNER, os.environ.get(PASSWORD) or OWNER)
    with progress("buyers", CROWD + buyers, json=json) as bar:
        told = [_told(one) for one in attack_shop(shop, seed, buyers, bar.advance)]
    rows = [msgspec.structs.astuple(one) for one in told]
    names = ("attack", "stock", "buyers", "orders", "refused", "failed", "oversold", "lost")
    show(told, table(f"What {at} did", names, rows), json=json)
    return NOT_DONE if any(one.oversold or one.lost for one in told) else DONE


def _told(one: Outcome) -> AttackTold:
    return AttackTold(
        name=one.attack.name,
        stock=sum(one.attack.stock.values()),
        buyers=len(one.attack.buyers),
        orders=one.orders,
        refused=one.refused,
        failed=one.failed,
        oversold=one.oversold(),
        lost=one.lost(),
    )
