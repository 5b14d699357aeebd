"""Keys, roles and contact rows: shown once, denied by default, erased for good."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneshelf.base.errors import OneshelfError, ValueRefusedError
from oneshelf.base.identifiers import BrandId, ChannelId, NodeId
from oneshelf.catalog.access import actions
from oneshelf.catalog.access.keys import compose, take_apart
from oneshelf.catalog.access.scopes import (
    ROLES,
    SCOPES,
    SCOPES_OF_ROLE,
    Staff,
    StaffRef,
    allows,
    scopes_of,
)
from oneshelf.catalog.actions import put_brands
from oneshelf.catalog.brands import Brand
from oneshelf.catalog.contacts import actions as contacts
from oneshelf.catalog.contacts.customers import Customer, CustomerKey, CustomerRef

ANN = Customer(BrandId("acme"), CustomerRef("C-1"), "Ann", "ann@example.com", "+44 1")
ANNS_KEY = CustomerKey(ANN.brand, ANN.customer_ref)


@pytest.fixture
def tx(database, now):
    with database.transaction("test", "access") as tx:
        put_brands(tx, [Brand(ANN.brand, "Acme")], now)
        yield tx


def test_a_key_opens_what_it_was_issued_for(tx, now):
    issued = actions.issue_key(tx, "shop", ["promise", "read:stock"], None, now)

    assert actions.find_key(tx, issued.presented) == issued.key
    assert issued.key.scopes == {"promise", "read:stock"}
    assert actions.load_keys(tx) == [issued.key]


def test_a_secret_is_stored_nowhere(tx, now):
    issued = actions.issue_key(tx, "shop", ["promise"], None, now)
    secret = issued.presented.rpartition(issued.key.key_id + "_")[2]
    rows = tx.scalars("SELECT to_json(api_key)::text FROM catalog.api_key")
    rows += tx.scalars("SELECT body::text FROM base.fact")

    assert len(secret) == 43
    assert not any(secret in row or secret in repr(issued.key) for row in rows)


def test_a_wrong_unknown_or_revoked_key_opens_nothing(tx, now):
    issued = actions.issue_key(tx, "shop", ["admin"], None, now)
    other = actions.issue_key(tx, "other", ["promise"], None, now)
    crossed = compose(issued.key.key_id, other.presented[-43:])

    assert actions.find_key(tx, crossed) is None
    assert actions.find_key(tx, compose("0" * 16, issued.presented[-43:])) is None
    assert actions.find_key(tx, issued.presented + "\n") is None
    assert actions.revoke_keys(tx, [issued.key.key_id], now) == {issued.key.key_id}
    assert actions.revoke_keys(tx, [issued.key.key_id], now) == frozenset()
    assert actions.find_key(tx, issued.presented) is None


@given(st.text())
def test_any_text_is_taken_apart_without_an_error(text):
    assert take_apart(text) is None


@pytest.mark.parametrize("scopes", [[], ["everything"], ["promise", "everything"]])
def test_a_key_needs_scopes_from_the_list(tx, now, scopes):
    with pytest.raises(OneshelfError, match="scopes"):
        actions.issue_key(tx, "shop", scopes, None, now)


def test_a_key_speaks_only_for_a_channel_that_exists(tx, now):
    with pytest.raises(ValueRefusedError), tx.savepoint():
        actions.issue_key(tx, "shop", ["promise"], ChannelId("ghost"), now)


def test_nothing_is_allowed_that_was_not_granted():
    for scope in SCOPES:
        assert not allows([], scope)
        assert allows(["admin"], scope)
        assert [other for other in SCOPES if allows({scope} - {"admin"}, other)] == (
            [] if scope == "admin" else [scope]
        )


def test_every_role_has_its_scopes_and_only_admin_is_admin():
    assert set(SCOPES_OF_ROLE) == ROLES
    assert [role for role in ROLES if "admin" in scopes_of([role])] == ["admin"]
    assert scopes_of([]) == frozenset()


def test_colleagues_are_what_was_put(tx, now):
    bob = Staff(StaffRef("7"), "Bob", frozenset({"associate"}), frozenset({NodeId("leeds")}))
    eve = Staff(StaffRef("8"), "Eve", frozenset())

    assert actions.put_staff(tx, [bob, eve], now) == {"7", "8"}
    assert actions.put_staff(tx, [bob, replace(eve, name="Eva")], now) == {"8"}
    assert actions.find_staff(tx, [bob.staff_ref, StaffRef("9")]) == {bob.staff_ref: bob}
    assert [row.name for row in actions.load_staff(tx)] == ["Bob", "Eva"]


def test_customers_are_what_was_put(tx, now):
    assert contacts.put_customers(tx, [ANN], now) == {ANNS_KEY}
    assert contacts.put_customers(tx, [ANN], now) == frozenset()
    assert contacts.put_customers(tx, [replace(ANN, phone="")], now) == {ANNS_KEY}
    assert contacts.find_customers(tx, [ANNS_KEY]) == {ANNS_KEY: replace(ANN, phone="")}
    assert list(contacts.customers_by_page(tx)) == [replace(ANN, phone="")]


def test_an_erased_customer_stays_erased(tx, now):
    contacts.put_customers(tx, [ANN], now)

    assert contacts.erase_customers(tx, [ANNS_KEY, ANNS_KEY], now) == {ANNS_KEY}
    assert contacts.erase_customers(tx, [ANNS_KEY], now) == frozenset()
    assert contacts.put_customers(tx, [ANN], now) == frozenset()
    assert contacts.find_customers(tx, [ANNS_KEY]) == {}
    assert list(contacts.customers_by_page(tx)) == []


def test_facts_carry_no_names_of_people(tx, now):
    contacts.put_customers(tx, [ANN], now)
    actions.put_staff(tx, [Staff(StaffRef("7"), "Bob", frozenset())], now)
    bodies = " ".join(tx.scalars("SELECT body::text FROM base.fact"))

    assert "C-1" in bodies
    assert not any(word in bodies for word in ("Ann", "ann@", "+44", "Bob"))
