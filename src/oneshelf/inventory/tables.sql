-- What we have, where, and for whom. Units are whole sellable units.
-- Lock order inside this folder: stock requests, recalled units, reservations, receipt lines, points
-- (new ones are inserted first), claims; each by its key.
CREATE SCHEMA inventory;

CREATE TYPE inventory.state AS ENUM (
    'available',    -- on the shelf and free
    'reserved',     -- on the shelf, in a cart or checkout with a time limit
    'committed',    -- on the shelf, belongs to an order
    'picked',       -- in a tote, not yet with the carrier
    'damaged',      -- on hand, not for sale
    'quality_hold', -- on hand, not for sale until checked
    'in_transit',   -- on its way between our nodes, counted at the destination
    'expected',     -- on a receipt line, free
    'promised',     -- on a receipt line, belongs to an order
    'outside'       -- suppliers, customers, loss: the rest of the world
);

-- An inbound delivery, as the sender announced it.
CREATE TABLE inventory.receipt (
    reference   text PRIMARY KEY,
    created_at  timestamptz NOT NULL
);

CREATE TABLE inventory.receipt_line (
    receipt_line_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reference       text NOT NULL REFERENCES inventory.receipt,
    line_no         integer NOT NULL,
    sku             text NOT NULL REFERENCES catalog.product,
    node            text NOT NULL REFERENCES catalog.node,
    due_at          timestamptz NOT NULL,
    units_expected  integer NOT NULL CHECK (units_expected > 0),
    units_received  integer NOT NULL DEFAULT 0 CHECK (units_received >= 0),
    status          text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    UNIQUE (reference, line_no)
);
CREATE INDEX receipt_line_that_comes ON inventory.receipt_line (sku) WHERE status = 'open';

-- A running total, kept in the same statement as its movements: a shortcut, never the truth. One
-- row a point, one column a state, so one lock and one update carry all movements of a point.
-- No index mentions a figure and pages keep room, so that updates stay HOT. What a point names is
-- checked once, when it is inserted: an update never changes it.
CREATE TABLE inventory.point (
    point_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku             text NOT NULL REFERENCES catalog.product,
    node            text NOT NULL REFERENCES catalog.node,
    lot             text,
    receipt_line_id bigint REFERENCES inventory.receipt_line,  -- null: a shelf
    available       integer NOT NULL DEFAULT 0 CHECK (available >= 0),
    reserved        integer NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    committed       integer NOT NULL DEFAULT 0 CHECK (committed >= 0),
    picked          integer NOT NULL DEFAULT 0 CHECK (picked >= 0),
    damaged         integer NOT NULL DEFAULT 0 CHECK (damaged >= 0),
    quality_hold    integer NOT NULL DEFAULT 0 CHECK (quality_hold >= 0),
    in_transit      integer NOT NULL DEFAULT 0 CHECK (in_transit >= 0),
    expected        integer NOT NULL DEFAULT 0 CHECK (expected >= 0),
    promised        integer NOT NULL DEFAULT 0 CHECK (promised >= 0),
    outside         integer NOT NULL DEFAULT 0,  -- the only one that may fall below zero
    version         bigint NOT NULL DEFAULT 0,   -- raised by each change
    CONSTRAINT point_is_one_place UNIQUE NULLS NOT DISTINCT (sku, node, lot, receipt_line_id),
    CONSTRAINT every_unit_is_in_one_state CHECK (
        available + reserved + committed + picked + damaged + quality_hold + in_transit
            + expected + promised + outside = 0
    ),
    CONSTRAINT a_shelf_expects_nothing CHECK (
        CASE WHEN receipt_line_id IS NULL THEN expected = 0 AND promised = 0
             ELSE available = 0 AND reserved = 0 AND committed = 0 AND picked = 0 AND damaged = 0
                  AND quality_hold = 0 AND in_transit = 0
        END
    )
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 0);
CREATE INDEX point_of_receipt_line ON inventory.point (receipt_line_id)
 WHERE receipt_line_id IS NOT NULL;

-- The truth: one row per change, never updated, never deleted. No foreign key: the statement that
-- appends updates the point too, and fails when there is none. Its key is the way it is read: the
-- history of a point.
CREATE TABLE inventory.movement (
    movement_id bigint GENERATED ALWAYS AS IDENTITY,
    point_id    bigint NOT NULL,
    source      inventory.state NOT NULL,
    target      inventory.state NOT NULL,
    units       integer NOT NULL CHECK (units > 0),
    reason      text NOT NULL,
    subject     text NOT NULL,  -- whose units: `line:12`, `reservation:...`, or empty
    transfer    text NOT NULL,  -- joins the two halves of a move between points, else empty
    by          text NOT NULL,
    because     text NOT NULL,
    moved_at    timestamptz NOT NULL,
    PRIMARY KEY (point_id, movement_id),
    CHECK (source <> target)
);

