-- Words and tools every folder shares.
CREATE SCHEMA base;

-- Which numbered migrations this database has seen.
CREATE TABLE base.migration (
    number      integer PRIMARY KEY,
    name        text NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The clock of a demo or test database: no row means the database's own time.
CREATE TABLE base.clock (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    stands_at   timestamptz NOT NULL,           -- the time it showed at set_at
    set_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    speed       double precision NOT NULL CHECK (speed >= 0)  -- 0 stands still, 60 runs a minute a second
);

-- What happened. Only grows.
CREATE TABLE base.fact (
    fact_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL,
    subject     text NOT NULL,      -- what it is about; facts of one subject are handled in order
    shard       smallint NOT NULL,  -- of the subject; see base.outbox
    body        jsonb NOT NULL,     -- ids, zones, amounts; never a name, address, mail or phone
    by          text NOT NULL,      -- who: a staff member, a key, the worker
    because     text NOT NULL,      -- the request or fact that caused it
    happened_at timestamptz NOT NULL
);
CREATE INDEX fact_by_subject ON base.fact (subject, fact_id);
-- A reaction to a rare fact looks here for its next one, not through all that happened since its last.
CREATE INDEX fact_by_name ON base.fact (name, shard, fact_id);

-- Who follows facts waits in here: looking every 4 ms costs the database next to nothing, and a Python
-- process its answers. Each look sees what was committed by then. Of a table that is still small the
-- planner would read all, and that plan stays with its connection while the table grows.
CREATE FUNCTION base.await_facts(kinds text[], above bigint, known bigint[], patience interval)
    RETURNS SETOF base.fact LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
DECLARE
    gives_up_at CONSTANT timestamptz := clock_timestamp() + patience;
BEGIN
    PERFORM set_config('application_name', 'oneshelf awaits facts', true);  -- a second and no more
    LOOP
        RETURN QUERY
        SELECT * FROM base.fact
         WHERE fact_id > above AND name = ANY(kinds) AND fact_id NOT IN (SELECT unnest(known))
         ORDER BY fact_id;
        EXIT WHEN FOUND OR clock_timestamp() >= gives_up_at;
        PERFORM pg_sleep(0.004);
    END LOOP;
END $$;

-- How far each reaction has come in each shard. Moved in the transaction of the reaction's effects.
CREATE TABLE base.cursor (
    reaction    text NOT NULL,
    shard       smallint NOT NULL,
    fact_id     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (reaction, shard)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- Facts a reaction failed on, and the later facts of the same subject that wait behind them.
CREATE TABLE base.parked (
    reaction    text NOT NULL,
    fact_id     bigint NOT NULL REFERENCES base.fact,
    shard       smallint NOT NULL,
    subject     text NOT NULL,
    attempts    integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),  -- 0: waits behind an earlier one
    retry_at    timestamptz,        -- null: a person must look at it first
    error       text NOT NULL DEFAULT '',
    PRIMARY KEY (reaction, fact_id)
);
CREATE INDEX parked_by_subject ON base.parked (reaction, shard, subject, fact_id);

-- Repeat keys and the answers given. A row without an answer is being decided by an open transaction.
CREATE TABLE base.repeat_key (
    channel     text NOT NULL,
    key         text NOT NULL,
    body_hash   bytea NOT NULL,
    answer      jsonb,              -- ids and codes only
    PRIMARY KEY (channel, key)
);

-- Business choices: versioned, audited, one row a version; the highest version counts.
CREATE TABLE base.policy (
    name        text NOT NULL,
    version     integer NOT NULL CHECK (version > 0),
    body        jsonb NOT NULL,
    by          text NOT NULL,
    because     text NOT NULL,
    decided_at  timestamptz NOT NULL,
    PRIMARY KEY (name, version)
);
