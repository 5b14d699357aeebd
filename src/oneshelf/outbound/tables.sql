-- How it leaves.
CREATE SCHEMA outbound;

-- A parcel that a carrier has. One tracking number a parcel.
CREATE TABLE outbound.shipment (
    parcel_id       bigint PRIMARY KEY REFERENCES orders.parcel,
    service         text NOT NULL,
    tracking_number text NOT NULL CHECK (tracking_number <> ''),
    shipped_at      timestamptz NOT NULL,
    delivered_on    date
);
CREATE INDEX shipment_by_tracking ON outbound.shipment (tracking_number);

-- What a customer says at the counter. Only a hash is kept: nobody can read a code from here.
CREATE TABLE outbound.pickup_code (
    parcel_id       bigint PRIMARY KEY REFERENCES orders.parcel,
    salt            bytea NOT NULL CHECK (length(salt) = 16),
    code_hash       bytea NOT NULL CHECK (length(code_hash) = 32),
    wrong_attempts  integer NOT NULL DEFAULT 0 CHECK (wrong_attempts >= 0),
    made_at         timestamptz NOT NULL,
    used_at         timestamptz
);
