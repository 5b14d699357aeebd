-- What was asked, and how far it has come.
CREATE SCHEMA orders;

-- Who an order is for: the only rows with personal data, so that they can be erased.
CREATE TABLE orders.contact (
    order_id    bigint PRIMARY KEY,  -- of orders.sales_order, written in the same transaction
    name        text NOT NULL DEFAULT '',
    mail        text NOT NULL DEFAULT '',
    phone       text NOT NULL DEFAULT '',
    street      text NOT NULL DEFAULT '',
    city        text NOT NULL DEFAULT '',
    postcode    text NOT NULL DEFAULT '',
    country     text NOT NULL DEFAULT '',
    erased_at   timestamptz
);
-- Found by the same address however it was typed: case, spaces, and what is no digit do not count.
CREATE INDEX contact_by_mail ON orders.contact (lower(btrim(mail))) WHERE mail <> '';
CREATE INDEX contact_by_phone ON orders.contact (regexp_replace(phone, '^00|[^0-9]', '', 'g'))
    WHERE phone <> '';

CREATE SEQUENCE orders.order_number START 10001;
CREATE SEQUENCE orders.line_number;
CREATE SEQUENCE orders.parcel_number;

CREATE TABLE orders.sales_order (
    order_id       bigint PRIMARY KEY,  -- also the short number people see
    public_id      uuid NOT NULL UNIQUE,
    channel        text NOT NULL,
    key            text NOT NULL,       -- the channel's own id of the order
    customer       text,                -- a reference, never a name
    standing       text NOT NULL CHECK (standing IN ('ask', 'sold')),
    method         text NOT NULL CHECK (method IN ('ship', 'pickup', 'carried')),
    node           text,                -- of a pickup or a till sale, or the only one that may send
    country        text,
    postcode       text,                -- the district at most
    latitude       double precision,
    longitude      double precision,
    wanted_by      date,
    preference     text NOT NULL CHECK (preference IN ('cheapest', 'earliest', 'fewest_parcels')),
    splitting      text NOT NULL CHECK (splitting IN ('allowed', 'together')),
    backorder      text NOT NULL CHECK (backorder IN ('accepted', 'refused')),
    currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    goods_minor    bigint NOT NULL CHECK (goods_minor >= 0),
    discount_minor bigint NOT NULL CHECK (discount_minor BETWEEN 0 AND goods_minor),
    tax_minor      bigint NOT NULL CHECK (tax_minor >= 0),
    shipping_minor bigint NOT NULL CHECK (shipping_minor >= 0),
    total_minor    bigint NOT NULL CHECK (total_minor >= 0),
    placed_at      timestamptz NOT NULL,
    promised_on    date,                -- what we told the customer; null while a line has no date
    grace_until    timestamptz NOT NULL, -- may be changed freely and is not released before
    awaits_release boolean NOT NULL DEFAULT true,  -- kept with the quantities and holds
    status         text NOT NULL CHECK (status IN (  -- kept with the quantities: the least advanced
        'waiting', 'open', 'in_work', 'on_its_way', 'done', 'cancelled')),
    version        bigint NOT NULL DEFAULT 1,
    UNIQUE (channel, key)
) WITH (fillfactor = 70);  -- a step that leaves the status stays on its page, and no index changes
CREATE INDEX sales_order_by_placed ON orders.sales_order (placed_at, order_id);
-- Lists of one channel or status are asked for all day and must not walk through all the others.
CREATE INDEX sales_order_by_channel ON orders.sales_order (channel, placed_at, order_id);
CREATE INDEX sales_order_by_status ON orders.sales_order (status, placed_at, order_id);
CREATE INDEX sales_order_by_key ON orders.sales_order (key);
CREATE INDEX sales_order_by_customer ON orders.sales_order (customer, order_id)
    WHERE customer IS NOT NULL;

CREATE INDEX sales_order_to_release ON orders.sales_order (grace_until, order_id)
    WHERE awaits_release;

CREATE TABLE orders.line (
    line_id        bigint PRIMARY KEY,
    order_id       bigint NOT NULL REFERENCES orders.sales_order,
    line_no        integer NOT NULL CHECK (line_no > 0),
    sku            text NOT NULL,
    units          integer NOT NULL CHECK (units > 0),
    price_minor    bigint NOT NULL CHECK (price_minor >= 0),
    discount_minor bigint NOT NULL CHECK (discount_minor BETWEEN 0 AND units * price_minor),
    tax_minor      bigint NOT NULL CHECK (tax_minor >= 0),
    UNIQUE (order_id, line_no)
);