-- The repeat guard of requests that come from outside and only say "so many more" or "now so many".
CREATE TABLE inventory.stock_request (
    request_id  uuid PRIMARY KEY,
    taken_at    timestamptz NOT NULL
);

-- A stock file that is being taken in. Gone when all its rows are in.
CREATE TABLE inventory.stocktake (
    digest          bytea PRIMARY KEY,  -- of the file's bytes
    stocktake_id    uuid NOT NULL UNIQUE,
    line_done       integer NOT NULL DEFAULT 0,  -- rows up to this line are in
    begun_at        timestamptz NOT NULL
);

-- A hold with a time limit on concrete units. Whoever asks for it draws its key (decision 0010).
CREATE TABLE inventory.reservation (
    public_id       uuid PRIMARY KEY,
    channel         text NOT NULL,
    status          text NOT NULL DEFAULT 'held' CHECK (status IN (
        'held',
        'consumed',  -- its units belong to an order
        'released',  -- given back
        'lapsing',   -- too late to be used, some units are still to be freed
        'lapsed'     -- given back because time ran out
    )),
    lapses_at       timestamptz NOT NULL,
    reserved_at     timestamptz NOT NULL
);
CREATE INDEX reservation_by_lapse ON inventory.reservation (lapses_at)
 WHERE status IN ('held', 'lapsing');

-- No foreign keys: a hold and its units are written in one transaction, under the points' locks, and
-- checking each row cost a fifth of a hot shelf's holds.
CREATE TABLE inventory.reserved_unit (
    reservation     uuid NOT NULL,
    line_no         integer NOT NULL,
    point_id        bigint NOT NULL,
    units           integer NOT NULL CHECK (units > 0),
    PRIMARY KEY (reservation, line_no, point_id)
);
CREATE INDEX reserved_unit_by_point ON inventory.reserved_unit (point_id);

-- Units that belong to an order's line. No foreign key to the point: only `commit` writes here,
-- under the point's lock.
CREATE TABLE inventory.commitment (
    line_id     bigint NOT NULL,
    order_id    bigint NOT NULL,
    point_id    bigint NOT NULL,
    state       inventory.state NOT NULL CHECK (state IN ('committed', 'picked', 'promised')),
    units       integer NOT NULL CHECK (units > 0),
    promised_at timestamptz,
    PRIMARY KEY (line_id, point_id, state)
);
CREATE INDEX commitment_by_point ON inventory.commitment (point_id);

-- Units in a tote that their order no longer wants. They stay `picked` and bound to the line until
-- somebody puts them back. Written under the order's lock.
CREATE TABLE inventory.recalled (
    recalled_id bigint GENERATED ALWAYS AS IDENTITY,
    line_id     bigint NOT NULL,
    node        text NOT NULL REFERENCES catalog.node,
    sku         text NOT NULL REFERENCES catalog.product,  -- of a shelf: of a kit, the part
    units       integer NOT NULL CHECK (units > 0),
    recalled_at timestamptz NOT NULL,
    PRIMARY KEY (node, recalled_id),  -- as a node's list is read
    UNIQUE (line_id, node, sku)
);

-- A backorder: units of a line that wait for stock at the nodes it accepts.
CREATE TABLE inventory.claim (
    claim_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    line_id     bigint NOT NULL,
    order_id    bigint NOT NULL,
    sku         text NOT NULL REFERENCES catalog.product,  -- the line's own; a toggle can name a kit
    units       integer NOT NULL CHECK (units >= 0),  -- still open
    serving     text NOT NULL CHECK (serving IN (
        'as_it_comes',
        'together'  -- all claims of the order at once or none
    )),
    method      text NOT NULL CHECK (method IN ('ship', 'pickup')),
    nodes       text[],  -- accepted; null is any
    promised_at timestamptz,
    priority    integer NOT NULL,  -- lower goes first
    placed_at   timestamptz NOT NULL,
    status      text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'served', 'withdrawn')),
    CHECK ((status = 'open') = (units > 0))
);
CREATE INDEX claim_by_line ON inventory.claim (line_id);
CREATE INDEX claim_by_order ON inventory.claim (order_id) WHERE status = 'open';
CREATE INDEX claim_by_sku ON inventory.claim (sku) WHERE status = 'open';

-- What one claimed unit takes from the shelf: a kit claims several components, served from one node.
CREATE TABLE inventory.claim_part (
    claim_id    bigint NOT NULL REFERENCES inventory.claim,
    sku         text NOT NULL REFERENCES catalog.product,
    units       integer NOT NULL CHECK (units > 0),  -- per claimed unit
    status      text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    links       boolean NOT NULL,  -- its claim waits for other SKUs too: a kit's, or an order's
    PRIMARY KEY (claim_id, sku)
);
CREATE INDEX claim_part_by_sku ON inventory.claim_part (sku) WHERE status = 'open';
CREATE INDEX claim_part_that_links ON inventory.claim_part (sku) WHERE status = 'open' AND links;
