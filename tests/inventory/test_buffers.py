"""Rules of keeping units back: the last one that matches wins, and says so."""

from hypothesis import given
from hypothesis import strategies as st

from oneshelf.base.identifiers import ChannelId, NodeId, Sku
from oneshelf.inventory.buffers import (
    BufferPolicy,
    BufferRule,
    explain_safety,
    explain_threshold,
    safety_stock,
    thresholds,
)

CATEGORIES = {Sku("LAMP"): "light", Sku("RUG"): "floor"}
NODES = [NodeId("berlin"), NodeId("paris")]
WEB = ChannelId("web")


def maybe(values):
    return st.none() | st.sampled_from(values)


rules = st.builds(
    BufferRule,
    kind=st.just("safety"),
    units=st.integers(0, 9),
    sku=maybe([*CATEGORIES, Sku("SOFA")]),
    node=maybe([*NODES, NodeId("oslo")]),
    category=maybe(["light", "floor"]),
) | st.builds(
    BufferRule,
    kind=st.just("channel"),
    units=st.integers(0, 9),
    sku=maybe(list(CATEGORIES)),
    category=maybe(["light", "floor"]),
    channel=st.sampled_from([WEB, ChannelId("app")]),
)
policies = st.lists(rules, max_size=6).map(tuple).map(BufferPolicy)


@given(policies)
def test_the_last_matching_rule_wins_and_the_explanation_names_it(policy):
    for sku, category in CATEGORIES.items():
        for node in NODES:
            said = explain_safety(policy, sku, node, category)
            matching = [
                place
                for place, rule in enumerate(policy.rules)
                if rule.kind == "safety"
                and rule.sku in {None, sku}
                and rule.node in {None, node}
                and rule.category in {None, category}
            ]

            assert said.rule == (matching[-1] if matching else None)
            assert said.units == (policy.rules[said.rule].units if matching else 0)


@given(policies)
def test_all_numbers_at_once_are_the_explained_ones(policy):
    at_once = safety_stock(policy, CATEGORIES, NODES)
    hidden = thresholds(policy, CATEGORIES)

    for row, (sku, category) in enumerate(CATEGORIES.items()):
        one_by_one = [explain_safety(policy, sku, node, category).units for node in NODES]
        assert at_once[row].tolist() == one_by_one
        assert hidden.get((WEB, sku), 0) == explain_threshold(policy, WEB, sku, category).units