-- One parcel a node prepares: sent by a carrier's service, or kept for its customer.
CREATE TABLE orders.parcel (
    parcel_id      bigint PRIMARY KEY,
    order_id       bigint NOT NULL REFERENCES orders.sales_order,
    node           text NOT NULL,
    service        text,                -- null: collected by the customer
    ready_at       timestamptz NOT NULL,
    collected_at   timestamptz,         -- by the carrier, as planned
    arrives_on     date NOT NULL,       -- or ready for its customer
    capacity_on    date,                -- the node's day whose capacity it takes; null: none taken
    cost_millis    bigint NOT NULL,     -- as planned, thousandths of a minor unit
    cost_minor     bigint NOT NULL      -- the money in it, without weights of preference
) WITH (fillfactor = 80);
CREATE INDEX parcel_by_order ON orders.parcel (order_id);

-- Where a line's units stand now. The units of a line never change; they move between rows.
-- Which status may follow which: the same as orders.lifecycle.TRANSITIONS (decision 0009).
CREATE TABLE orders.quantity (
    quantity_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id    bigint NOT NULL REFERENCES orders.sales_order,
    line_id     bigint NOT NULL REFERENCES orders.line,
    units       integer NOT NULL CHECK (units > 0),
    was         text NOT NULL,
    status      text NOT NULL,
    parcel_id   bigint REFERENCES orders.parcel,
    changed_at  timestamptz NOT NULL,
    in_work     boolean NOT NULL GENERATED ALWAYS AS (
        status IN ('released', 'picked', 'packed', 'ready_for_pickup')) STORED,
    CONSTRAINT transition CHECK (CASE was
        WHEN 'new' THEN status IN ('unsourced', 'backordered', 'sourced', 'handed_over')
        WHEN 'unsourced' THEN status IN ('backordered', 'sourced', 'cancelled')
        WHEN 'backordered' THEN status IN ('unsourced', 'sourced', 'cancelled')
        WHEN 'sourced' THEN status IN ('released', 'unsourced', 'backordered', 'cancelled')
        WHEN 'released' THEN status IN ('picked', 'sourced', 'unsourced', 'backordered',
                                        'cancelled')
        WHEN 'picked' THEN status IN ('packed', 'cancelled')
        WHEN 'packed' THEN status IN ('shipped', 'ready_for_pickup', 'cancelled')
        WHEN 'shipped' THEN status IN ('delivered', 'returned')
        WHEN 'delivered' THEN status = 'returned'
        WHEN 'ready_for_pickup' THEN status IN ('handed_over', 'cancelled')
        WHEN 'handed_over' THEN status = 'returned'
        ELSE false
    END)
) WITH (fillfactor = 70);
CREATE INDEX quantity_by_order ON orders.quantity (order_id);
CREATE INDEX quantity_by_parcel ON orders.quantity (parcel_id) WHERE parcel_id IS NOT NULL;
-- What nodes work on now: their lists are asked for all day and must not read what has long left.
-- Not WHERE status IN: then each change of status would write every index of the table anew.
CREATE INDEX quantity_in_work ON orders.quantity (parcel_id) WHERE in_work;

-- How it got there: every change of status. Only grows. The transitions are not checked again: the
-- quantity that moved in the same transaction had to pass.
CREATE TABLE orders.progress (
    progress_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id    bigint NOT NULL,
    line_id     bigint NOT NULL,
    units       integer NOT NULL CHECK (units > 0),
    was         text NOT NULL,
    status      text NOT NULL,
    parcel_id   bigint,
    reason      text NOT NULL DEFAULT '',
    by          text NOT NULL,
    because     text NOT NULL,
    changed_at  timestamptz NOT NULL
);
CREATE INDEX progress_by_order ON orders.progress (order_id, progress_id);

-- What keeps an order from being released: one row a reason, lifted or not.
CREATE TABLE orders.hold (
    hold_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id    bigint NOT NULL REFERENCES orders.sales_order,
    reason      text NOT NULL,
    placed_by   text NOT NULL,
    placed_at   timestamptz NOT NULL,
    lifted_by   text,
    lifted_at   timestamptz
);
CREATE INDEX hold_by_order ON orders.hold (order_id);
CREATE UNIQUE INDEX hold_once ON orders.hold (order_id, reason) WHERE lifted_at IS NULL;
