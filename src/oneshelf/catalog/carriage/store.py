"""Read and write carriers, services and zones. The manner is that of catalog.store."""

from collections.abc import Sequence

import msgspec

from oneshelf.base.database import Transaction
from oneshelf.catalog.carriers import Carrier, Service, ServiceZone


def _json(rows: Sequence[object]) -> str:
    """Encode rows; sets in order, so that equal rows are equal text."""
    return msgspec.json.encode(rows, order="deterministic").decode()


def put_carriers(tx: Transaction, carriers: Sequence[Carrier]) -> list[str]:
    """Write carriers."""
    return tx.scalars(
        """
        INSERT INTO catalog.carrier AS old
        SELECT * FROM json_populate_recordset(NULL::catalog.carrier, %(rows)s::json)
         ORDER BY carrier_id
            ON CONFLICT (carrier_id) DO UPDATE SET name = EXCLUDED.name
         WHERE ROW(old.*) IS DISTINCT FROM ROW(EXCLUDED.*)
        RETURNING carrier_id
        """,
        rows=_json(carriers),
    )


def load_carriers(tx: Transaction) -> list[Carrier]:
    """Load every carrier, in key order."""
    rows = tx.scalars("SELECT to_json(carrier)::text FROM catalog.carrier ORDER BY carrier_id")
    return [msgspec.json.decode(row, type=Carrier) for row in rows]


def put_services(tx: Transaction, services: Sequence[Service]) -> list[str]:
    """Write services without their zones; their calendars stand already."""
    return tx.scalars(
        """
        INSERT INTO catalog.service AS old
        SELECT * FROM json_populate_recordset(NULL::catalog.service, %(rows)s::json)
         ORDER BY service_id
            ON CONFLICT (service_id) DO UPDATE
           SET (carrier_id, name, collects_id, collected_at, delivers_id,
                dimensional_divisor_mm3_per_g, weight_g_max, refuses, countries,
                emission_gco2e_per_tonne_km, temperatures)
             = ROW (EXCLUDED.carrier_id, EXCLUDED.name, EXCLUDED.collects_id,
                    EXCLUDED.collected_at, EXCLUDED.delivers_id,
                    EXCLUDED.dimensional_divisor_mm3_per_g, EXCLUDED.weight_g_max,
                    EXCLUDED.refuses, EXCLUDED.countries, EXCLUDED.emission_gco2e_per_tonne_km,
                    EXCLUDED.temperatures)
         WHERE ROW(old.*) IS DISTINCT FROM ROW(EXCLUDED.*)
        RETURNING service_id
        """,
        rows=_json(services),
    )


def put_zones(tx: Transaction, zones: Sequence[ServiceZone]) -> list[tuple[str, int]]:
    """Write zones; return the (service, place) of those that changed."""
    return tx.tuples(
        """
        INSERT INTO catalog.zone AS old
        SELECT service_id, place, zone.*
          FROM json_to_recordset(%(rows)s::json)
               AS given (service_id text, place bigint, zone json),
               json_to_record(given.zone) AS zone
               (name text, distance_km_max bigint, postcode_prefixes text[], transit_days bigint,
                base_minor bigint, base_weight_g bigint, step_minor bigint, step_weight_g bigint)
         ORDER BY service_id, place
            ON CONFLICT (service_id, place) DO UPDATE
           SET (name, distance_km_max, postcode_prefixes, transit_days, base_minor, base_weight_g,
                step_minor, step_weight_g)
             = ROW (EXCLUDED.name, EXCLUDED.distance_km_max, EXCLUDED.postcode_prefixes,
                    EXCLUDED.transit_days, EXCLUDED.base_minor, EXCLUDED.base_weight_g,
                    EXCLUDED.step_minor, EXCLUDED.step_weight_g)
         WHERE ROW(old.*) IS DISTINCT FROM ROW(EXCLUDED.*)
        RETURNING service_id, place
        """,
        rows=_json(zones),
    )


def drop_zones_after(
    tx: Transaction, services: Sequence[str], places: Sequence[int]
) -> list[tuple[str, int]]:
    """Delete the zones of each service behind its last place; return their keys."""
    return tx.tuples(
        """
        DELETE FROM catalog.zone
         USING unnest(%(services)s::text[], %(places)s::bigint[]) AS last (service_id, place)
         WHERE zone.service_id = last.service_id AND zone.place > last.place
        RETURNING zone.service_id, zone.place
        """,
        services=list(services),
        places=list(places),
    )


def load_services(tx: Transaction) -> list[Service]:
    """Load every service with its zones and calendars, in key order."""
    rows = tx.scalars(
        """
        SELECT to_json(found)::text
          FROM (SELECT service.*, collects.calendar AS collects, delivers.calendar AS delivers,
                       (SELECT coalesce(json_agg(to_json(zone) ORDER BY place), '[]')
                          FROM catalog.zone WHERE zone.service_id = service.service_id) AS zones
                  FROM catalog.service
                  JOIN catalog.whole_calendar AS collects
                    ON collects.calendar_id = service.collects_id
                  JOIN catalog.whole_calendar AS delivers
                    ON delivers.calendar_id = service.delivers_id) AS found
         ORDER BY service_id
        """
    )
    return [msgspec.json.decode(row, type=Service) for row in rows]
