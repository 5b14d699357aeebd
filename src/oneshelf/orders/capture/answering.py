"""What a channel hears of its order. Pure."""

from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import NodeId
from oneshelf.orders.answers import Placed, PromisedLine, PromisedParcel, Refused
from oneshelf.orders.canonical import NewOrder
from oneshelf.orders.capture.drafting import Draft, Sale
from oneshelf.orders.capture.writing import NewParcel, NewRows


def placed(new: NewRows) -> Placed:
    """Return the answer to a new order."""
    return Placed(
        number=new.header.order_id,
        order_id=new.header.public_id,
        promised_on=new.header.promised_on,
        parcels=tuple(_parcel(new, parcel) for parcel in new.parcels),
        waiting=_waiting(new),
        reservation=new.kept.reserved if isinstance(new.kept, Draft) else "none",
        total_minor=new.header.amounts.total_minor,
        currency=new.header.order.currency,
    )


def _waiting(new: NewRows) -> tuple[PromisedLine, ...]:
    if isinstance(new.kept, Sale):
        return ()
    return tuple(
        PromisedLine(wait.line_no, new.lines[wait.line_no - 1].line.sku, wait.units)
        for wait in new.kept.waiting
    )


def _parcel(new: NewRows, one: NewParcel) -> PromisedParcel:
    return PromisedParcel(
        node=NodeId(one.parcel.node),
        service=one.parcel.service,
        lines=tuple(
            PromisedLine(line.line_no, new.lines[line.line_no - 1].line.sku, line.units)
            for line in one.parcel.units
        ),
        ready_at=one.parcel.ready_at,
        arrives_on=one.parcel.arrives_on,
        cost_minor=one.cost_minor,
    )


def mismatched(order: NewOrder) -> Refused:
    """Return the refusal of an order whose reservation holds other units."""
    return Refused(
        "reservation_mismatch",
        f"The reservation {order.reservation} holds other units than the order asks for, or where"
        " they cannot serve it.",
    )


def reused(order: NewOrder) -> OneshelfError:
    """Return the refusal of a key that belongs to another order."""
    return OneshelfError(
        "key_reused",
        f"The key {order.key!r} of channel {order.channel!r} came with another body.",
        "Give another order another key; a repeat must be the same to the byte.",
    )
