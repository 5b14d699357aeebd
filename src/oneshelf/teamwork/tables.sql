-- People around an order.
CREATE SCHEMA teamwork;

-- What no rule could settle. One open row for a kind and a subject, however often it is told.
CREATE TABLE teamwork.exception (
    exception_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (
                    kind IN ('found_at_till', 'lines_unsourced', 'pickup_code_locked')),
    subject     text NOT NULL,  -- `order:12` or `shelf:leeds:LAMP`, as facts name it
    order_id    bigint REFERENCES orders.sales_order,
    node        text,
    detail      text NOT NULL DEFAULT '',
    opened_at   timestamptz NOT NULL,
    closed_at   timestamptz,
    closed_by   text,
    CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
CREATE UNIQUE INDEX exception_once ON teamwork.exception (kind, subject) WHERE closed_at IS NULL;
CREATE INDEX exception_open ON teamwork.exception (exception_id) WHERE closed_at IS NULL;
CREATE INDEX exception_by_order ON teamwork.exception (order_id) WHERE order_id IS NOT NULL;
