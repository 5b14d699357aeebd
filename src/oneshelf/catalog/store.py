"""Read and write the catalog's tables. Rows travel as JSON, whose names are the columns' names.

Each `put` writes in key order, so that two imports never wait for each other, touches only rows
that differ, and returns the keys of those.
"""

from collections.abc import Sequence

import msgspec

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import Sku
from oneshelf.catalog.brands import Brand
from oneshelf.catalog.channels import Channel
from oneshelf.catalog.nodes import Node, Toggle
from oneshelf.catalog.opening_hours import NamedCalendar
from oneshelf.catalog.products import Product


def _json(rows: Sequence[object]) -> str:
    """Encode rows; sets in order, so that equal rows are equal text."""
    return msgspec.json.encode(rows, order="deterministic").decode()


def put_brands(tx: Transaction, brands: Sequence[Brand]) -> list[str]:
    """Write brands."""
    return tx.scalars(
        """
        INSERT INTO catalog.brand AS old
        SELECT * FROM json_populate_recordset(NULL::catalog.brand, %(rows)s::json)
         ORDER BY brand_id
            ON CONFLICT (brand_id) DO UPDATE SET name = EXCLUDED.name
         WHERE ROW(old.*) IS DISTINCT FROM ROW(EXCLUDED.*)
        RETURNING brand_id
        """,
        rows=_json(brands),
    )


def load_brands(tx: Transaction) -> list[Brand]:
    """Load every brand, in key order."""
    rows = tx.scalars("SELECT to_json(brand)::text FROM catalog.brand ORDER BY brand_id")
    return [msgspec.json.decode(row, type=Brand) for row in rows]


def drop_changed_parts(tx: Transaction, products: Sequence[Product]) -> list[str]:
    """Delete, in key order, the parts that these products have no more; return their kits."""
    return tx.scalars(
        """
        WITH stands AS (
            SELECT kit_sku, place, part_sku, units
              FROM catalog.kit_part
             WHERE kit_sku = ANY(%(skus)s::text[])
             ORDER BY kit_sku, place
               FOR UPDATE
        ), given AS (
            SELECT kit.sku, part.place, part.body->>'sku' AS part_sku,
                   (part.body->>'units')::bigint AS units
              FROM json_to_recordset(%(rows)s::json) AS kit (sku text, parts json),
                   json_array_elements(kit.parts) WITH ORDINALITY AS part (body, place)
        ), gone AS (
            SELECT kit_sku, place, part_sku, units FROM stands EXCEPT SELECT * FROM given
        )
        DELETE FROM catalog.kit_part USING gone
         WHERE kit_part.kit_sku = gone.kit_sku AND kit_part.place = gone.place
        RETURNING kit_part.kit_sku
        """,
        skus=[product.sku for product in products],
        rows=_json([product for product in products if product.parts]),
    )


def put_products(tx: Transaction, products: Sequence[Product]) -> list[str]:
    """Write products without their parts; changed parts are dropped before."""
    return tx.scalars(
        """
        INSERT INTO catalog.product AS old
               (sku, name, brand, category, gtin, weight_g, length_mm, width_mm, height_mm, hazard,
                price_minor, currency, launches_on, is_kit, licences, temperature)
        SELECT sku, name, brand, category, gtin, weight_g, length_mm, width_mm, height_mm, hazard,
               price_minor, currency, launches_on, json_array_length(parts) > 0,
               licences, temperature
          FROM json_to_recordset(%(rows)s::json) AS given
               (sku text, name text, brand text, category text, gtin text, weight_g bigint,
                length_mm bigint, width_mm bigint, height_mm bigint, hazard text,
                price_minor bigint, currency text, launches_on date, parts json,
                licences text[], temperature text)
         ORDER BY sku
            ON CONFLICT (sku) DO UPDATE
           SET (name, brand, category, gtin, weight_g, length_mm, width_mm, height_mm, hazard,
                price_minor, currency, launches_on, is_kit, licences, temperature)
             = ROW (EXCLUDED.name, EXCLUDED.brand, EXCLUDED.category, EXCLUDED.gtin,
                    EXCLUDED.weight_g, EXCLUDED.length_mm, EXCLUDED.width_mm, EXCLUDED.height_mm,
                    EXCLUDED.hazard, EXCLUDED.price_minor, EXCLUDED.currency, EXCLUDED.launches_on,
                    EXCLUDED.is_kit, EXCLUDED.licences, EXCLUDED.temperature)
         WHERE ROW(old.*) IS DISTINCT FROM ROW(EXCLUDED.*)
        RETURNING sku
        """,
        rows=_json(products),
    )


def add_parts(tx: Transaction, kits: Sequence[Product]) -> list[str]:
    """Write the parts that do not stand yet; return their kits."""
    return tx.scalars(
        """
        INSERT INTO catalog.kit_part (kit_sku, place, part_sku, units)
        SELECT kit.sku, part.place, part.body->>'sku', (part.body->>'units')::bigint
          FROM json_to_recordset(%(rows)s::json) AS kit (sku text, parts json),
               json_array_elements(kit.parts) WITH ORDINALITY AS part (body, place)
         ORDER BY kit.sku, part.place
            ON CONFLICT (kit_sku, place) DO NOTHING
        RETURNING kit_sku
        """,
        rows=_json(kits),
    )


