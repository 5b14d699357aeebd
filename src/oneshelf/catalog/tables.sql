-- What exists before any order. Keys are the retailer's own words, so that files and other systems
-- can name things; everything else refers to them by foreign key.
CREATE SCHEMA catalog;

-- A name that stands in files: no `|` (it separates lists there), no control characters, no blanks
-- at either end.
CREATE DOMAIN catalog.key AS text CHECK (
    length(VALUE) BETWEEN 1 AND 100 AND VALUE !~ '[|[:cntrl:]]' AND VALUE !~ '^\s|\s$'
);
-- What a sheet's cells can hold, so that whatever stands here can be exported and imported again.
CREATE DOMAIN catalog.words AS text CHECK (length(VALUE) <= 2000);
CREATE DOMAIN catalog.amount AS bigint CHECK (VALUE BETWEEN 0 AND 1000000000000);
CREATE DOMAIN catalog.currency AS text CHECK (VALUE ~ '^[A-Z]{3}$');  -- ISO 4217
CREATE DOMAIN catalog.methods AS text[] CHECK (
    VALUE <@ ARRAY['pickup', 'ship'] AND cardinality(VALUE) <= 2
);

CREATE DOMAIN catalog.licences AS text[] CHECK (
    VALUE <@ ARRAY['age_restricted', 'alcohol', 'fireworks', 'knives', 'medicine', 'tobacco']
);
CREATE DOMAIN catalog.temperatures AS text[] CHECK (
    VALUE <@ ARRAY['ambient', 'chilled', 'frozen'] AND cardinality(VALUE) > 0
);

CREATE TABLE catalog.brand (
    brand_id    catalog.key PRIMARY KEY,
    name        catalog.words NOT NULL CHECK (name <> '')
);

CREATE TABLE catalog.product (
    sku         catalog.key PRIMARY KEY,
    name        catalog.words NOT NULL CHECK (name <> ''),
    brand       catalog.key NOT NULL REFERENCES catalog.brand,
    category    catalog.words NOT NULL,
    gtin        text CHECK (gtin ~ '^[0-9]{8}([0-9]{4,6})?$'),
    weight_g    catalog.amount NOT NULL,
    length_mm   catalog.amount NOT NULL CHECK (length_mm <= 1000000),
    width_mm    catalog.amount NOT NULL CHECK (width_mm <= 1000000),
    height_mm   catalog.amount NOT NULL CHECK (height_mm <= 1000000),
    hazard      text NOT NULL
                CHECK (hazard IN ('none', 'lithium_battery', 'flammable', 'aerosol', 'corrosive')),
    price_minor catalog.amount NOT NULL,
    currency    catalog.currency NOT NULL,
    launches_on date,               -- before it, orders are pre-orders
    is_kit      boolean NOT NULL,   -- has parts; see kit_part
    licences    catalog.licences NOT NULL,      -- its node must hold all of them
    temperature text NOT NULL CHECK (temperature IN ('ambient', 'chilled', 'frozen')),
    UNIQUE (sku, is_kit)
);
CREATE INDEX product_by_gtin ON catalog.product (gtin);

-- One level: the two foreign keys say that a kit is a kit and that a part is none.
CREATE TABLE catalog.kit_part (
    kit_sku     catalog.key NOT NULL,
    place       integer NOT NULL CHECK (place BETWEEN 1 AND 1000),
    part_sku    catalog.key NOT NULL,
    units       integer NOT NULL CHECK (units BETWEEN 1 AND 999999),
    kit_is_kit  boolean NOT NULL DEFAULT true CHECK (kit_is_kit),
    part_is_kit boolean NOT NULL DEFAULT false CHECK (NOT part_is_kit),
    PRIMARY KEY (kit_sku, place),
    UNIQUE (kit_sku, part_sku),
    FOREIGN KEY (kit_sku, kit_is_kit) REFERENCES catalog.product (sku, is_kit),
    FOREIGN KEY (part_sku, part_is_kit) REFERENCES catalog.product (sku, is_kit)
);
CREATE INDEX kit_part_by_part ON catalog.kit_part (part_sku);

