-- A retailer after a busy year, small enough for a test: 10 nodes, 2,000 SKUs, 20,000 orders of two
-- lines, nearly all of them delivered.
INSERT INTO catalog.brand VALUES ('house', 'House');
INSERT INTO catalog.calendar VALUES ('always', 'Europe/London');
INSERT INTO catalog.node
SELECT 'node-' || n, 'Node', 'store', '', '', '', 'GB', 53, -2, 'always', '16:00', 60, 100,
       '{ship,pickup}', 50, 10, '{}', '{ambient}'
  FROM generate_series(0, 9) AS n;
INSERT INTO catalog.channel
SELECT name, name, 'web', 'house', 'ask', 'GBP', 0
  FROM unnest(ARRAY['web', 'app', 'market', 'till']) AS name;
INSERT INTO catalog.product
SELECT 'sku-' || n, 'Product', 'house', 'home', NULL, 1, 1, 1, 1, 'none', 500, 'GBP', NULL, false,
       '{}', 'ambient'
  FROM (SELECT generate_series(0, 1999)::text UNION ALL VALUES ('new')) AS one (n);

INSERT INTO inventory.receipt SELECT 'asn-' || n, '2026-01-01' FROM generate_series(0, 99) AS n;
INSERT INTO inventory.receipt_line (reference, line_no, sku, node, due_at, units_expected)
SELECT 'asn-' || n % 100, n, 'sku-' || n % 2000, 'node-' || n % 10, '2026-02-01', 10
  FROM generate_series(1, 4000) AS n;
INSERT INTO inventory.point (sku, node, available, outside)
SELECT 'sku-' || n % 2000, 'node-' || n / 2000, 1000, -1000 FROM generate_series(0, 19999) AS n;
INSERT INTO inventory.point (sku, node, receipt_line_id, expected, outside)
SELECT sku, node, receipt_line_id, 10, -10 FROM inventory.receipt_line;
INSERT INTO inventory.movement (point_id, source, target, units, reason, subject, transfer, by,
                                because, moved_at)
SELECT 1 + n % 20000, 'outside', 'available', 1, 'counted', '', '', 'us', 'test', '2026-01-01'
  FROM generate_series(1, 40000) AS n;
INSERT INTO inventory.reservation (public_id, channel, status, lapses_at, reserved_at)
SELECT md5('hold' || n)::uuid, 'web', CASE WHEN n % 20 = 0 THEN 'held' ELSE 'consumed' END,
       '2026-01-01'::timestamptz + n * interval '1 s', '2026-01-01'
  FROM generate_series(1, 10000) AS n;
INSERT INTO inventory.reserved_unit
SELECT md5('hold' || 1 + n % 10000)::uuid, 1 + n / 10000, 1 + n % 19997, 1
  FROM generate_series(0, 19999) AS n;
INSERT INTO inventory.commitment
SELECT n, 10000 + n / 2, 1 + n % 20000, 'committed', 2, '2026-01-09'
  FROM generate_series(1, 20000) AS n;
INSERT INTO inventory.recalled (line_id, node, sku, units, recalled_at)
SELECT n, 'node-' || n % 10, 'sku-1', 2, '2026-01-09' FROM generate_series(1, 20000) AS n;
INSERT INTO inventory.claim (line_id, order_id, sku, units, serving, method, nodes, priority,
                             placed_at, status)
SELECT n, 10000 + n / 2, 'sku-' || n / 20 % 2000, CASE WHEN n % 20 = 0 THEN 1 ELSE 0 END,
       CASE WHEN n % 40 = 0 THEN 'together' ELSE 'as_it_comes' END, 'ship', NULL, 0, '2026-01-01',
       CASE WHEN n % 20 = 0 THEN 'open' ELSE 'served' END
  FROM generate_series(1, 20000) AS n;
INSERT INTO inventory.claim_part
SELECT claim_id, 'sku-' || claim_id / 20 % 2000, 1,
       CASE WHEN status = 'open' THEN 'open' ELSE 'closed' END, serving = 'together'
  FROM inventory.claim;

INSERT INTO matching.capacity_day
SELECT 'node-' || n % 10, '2025-01-01'::date + n / 10, 10 FROM generate_series(0, 19999) AS n;
INSERT INTO matching.capacity_hold
SELECT 10000 + n, n, 'node-' || n % 10, '2025-01-01'::date + n % 500
  FROM generate_series(1, 20000) AS n;
INSERT INTO matching.cart_capacity
SELECT md5('hold' || n)::uuid, 'node-' || n % 10, '2025-01-01'::date + n % 500, 1
  FROM generate_series(1, 10000) AS n;
INSERT INTO matching.decision (order_id, kind, decided_at, policy_version, record)
SELECT 10000 + n, 'source', '2026-01-01'::timestamptz + n * interval '1 min', 1, '\x00'
  FROM generate_series(1, 20000) AS n;