def load_products(tx: Transaction, after: str, rows_max: int) -> list[Product]:
    """Load a page of products in key order, those after a key."""
    rows = tx.scalars(
        """
        SELECT to_json(whole_product)::text
          FROM catalog.whole_product
         WHERE sku > %(after)s::text
         ORDER BY sku
         LIMIT %(rows_max)s
        """,
        after=after,
        rows_max=rows_max,
    )
    return [msgspec.json.decode(row, type=Product) for row in rows]


def find_products(tx: Transaction, skus: Sequence[Sku]) -> list[Product]:
    """Find products; the unknown are missing."""
    rows = tx.scalars(
        """
        SELECT to_json(whole_product)::text
          FROM catalog.whole_product
         WHERE sku = ANY(%(skus)s::text[])
        """,
        skus=list(skus),
    )
    return [msgspec.json.decode(row, type=Product) for row in rows]


def find_gtins(tx: Transaction, gtins: Sequence[str]) -> list[Product]:
    """Find the products with these barcodes, in key order; a barcode may have several."""
    rows = tx.scalars(
        """
        SELECT to_json(whole_product)::text
          FROM catalog.whole_product
         WHERE gtin = ANY(%(gtins)s::text[])
         ORDER BY sku
        """,
        gtins=list(gtins),
    )
    return [msgspec.json.decode(row, type=Product) for row in rows]


def put_calendars(tx: Transaction, calendars: Sequence[NamedCalendar]) -> list[str]:
    """Write calendars without their openings and closed days."""
    return tx.scalars(
        """
        INSERT INTO catalog.calendar AS old (calendar_id, time_zone)
        SELECT calendar_id, calendar->>'time_zone'
          FROM json_to_recordset(%(rows)s::json) AS given (calendar_id text, calendar json)
         ORDER BY calendar_id
            ON CONFLICT (calendar_id) DO UPDATE SET time_zone = EXCLUDED.time_zone
         WHERE old.time_zone <> EXCLUDED.time_zone
        RETURNING calendar_id
        """,
        rows=_json(calendars),
    )


def put_openings(tx: Transaction, calendars: Sequence[NamedCalendar]) -> list[str]:
    """Make the openings of these calendars exactly these; return the calendars that changed."""
    return tx.scalars(
        """
        WITH wanted AS (
            SELECT calendar_id, opening.*
              FROM json_to_recordset(%(rows)s::json) AS given (calendar_id text, calendar json),
                   json_to_recordset(calendar->'openings') AS opening
                   (weekday smallint, opens time, closes time)
        ), gone AS (
            DELETE FROM catalog.opening
             WHERE calendar_id = ANY(%(ids)s::text[])
               AND (calendar_id, weekday, opens) NOT IN
                   (SELECT calendar_id, weekday, opens FROM wanted)
            RETURNING calendar_id
        ), come AS (
            INSERT INTO catalog.opening AS old (calendar_id, weekday, opens, closes)
            SELECT * FROM wanted ORDER BY calendar_id, weekday, opens
                ON CONFLICT (calendar_id, weekday, opens) DO UPDATE SET closes = EXCLUDED.closes
             WHERE old.closes <> EXCLUDED.closes
            RETURNING calendar_id
        )
        SELECT calendar_id FROM gone UNION SELECT calendar_id FROM come
        """,
        ids=[calendar.calendar_id for calendar in calendars],
        rows=_json(calendars),
    )


def put_closed_days(tx: Transaction, calendars: Sequence[NamedCalendar]) -> list[str]:
    """Make the closed days of these calendars exactly these; return the calendars that changed."""
    return tx.scalars(
        """
        WITH wanted AS (
            SELECT calendar_id, closed_on::date
              FROM json_to_recordset(%(rows)s::json) AS given (calendar_id text, calendar json),
                   json_array_elements_text(calendar->'closed_on') AS closed_on
        ), gone AS (
            DELETE FROM catalog.closed_day
             WHERE calendar_id = ANY(%(ids)s::text[])
               AND (calendar_id, closed_on) NOT IN (SELECT calendar_id, closed_on FROM wanted)
            RETURNING calendar_id
        ), come AS (
            INSERT INTO catalog.closed_day (calendar_id, closed_on)
            SELECT * FROM wanted ORDER BY calendar_id, closed_on
                ON CONFLICT DO NOTHING
            RETURNING calendar_id
        )
        SELECT calendar_id FROM gone UNION SELECT calendar_id FROM come
        """,
        ids=[calendar.calendar_id for calendar in calendars],
        rows=_json(calendars),
    )


def load_calendars(tx: Transaction) -> list[NamedCalendar]:
    """Load every calendar, in key order."""
    rows = tx.scalars(
        "SELECT to_json(whole_calendar)::text FROM catalog.whole_calendar ORDER BY calendar_id"
    )
    return [msgspec.json.decode(row, type=NamedCalendar) for row in rows]