-- A product with its parts, as programs read it.
CREATE VIEW catalog.whole_product AS
SELECT product.*,
       (SELECT coalesce(json_agg(json_build_object('sku', part_sku, 'units', units)
                                 ORDER BY place), '[]')
          FROM catalog.kit_part WHERE kit_sku = sku) AS parts
  FROM catalog.product;

CREATE TABLE catalog.calendar (
    calendar_id catalog.key PRIMARY KEY,
    time_zone   text NOT NULL       -- IANA name
);

CREATE TABLE catalog.opening (
    calendar_id catalog.key NOT NULL REFERENCES catalog.calendar,
    weekday     smallint NOT NULL CHECK (weekday BETWEEN 0 AND 6),  -- 0 is Monday
    opens       time NOT NULL,      -- local time
    closes      time NOT NULL CHECK (opens < closes OR closes = '00:00'),  -- 00:00 ends the day
    PRIMARY KEY (calendar_id, weekday, opens)
);

CREATE TABLE catalog.closed_day (
    calendar_id catalog.key NOT NULL REFERENCES catalog.calendar,
    closed_on   date NOT NULL,
    PRIMARY KEY (calendar_id, closed_on)
);

-- A calendar in one piece, as programs read it.
CREATE VIEW catalog.whole_calendar AS
SELECT calendar_id,
       json_build_object(
           'time_zone', time_zone,
           'openings', coalesce((
               SELECT json_agg(json_build_object('weekday', weekday, 'opens', opens,
                                                 'closes', closes) ORDER BY weekday, opens)
                 FROM catalog.opening WHERE opening.calendar_id = calendar.calendar_id), '[]'),
           'closed_on', coalesce((
               SELECT json_agg(closed_on ORDER BY closed_on)
                 FROM catalog.closed_day WHERE closed_day.calendar_id = calendar.calendar_id), '[]')
       ) AS calendar
  FROM catalog.calendar;

CREATE TABLE catalog.node (
    node_id     catalog.key PRIMARY KEY,
    name        catalog.words NOT NULL CHECK (name <> ''),
    kind        text NOT NULL CHECK (kind IN ('warehouse', 'store', 'dark_store', 'drop_ship')),
    street      catalog.words NOT NULL,
    city        catalog.words NOT NULL,
    postcode    catalog.words NOT NULL,
    country     text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),  -- ISO 3166
    latitude    double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude   double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    calendar_id catalog.key NOT NULL REFERENCES catalog.calendar,
    cut_off     time NOT NULL,
    handling_minutes    catalog.amount NOT NULL,
    parcels_per_day_max catalog.amount,  -- null: unlimited
    methods     catalog.methods NOT NULL,
    parcel_cost_minor   catalog.amount NOT NULL,
    unit_cost_minor     catalog.amount NOT NULL,
    licences    catalog.licences NOT NULL,
    temperatures        catalog.temperatures NOT NULL   -- at which it keeps goods
);

-- What a node does for one SKU where that is less than the node's own methods. A row that takes
-- nothing away is not kept.
CREATE TABLE catalog.toggle (
    node_id     catalog.key NOT NULL REFERENCES catalog.node,
    sku         catalog.key NOT NULL REFERENCES catalog.product,
    methods     catalog.methods NOT NULL CHECK (cardinality(methods) < 2),
    PRIMARY KEY (node_id, sku)
);
CREATE INDEX toggle_by_sku ON catalog.toggle (sku);

CREATE TABLE catalog.carrier (
    carrier_id  catalog.key PRIMARY KEY,
    name        catalog.words NOT NULL CHECK (name <> '')
);

