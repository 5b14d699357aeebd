"""Hear the statements that a call sends, and ask PostgreSQL what it means to do with them."""

import psycopg

GENERIC = "SET LOCAL plan_cache_mode = force_generic_plan"
PREPARED = (
    "SELECT name, cardinality(parameter_types) FROM pg_prepared_statements ORDER BY prepare_time"
)


def plans_of(database, call):
    """Return the plans of all statements of a call, then undo what it did.

    Each twice: for the values that were sent, and for any, as PostgreSQL plans a statement that
    comes often.
    """
    heard = []

    class Hearing(psycopg.Cursor):
        def execute(self, query, params=None, **how):
            heard.append((query, params))
            return super().execute(query, params, **how)

    with database.transaction("test", "test") as tx:
        connection = tx.connection
        connection.prepare_threshold = 0
        connection.cursor_factory = Hearing
        call(tx)
        connection.cursor_factory = psycopg.Cursor
        connection.prepare_threshold = None
        prepared = connection.execute(PREPARED).fetchall()
        asked = [connection.execute(explain(query), params) for query, params in heard]
        connection.execute(GENERIC)
        asked += [connection.execute(explain(recall(*one))) for one in prepared]
        connection.rollback()
        return [answer.fetchone()[0][0]["Plan"] for answer in asked]


def explain(query):
    return f"EXPLAIN (FORMAT JSON) {query}"


def recall(name, parameters):
    values = ", ".join(["NULL"] * parameters)
    return f"EXECUTE {name} ({values})" if values else f"EXECUTE {name}"


def steps_of(plan):
    """Return the steps of a plan, from the top down."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from steps_of(below)


def draw(plan, depth=0):
    """Return a plan in lines a person can read."""
    words = [plan["Node Type"], plan.get("Relation Name"), plan.get("Index Name")]
    tail = plan.get("Index Cond") or plan.get("Filter") or plan.get("Sort Key")
    line = "  " * depth + " ".join(filter(None, words)) + (f"  {tail}" if tail else "")
    below = [draw(one, depth + 1) for one in plan.get("Plans", ())]
    return "\n".join([line, *below])
