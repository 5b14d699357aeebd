-- What we can promise, and from where: capacity held like stock, and the record of every decision.
CREATE SCHEMA matching;

-- Parcels that orders and carts take of a node's day. Only nodes with a limit have rows. No CHECK against the
-- limit: it may be lowered later, and an order that is already sold is always written.
CREATE TABLE matching.capacity_day (
    node_id     catalog.key NOT NULL REFERENCES catalog.node,
    on_day      date NOT NULL,
    taken       bigint NOT NULL DEFAULT 0 CHECK (taken >= 0),
    version     bigint NOT NULL DEFAULT 0,      -- raised by each change
    PRIMARY KEY (node_id, on_day)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- Which parcel takes it, so that it can be given back, once.
CREATE TABLE matching.capacity_hold (
    order_id    bigint NOT NULL,
    parcel      bigint NOT NULL,        -- a number of its own within the order
    node_id     catalog.key NOT NULL,
    on_day      date NOT NULL,
    PRIMARY KEY (order_id, parcel),
    FOREIGN KEY (node_id, on_day) REFERENCES matching.capacity_day
);

-- Which cart takes it, for as long as its reservation stands: the time limit is the reservation's.
-- What a reservation that ended still has here is free to whoever locks the day.
CREATE TABLE matching.cart_capacity (
    reservation uuid NOT NULL REFERENCES inventory.reservation (public_id),
    node_id     catalog.key NOT NULL,
    on_day      date NOT NULL,
    parcels     bigint NOT NULL CHECK (parcels > 0),
    PRIMARY KEY (reservation, node_id, on_day),
    FOREIGN KEY (node_id, on_day) REFERENCES matching.capacity_day
);
CREATE INDEX cart_capacity_by_day ON matching.cart_capacity (node_id, on_day);

-- Why an order goes where it goes: enough to explain it and to decide it again. Ids, districts and
-- amounts; never a name, street, mail or phone.
CREATE TABLE matching.decision (
    decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id    bigint NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('promise', 'source', 'resource')),
    decided_at  timestamptz NOT NULL,
    policy_version      bigint NOT NULL CHECK (policy_version > 0),
    record      bytea NOT NULL          -- see decision_record.py
);
CREATE INDEX decision_by_order ON matching.decision (order_id, decision_id);
CREATE INDEX decision_by_time ON matching.decision (decided_at);

-- At which mark each SKU was last told to stand; null: above all of them.
CREATE TABLE matching.watermark (
    sku         catalog.key PRIMARY KEY,
    mark        bigint CHECK (mark >= 0)
) WITH (fillfactor = 70);