INSERT INTO orders.sales_order
       (order_id, public_id, channel, key, customer, standing, method, preference, splitting,
        backorder, currency, goods_minor, discount_minor, tax_minor, shipping_minor, total_minor,
        placed_at, promised_on, grace_until, awaits_release, status)
SELECT 10000 + n, md5('order' || n)::uuid, (ARRAY['web', 'app', 'market', 'till'])[1 + n % 4],
       'key-' || n, 'customer-' || n % 5000, 'ask', 'ship', 'cheapest', 'allowed', 'refused', 'GBP',
       500, 0, 0, 0, 500, placed_at, '2026-01-09', placed_at + interval '1 hour', n > 18800 AND n % 3 = 0,
       CASE WHEN n <= 18800 THEN 'done' ELSE (ARRAY['open', 'in_work', 'waiting'])[1 + n % 3] END
  FROM (SELECT n, '2026-01-01'::timestamptz + n * interval '1 min' AS placed_at
          FROM generate_series(1, 20000) AS n) AS placed;
INSERT INTO orders.contact
SELECT 10000 + n, 'Name', 'name-' || n || '@example.org', '+44' || n, '', '', '', 'GB', NULL
  FROM generate_series(1, 20000) AS n;
INSERT INTO orders.line
SELECT n, 10000 + (n + 1) / 2, 1 + (n + 1) % 2, 'sku-' || n % 2000, 1, 500, 0, 0
  FROM generate_series(1, 40000) AS n;
INSERT INTO orders.parcel (parcel_id, order_id, node, service, ready_at, arrives_on, cost_millis,
                           cost_minor)
SELECT n, 10000 + n, 'node-' || n / 7 % 10, 'post', '2026-01-01', '2026-01-09', 0, 0
  FROM generate_series(1, 20000) AS n;
INSERT INTO orders.quantity (order_id, line_id, units, was, status, parcel_id, changed_at)
SELECT order_id, line_id, 1,
       CASE fresh WHEN 1 THEN 'sourced' WHEN -1 THEN 'shipped' ELSE 'new' END,
       CASE fresh WHEN 0 THEN 'sourced' WHEN 1 THEN 'released' WHEN 2 THEN 'unsourced'
                  ELSE 'delivered' END,
       order_id - 10000, '2026-01-01'
  FROM (SELECT *, CASE WHEN order_id > 28800 THEN (order_id - 10000) % 3 ELSE -1 END AS fresh
          FROM orders.line) AS line;
INSERT INTO orders.progress (order_id, line_id, units, was, status, by, because, changed_at)
SELECT order_id, line_id, 1, 'new', 'sourced', 'us', 'test', '2026-01-01' FROM orders.line;
INSERT INTO orders.hold (order_id, reason, placed_by, placed_at, lifted_by, lifted_at)
SELECT 10000 + n, 'fraud', 'us', '2026-01-01', 'us', '2026-01-02'
  FROM generate_series(1, 20000, 2) AS n;

INSERT INTO outbound.shipment
SELECT n, 'post', 'TRACK-' || n, '2026-01-02', '2026-01-03' FROM generate_series(1, 19000) AS n;
INSERT INTO outbound.pickup_code (parcel_id, salt, code_hash, made_at)
SELECT n, decode(md5('salt'), 'hex'), sha256('code'), '2026-01-02'
  FROM generate_series(1, 10000) AS n;
INSERT INTO post_purchase.received_return
SELECT md5('return' || n)::uuid, 10000 + n, 1, 1, 'node-1', 'available', 'us', '2026-01-05'
  FROM generate_series(1, 10000) AS n;
INSERT INTO teamwork.exception (kind, subject, order_id, opened_at, closed_at, closed_by)
SELECT 'lines_unsourced', 'order:' || 10000 + n, 10000 + n, '2026-01-02',
       CASE WHEN n % 100 > 0 THEN '2026-01-03'::timestamptz END,
       CASE WHEN n % 100 > 0 THEN 'us' END
  FROM generate_series(1, 10000) AS n;

INSERT INTO base.repeat_key
SELECT 'web', 'key-' || n, '\x00', '{}' FROM generate_series(1, 20000) AS n;
INSERT INTO base.fact (name, subject, shard, body, by, because, happened_at)
SELECT CASE WHEN n % 5000 = 0 THEN 'Rare' ELSE 'Fact' || n % 10 END, 'order:' || n / 5, n % 4, '{}',
       'us', 'test', '2026-01-01'::timestamptz + n * interval '1 s'
  FROM generate_series(1, 50000) AS n;
INSERT INTO base.cursor
SELECT reaction, shard, CASE reaction WHEN 'rare' THEN 45000 ELSE 49990 END
  FROM unnest(ARRAY['rare', 'often']) AS reaction, generate_series(0, 3) AS shard;
