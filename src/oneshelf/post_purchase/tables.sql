-- What follows an order.
CREATE SCHEMA post_purchase;

-- Units that came back. The request's id makes a repeat harmless.
CREATE TABLE post_purchase.received_return (
    request_id  uuid PRIMARY KEY,
    order_id    bigint NOT NULL REFERENCES orders.sales_order,
    line_no     integer NOT NULL,
    units       integer NOT NULL CHECK (units > 0),
    node        text NOT NULL,
    condition   text NOT NULL CHECK (condition IN ('available', 'damaged', 'quality_hold')),
    by          text NOT NULL,
    received_at timestamptz NOT NULL
);
CREATE INDEX received_return_by_order ON post_purchase.received_return (order_id);
