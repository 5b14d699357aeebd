"""What a channel hears of an order that was written. Pure."""

from oneshelf.base.identifiers import NodeId
from oneshelf.orders.answers import Placed, PromisedLine, PromisedParcel
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
        reservation=new.kept.reservation() if isinstance(new.kept, Draft) else "none",
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
