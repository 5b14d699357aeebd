"""Money stays whole: shares add up, currencies never mix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneshelf.base.money import Money, share

amounts = st.integers(-(10**12), 10**12)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=20)


@given(amounts, weights)
def test_shares_add_up_to_exactly_the_amount(minor, parts):
    assert sum(share(minor, parts)) == minor


@given(amounts, weights)
def test_a_share_is_less_than_one_minor_unit_from_its_exact_part(minor, parts):
    whole = sum(parts)
    exact = [part / whole if whole else 1 / len(parts) for part in parts]

    for got, part in zip(share(minor, parts), exact, strict=True):
        assert abs(got - minor * part) < 1.001


@given(amounts, weights)
def test_equal_weights_never_differ_by_more_than_one_and_earlier_ones_get_more(minor, parts):
    shares = share(minor, [1] * len(parts))

    assert shares == sorted(shares, reverse=True)
    assert shares[0] - shares[-1] <= 1


@pytest.mark.parametrize("parts", [[], [1, -1]])
def test_an_amount_is_shared_by_weights_from_zero(parts):
    with pytest.raises(ValueError, match=r"share|weight"):
        share(100, parts)


def test_money_adds_subtracts_and_multiplies_within_a_currency():
    price = Money(250, "EUR")

    assert price + Money(50, "EUR") == Money(300, "EUR")
    assert price - Money(50, "EUR") == Money(200, "EUR")
    assert price.times(3) == Money(750, "EUR")


@pytest.mark.parametrize("change", [Money.__add__, Money.__sub__])
def test_currencies_never_mix(change):
    with pytest.raises(ValueError, match="EUR and USD"):
        change(Money(1, "EUR"), Money(1, "USD"))


@pytest.mark.parametrize("code", ["eur", "EURO", "", "EU\n", "ÄÖÜ"])
def test_a_currency_is_three_capital_letters(code):
    with pytest.raises(ValueError, match="three capital letters"):
        Money(1, code)
