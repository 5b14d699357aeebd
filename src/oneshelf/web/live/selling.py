"""What each channel may sell of one SKU now, and what is kept back from it. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from oneshelf.base.identifiers import NodeId
from oneshelf.catalog.nodes import Method
from oneshelf.inventory.buffers import BufferPolicy, explain_safety, explain_threshold
from oneshelf.web.live.reads import Article, Place, ShelfStock, Stream


@dataclass(frozen=True, slots=True)
class Sight:
    """What one channel sees. kept_back: units that stand free and are hidden from it."""

    stream: Stream
    units: int
    kept_back: int
    places: int  # that have any


def see(
    streams: Sequence[Stream],
    article: Article,
    places: Mapping[str, Place],
    shelves: Collection[ShelfStock],
    methods_off: Mapping[str, Sequence[Method]],
    policy: BufferPolicy,
) -> tuple[Sight, ...]:
    """Return what each channel may sell. A till sells what stands in stores, safety stock too."""
    standing = {shelf.node: shelf.free for shelf in shelves if shelf.node in places}
    open_ones = {
        node: units
        for node, units in standing.items()
        if methods_off.get(node, places[node].methods)
    }
    free = {
        node: max(0, units - explain_safety(policy, article.sku, node, article.category).units)
        for node, units in open_ones.items()
    }
    in_stores = {node: units for node, units in standing.items() if places[node].kind == "store"}
    return tuple(
        _sight(stream, in_stores, in_stores, 0)
        if stream.kind == "till"
        else _sight(
            stream,
            free,
            open_ones,
            explain_threshold(policy, stream.channel_id, article.sku, article.category).units,
        )
        for stream in streams
    )


def _sight(
    stream: Stream, free: Mapping[NodeId, int], standing: Mapping[NodeId, int], hidden: int
) -> Sight:
    units = max(0, sum(free.values()) - hidden)
    return Sight(
        stream=stream,
        units=units,
        kept_back=sum(standing.values()) - units,
        places=sum(1 for there in free.values() if there),
    )
