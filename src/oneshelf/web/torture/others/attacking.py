"""Attack any shop that a small adapter can speak to, and count what it told and what stands."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, Protocol

from oneshelf.base.errors import OneshelfError
from oneshelf.simulation.torture.attacks import Attack, Outcome, Wish, last_unit, scarce, summed

AT_ONCE = 50
SKUS = 5

Answer = Literal["bought", "refused", "failed"]


class Shop(Protocol):
    """What an adapter does. Everything but `open` may be called from many threads."""

    def open(self, skus: int) -> list[str]:
        """Connect; return so many SKUs that can be sold."""

    def put_stock(self, stock: dict[str, int]) -> None:
        """Let exactly so many units stand there, with nothing held back."""

    def buy(self, wish: Wish) -> Answer:
        """Go through the whole checkout as one fresh buyer; `bought` only if it was told so."""

    def count_sold(self) -> dict[str, int]:
        """Return units by SKU in orders that are paid for."""


def attack_shop(shop: Shop, seed: int, buyers: int, tell: Callable[[int], None]) -> list[Outcome]:
    """Run every attack. tell: called with each buyer that is through."""
    skus = shop.open(SKUS)
    if not skus:
        raise OneshelfError(
            "not_found", "The shop sells nothing.", "Load its demonstration catalog first."
        )
    return [_attack(shop, one, tell) for one in (last_unit(skus[0]), scarce(seed, skus, buyers))]


def _attack(shop: Shop, attack: Attack, tell: Callable[[int], None]) -> Outcome:
    shop.put_stock(dict(attack.stock))
    before = shop.count_sold()

    def buy(wish: Wish) -> Answer:
        answer = shop.buy(wish)
        tell(1)
        return answer

    with ThreadPoolExecutor(AT_ONCE) as crowd:
        answers = list(crowd.map(buy, attack.buyers))
    bought = [w for w, answer in zip(attack.buyers, answers, strict=True) if answer == "bought"]
    after = shop.count_sold()
    return Outcome(
        attack,
        orders=len(bought),
        refused=answers.count("refused"),
        failed=answers.count("failed"),
        acknowledged=summed(bought),
        standing={sku: units - before.get(sku, 0) for sku, units in after.items()},
    )