CREATE TABLE catalog.service (
    service_id  catalog.key PRIMARY KEY,
    carrier_id  catalog.key NOT NULL REFERENCES catalog.carrier,
    name        catalog.words NOT NULL CHECK (name <> ''),
    collects_id catalog.key NOT NULL REFERENCES catalog.calendar,  -- days of pickup at our nodes
    collected_at        time NOT NULL,  -- local time at the node
    delivers_id catalog.key NOT NULL REFERENCES catalog.calendar,
    dimensional_divisor_mm3_per_g catalog.amount NOT NULL,  -- 0: weight alone counts
    weight_g_max        catalog.amount NOT NULL CHECK (weight_g_max > 0),
    refuses     text[] NOT NULL
                CHECK (refuses <@ ARRAY['none', 'lithium_battery', 'flammable', 'aerosol',
                                        'corrosive']),
    countries   text[] NOT NULL         -- ISO 3166
                CHECK (array_to_string(countries, '|') ~ '^([A-Z]{2}(\|[A-Z]{2})*)?$'),
    emission_gco2e_per_tonne_km   catalog.amount NOT NULL,
    temperatures        catalog.temperatures NOT NULL   -- at which it carries goods
);

-- Tried in order of place; the first that matches counts.
CREATE TABLE catalog.zone (
    service_id  catalog.key NOT NULL REFERENCES catalog.service,
    place       integer NOT NULL CHECK (place BETWEEN 1 AND 1000),
    name        catalog.words NOT NULL CHECK (name <> ''),
    distance_km_max     catalog.amount,  -- null: any distance
    postcode_prefixes   text[] NOT NULL                       -- empty: any postcode
                CHECK (array_to_string(postcode_prefixes, '') !~ '[|[:cntrl:]]'),
    transit_days        catalog.amount NOT NULL,
    base_minor  catalog.amount NOT NULL,
    base_weight_g       catalog.amount NOT NULL,
    step_minor  catalog.amount NOT NULL,
    step_weight_g       catalog.amount NOT NULL CHECK (step_weight_g > 0),
    PRIMARY KEY (service_id, place)
);

CREATE TABLE catalog.channel (
    channel_id  catalog.key PRIMARY KEY,
    name        catalog.words NOT NULL CHECK (name <> ''),
    kind        text NOT NULL
                CHECK (kind IN ('web', 'app', 'marketplace', 'till', 'call_centre', 'file')),
    brand       catalog.key NOT NULL REFERENCES catalog.brand,
    standing    text NOT NULL CHECK (standing IN ('ask', 'sold')),
    currency    catalog.currency NOT NULL,
    grace_minutes       catalog.amount NOT NULL
);

-- A contact row: the only place of a customer's name, mail and phone. Erased stays erased.
CREATE TABLE catalog.customer (
    brand       catalog.key NOT NULL REFERENCES catalog.brand,
    customer_ref        catalog.key NOT NULL,
    name        catalog.words NOT NULL,
    mail        catalog.words NOT NULL,
    phone       catalog.words NOT NULL,
    erased_at   timestamptz CHECK (erased_at IS NULL OR name || mail || phone = ''),
    PRIMARY KEY (brand, customer_ref)
);

-- The only place of a colleague's name; everything else says staff_ref.
CREATE TABLE catalog.staff (
    staff_ref   catalog.key PRIMARY KEY,
    name        catalog.words NOT NULL,
    roles       text[] NOT NULL         -- none: may do nothing
                CHECK (roles <@ ARRAY['associate', 'store_manager', 'operator', 'planner',
                                      'auditor', 'admin']),
    nodes       text[] NOT NULL         -- works only there; none: everywhere
);

-- Keys of programs. The secret itself is shown once and never stored.
CREATE TABLE catalog.api_key (
    key_id      text PRIMARY KEY,       -- public, the first part of the key
    secret_sha256       bytea NOT NULL CHECK (length(secret_sha256) = 32),
    name        catalog.words NOT NULL CHECK (name <> ''),
    scopes      text[] NOT NULL,
    channel     catalog.key REFERENCES catalog.channel,  -- null: any channel
    issued_at   timestamptz NOT NULL,
    revoked_at  timestamptz
);