def put_nodes(tx: Transaction, nodes: Sequence[Node]) -> list[str]:
    """Write nodes; their calendars stand already."""
    return tx.scalars(
        """
        INSERT INTO catalog.node AS old
        SELECT * FROM json_populate_recordset(NULL::catalog.node, %(rows)s::json)
         ORDER BY node_id
            ON CONFLICT (node_id) DO UPDATE
           SET (name, kind, street, city, postcode, country, latitude, longitude, calendar_id,
                cut_off, handling_minutes, parcels_per_day_max, methods, parcel_cost_minor,
                unit_cost_minor, licences, temperatures)
             = ROW (EXCLUDED.name, EXCLUDED.kind, EXCLUDED.street, EXCLUDED.city,
                    EXCLUDED.postcode, EXCLUDED.country, EXCLUDED.latitude, EXCLUDED.longitude,
                    EXCLUDED.calendar_id, EXCLUDED.cut_off, EXCLUDED.handling_minutes,
                    EXCLUDED.parcels_per_day_max, EXCLUDED.methods, EXCLUDED.parcel_cost_minor,
                    EXCLUDED.unit_cost_minor, EXCLUDED.licences, EXCLUDED.temperatures)
         WHERE ROW(old.*) IS DISTINCT FROM ROW(EXCLUDED.*)
        RETURNING node_id
        """,
        rows=_json(nodes),
    )


def load_nodes(tx: Transaction) -> list[Node]:
    """Load every node with its calendar, in key order."""
    rows = tx.scalars(
        """
        SELECT to_json(found)::text
          FROM (SELECT node.*, calendar
                  FROM catalog.node JOIN catalog.whole_calendar USING (calendar_id)) AS found
         ORDER BY node_id
        """
    )
    return [msgspec.json.decode(row, type=Node) for row in rows]


def put_toggles(tx: Transaction, toggles: Sequence[Toggle]) -> list[str]:
    """Write toggles that take something away; return keys as `node|sku`."""
    return tx.scalars(
        """
        INSERT INTO catalog.toggle AS old
        SELECT * FROM json_populate_recordset(NULL::catalog.toggle, %(rows)s::json)
         ORDER BY node_id, sku
            ON CONFLICT (node_id, sku) DO UPDATE SET methods = EXCLUDED.methods
         WHERE old.methods <> EXCLUDED.methods
        RETURNING node_id || '|' || sku
        """,
        rows=_json(toggles),
    )


def drop_toggles(tx: Transaction, toggles: Sequence[Toggle]) -> list[str]:
    """Delete toggles; return the keys of those that stood, as `node|sku`."""
    return tx.scalars(
        """
        DELETE FROM catalog.toggle
         WHERE (node_id, sku) IN (SELECT * FROM unnest(%(nodes)s::text[], %(skus)s::text[]))
        RETURNING node_id || '|' || sku
        """,
        nodes=[toggle.node_id for toggle in toggles],
        skus=[toggle.sku for toggle in toggles],
    )


def load_toggles(tx: Transaction, after: tuple[str, str], rows_max: int) -> list[Toggle]:
    """Load a page of toggles in key order, those after a (node, SKU)."""
    rows = tx.scalars(
        """
        SELECT to_json(toggle)::text
          FROM catalog.toggle
         WHERE (node_id, sku) > (%(node)s::text, %(sku)s::text)
         ORDER BY node_id, sku
         LIMIT %(rows_max)s
        """,
        node=after[0],
        sku=after[1],
        rows_max=rows_max,
    )
    return [msgspec.json.decode(row, type=Toggle) for row in rows]


def find_toggles(tx: Transaction, skus: Sequence[Sku]) -> list[Toggle]:
    """Find every node's toggles of these products."""
    rows = tx.scalars(
        "SELECT to_json(toggle)::text FROM catalog.toggle WHERE sku = ANY(%(skus)s::text[])",
        skus=list(skus),
    )
    return [msgspec.json.decode(row, type=Toggle) for row in rows]


def put_channels(tx: Transaction, channels: Sequence[Channel]) -> list[str]:
    """Write channels."""
    return tx.scalars(
        """
        INSERT INTO catalog.channel AS old
        SELECT * FROM json_populate_recordset(NULL::catalog.channel, %(rows)s::json)
         ORDER BY channel_id
            ON CONFLICT (channel_id) DO UPDATE
           SET (name, kind, brand, standing, currency, grace_minutes)
             = ROW (EXCLUDED.name, EXCLUDED.kind, EXCLUDED.brand, EXCLUDED.standing,
                    EXCLUDED.currency, EXCLUDED.grace_minutes)
         WHERE ROW(old.*) IS DISTINCT FROM ROW(EXCLUDED.*)
        RETURNING channel_id
        """,
        rows=_json(channels),
    )


def load_channels(tx: Transaction) -> list[Channel]:
    """Load every channel, in key order."""
    rows = tx.scalars("SELECT to_json(channel)::text FROM catalog.channel ORDER BY channel_id")
    return [msgspec.json.decode(row, type=Channel) for row in rows]
