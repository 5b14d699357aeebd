"""A decision in sentences that a store manager says, from its record alone. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date

from oneshelf.matching.decision_record import ChosenParcel, Record, RecordedPlan
from oneshelf.matching.plan import Refusal, Refused, Rejected

OTHERS_TOLD_MAX = 3
WHO = {"nodes": "places", "services": "services"}
SHORT_TOLD_MAX = 3
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
NUMBERS = (
    "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
)  # fmt: skip
REJECTIONS: dict[Rejected, tuple[str, str]] = {
    "not_chosen_node": ("was not asked", "were not asked"),
    "avoided": ("was tried before", "were tried before"),
    "not_eligible": ("may not serve this order", "may not serve this order"),
    "closed": ("is closed", "are closed"),
    "toggled_off": ("does not do this for these goods", "do not do this for these goods"),
    "no_licence": ("has no licence for these goods", "have no licence for these goods"),
    "wrong_temperature": (
        "cannot keep these goods at their temperature",
        "cannot keep these goods at their temperature",
    ),
    "out_of_stock": ("has none of it", "have none of it"),
    "other_channels": ("keeps it for other channels", "keep it for other channels"),
    "too_far": ("is too far away", "are too far away"),
    "no_service": ("has no carrier to there", "have no carrier to there"),
    "hazard_refused": (
        "has no carrier that takes these goods",
        "have no carrier that takes these goods",
    ),
    "temperature_refused": (
        "has no carrier that keeps these goods at their temperature",
        "have no carrier that keeps these goods at their temperature",
    ),
    "too_heavy": (
        "has no carrier for something so heavy",
        "have no carrier for something so heavy",
    ),
    "no_capacity": ("has no room for another parcel", "have no room for another parcel"),
    "too_late": ("would be too late", "would be too late"),
}
BARS: dict[Rejected, tuple[str, str]] = {
    "toggled_off": ("does not do this for", "do not do this for"),
    "no_licence": ("has no licence for", "have no licence for"),
    "wrong_temperature": ("cannot keep the temperature of", "cannot keep the temperature of"),
    "hazard_refused": ("has no carrier that takes", "have no carrier that takes"),
    "temperature_refused": (
        "has no carrier that keeps the temperature of",
        "have no carrier that keeps the temperature of",
    ),
}
SERVICE_BARS: dict[Rejected, tuple[str, str]] = {
    "hazard_refused": ("does not take", "do not take"),
    "temperature_refused": ("does not keep the temperature of", "do not keep the temperature of"),
}
REFUSALS: dict[Refused, str] = {
    "unknown_sku": "One of these goods is not in the catalog.",
    "unknown_node": "The place that was named is not in the catalog.",
    "not_served_country": "No carrier delivers to that country.",
    "out_of_stock": "There is not enough of it for sale.",
    "not_eligible": "No place with the goods may serve this order.",
    "closed": "Every place with the goods is closed.",
    "toggled_off": "The places with the goods do not do this for them.",
    "no_licence": "The places with the goods have no licence for them.",
    "wrong_temperature": "The places with the goods cannot keep them at their temperature.",
    "too_far": "Every place with the goods is too far away.",
    "no_service": "No carrier goes there from the places with the goods.",
    "hazard_refused": "No carrier takes these goods there.",
    "temperature_refused": "No carrier keeps these goods at their temperature on the way there.",
    "too_heavy": "No carrier takes something so heavy there.",
    "no_capacity": "No place with the goods has room for another parcel.",
    "too_late": "It would arrive after the wanted day.",
    "needs_more_parcels": "The goods are there, but only in more parcels than one order may have.",
}


def explain_refusal(refusal: Refusal) -> tuple[str, ...]:
    """Return why not, and what is missing, a sentence each."""
    missing = (f"{_units(rest.units)} of line {rest.line_no} missing." for rest in refusal.missing)
    return (REFUSALS[refusal.reason], *missing)


def explain(kept: Record) -> tuple[str, ...]:
    """Return what was decided, then why not otherwise, a sentence each."""
    return (
        *_decision(kept),
        *_alternatives(kept),
        *_short(kept),
        *_bars(kept),
        *_rejections(kept),
        _ground(kept),
    )


def money(millis: int, currency: str) -> str:
    """Return an amount with two decimals, half a minor unit rounded away from zero."""
    minor = (abs(millis) + 500) // 1000
    sign = "-" if millis < 0 and minor else ""
    return f"{sign}{minor // 100}.{minor % 100:02} {currency}".rstrip()


def spoken(on: date) -> str:
    """Return a date as people say it."""
    return f"{DAYS[on.weekday()]} {on.day} {MONTHS[on.month - 1]}"


def _decision(kept: Record) -> Iterator[str]:
    for parcel in kept.parcels:
        name = _name(kept, parcel.site)
        cost = money(parcel.cost.millis(), kept.currency)
        arrives_on = spoken(kept.day(kept.offer_arrives_in[parcel.offer]))
        what = _what(kept, parcel)
        if _service(kept, parcel.offer):
            yield f"{name} ships {what} in one parcel for {cost}. It arrives on {arrives_on}."
        else:
            yield f"{name} has {what} ready on {arrives_on} at {parcel.ready}, for {cost}."
        note = kept.notes.get(parcel.offer)
        if note:
            yield f"{name} {note}."
    if len(kept.parcels) > 1:
        last = max(kept.offer_arrives_in[parcel.offer] for parcel in kept.parcels)
        number = _number(len(kept.parcels))
        yield (
            f"The {number} parcels cost {money(kept.cost_millis, kept.currency)} together;"
            f" everything has arrived on {spoken(kept.day(last))}."
        )
    for rest in kept.unserved:
        verbs = "stands nowhere and waits" if rest.units == 1 else "stand nowhere and wait"
        yield f"{_units(rest.units)} of line {rest.line_no} {verbs}."


def _what(kept: Record, parcel: ChosenParcel) -> str:
    lines = [
        (line, units) for line, units in zip(kept.request.lines, parcel.units, strict=True) if units
    ]
    if len(kept.parcels) == 1 and not kept.unserved:
        count = len(lines)
        return {1: "the line", 2: "both lines"}.get(count, f"all {_number(count)} lines")
    return _listed(
        [
            f"line {line.line_no}"
            if units == line.units
            else f"{_number(units)} of {_number(line.units)} units of line {line.line_no}"
            for line, units in lines
        ]
    )


def _alternatives(kept: Record) -> Iterator[str]:
    """Tell the cheapest other plans, one for each set of places."""
    told = {tuple(sorted(_name(kept, parcel.site) for parcel in kept.parcels))}
    same_places = True
    for other in kept.others:
        names = tuple(sorted(_name(kept, site) for site, _, _ in other.parcels))
        if names in told:
            if same_places and len(names) == 1:
                yield from _other_service(kept, other)
                same_places = False
            continue
        if len(told) > OTHERS_TOLD_MAX:
            return
        told.add(names)
        yield _alternative(kept, other, names)


def _alternative(kept: Record, other: RecordedPlan, names: Sequence[str]) -> str:
    notes = [kept.notes.get(offer, "") for _, offer, _ in other.parcels]
    more = _more(kept, other)
    arrives = _later(kept, other)
    if len(names) == 1:
        reason = f"{names[0]} {notes[0]}; it would" if notes[0] else f"{names[0]} would"
        return f"{reason} {more}{arrives}."
    places = list(dict.fromkeys(names))
    if len(places) == 1:
        return f"{_number(len(names)).title()} parcels from {places[0]} would {more}{arrives}."
    return f"{_listed(places)} together would {more}{arrives}."


def _other_service(kept: Record, other: RecordedPlan) -> Iterator[str]:
    site, offer, _ = other.parcels[0]
    service = _service(kept, offer)
    if service and all(parcel.offer != offer for parcel in kept.parcels):
        yield f"{service} from {_name(kept, site)} would {_more(kept, other)}{_later(kept, other)}."


def _more(kept: Record, other: RecordedPlan) -> str:
    more = money(other.cost_millis - kept.cost_millis, kept.currency)
    if more.startswith("-"):
        return f"cost {more[1:]} less"
    return "cost the same" if more.startswith("0.00") else f"cost {more} more"


def _later(kept: Record, other: RecordedPlan) -> str:
    last = max(kept.offer_arrives_in[offer] for _, offer, _ in other.parcels)
    ours = max(kept.offer_arrives_in[parcel.offer] for parcel in kept.parcels)
    return "" if last == ours else f" and arrive on {spoken(kept.day(last))}"


def _short(kept: Record) -> Iterator[str]:
    """Tell who has only part of it, most first."""
    wanted = [line.units for line in kept.request.lines]
    lines, components = len(wanted), len(kept.skus)
    stock, uses = kept.problem["site_stock"], kept.problem["uses"]
    sends = kept.problem.get("site_sends", [1] * len(kept.problem["site_node"]) * lines)
    sent = {parcel.site for parcel in kept.parcels}
    told = {kept.problem["site_node"][site] for site in sent}
    most: dict[int, int] = {}
    for site, node in enumerate(kept.problem["site_node"]):
        left = stock[site * components : (site + 1) * components]
        served = 0
        for line in range(lines):
            needs = uses[line * components : (line + 1) * components]
            units = min(
                [left[at] // need for at, need in enumerate(needs) if need]
                + [wanted[line] * sends[site * lines + line]]
            )
            left = [have - units * need for have, need in zip(left, needs, strict=True)]
            served += units
        most[node] = max(most.get(node, 0), served)
    short = sorted(
        (-units, node) for node, units in most.items() if units < sum(wanted) and node not in told
    )
    for units, node in short[:SHORT_TOLD_MAX]:
        yield f"{kept.names[node]} has {_number(-units)} of {_number(sum(wanted))}."
    if len(short) > SHORT_TOLD_MAX:
        yield f"{_others(len(short) - SHORT_TOLD_MAX)} only part of it."


def _bars(kept: Record) -> Iterator[str]:
    """Tell who has to do with the order but not with one of its lines."""
    for bar in kept.barred:
        one, several = (SERVICE_BARS if bar.of == "services" else BARS)[bar.reason]
        verb = one if bar.count == 1 else several
        who = _listed(bar.names) if bar.count <= len(bar.names) else f"{bar.count} {WHO[bar.of]}"
        yield f"{who} {verb} line {bar.line_no}."


def _rejections(kept: Record) -> Iterator[str]:
    for rejection in kept.rejections:
        one, several = REJECTIONS[rejection.reason]
        if rejection.nodes <= len(rejection.names):
            verb = one if rejection.nodes == 1 else several
            yield f"{_listed(rejection.names)} {verb}."
        else:
            yield f"{rejection.nodes} places {several}."


def _ground(kept: Record) -> str:
    request = kept.request
    wish = {
        "cheapest": "",
        "earliest": " for the earliest arrival",
        "fewest_parcels": " for the fewest parcels",
    }[request.preference]
    proof = (
        "no cheaper plan exists"
        if kept.proof == "optimal"
        else f"a better plan could save"
        f" {money(kept.cost_millis - kept.bound_millis, kept.currency)} at most"
    )
    return (
        f"Decided{wish} on {spoken(kept.day(0))} at {request.now:%H:%M} {request.now:%Z}"
        f" under sourcing policy {kept.policy_version}; {proof}."
    )


def _name(kept: Record, site: int) -> str:
    return kept.names[kept.problem["site_node"][site]]


def _service(kept: Record, offer: int) -> str:
    number = kept.offer_service[offer]
    return kept.service_names[number] if number >= 0 else ""


def _others(count: int) -> str:
    return "One other place has" if count == 1 else f"{count} other places have"


def _units(count: int) -> str:
    return "One unit" if count == 1 else f"{_number(count).title()} units"


def _number(count: int) -> str:
    return NUMBERS[count] if 0 <= count < len(NUMBERS) else f"{count:,}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
