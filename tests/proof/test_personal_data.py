"""A customer's name, mail and address stand in contact rows and nowhere else."""

import os
from dataclasses import replace
from pathlib import Path

import httpx
import msgspec
import psycopg
from crowds import ORDERS, servers
from psycopg.sql import SQL, Identifier
from test_poison_and_keys import poison

from oneshelf.matching.decisions.actions import find_decisions
from oneshelf.orders.canonical import Contact
from oneshelf.worker import Worker
from shop import Shop, order

CANARY = "Zyxcanary"
WHO = Contact(
    name=f"Anna {CANARY}",
    mail=f"anna@{CANARY}.example",
    phone=f"+44 {CANARY}",
    street=f"1 {CANARY} Row",
    city=f"{CANARY} Spa",
    postcode=f"{CANARY}1",
    country=f"{CANARY}land",
)
BREAKS_A_RULE = replace(WHO, city=f"{CANARY} on Sea")


def wishes():
    """Orders of all fates, each for the same customer."""
    good = order(("LAMP", 1), key="good", contact=WHO)
    long = b'"' + b"x" * 300
    return [
        msgspec.json.encode(good),
        msgspec.json.encode(good),
        msgspec.json.encode(replace(good, shipping_minor=1)),
        msgspec.json.encode(order(("RUG", 1), key="none", contact=WHO)),
        msgspec.json.encode(order(("RUG", 2), key="sold", contact=WHO, channel="market")),
        msgspec.json.encode(order(("GHOST", 1), key="ghost", contact=WHO)),
        msgspec.json.encode(order(("LAMP", 1), key="rule", contact=BREAKS_A_RULE)),
        msgspec.json.encode(replace(poison(), key="poison", contact=WHO)),
        msgspec.json.encode(order(("LAMP", 1), key="long", contact=WHO)).replace(b'"Anna', long),
        msgspec.json.encode(order(("LAMP", 1), key="cut", contact=WHO))[:-2],
        msgspec.json.encode(order(("LAMP", 1), key="broken", contact=WHO)),
    ]


def everything_written(url):
    """Return all rows of all tables but the contacts, as text: {table: text}."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        return {
            f"{schema}.{table}": "\n".join(
                text
                for (text,) in connection.execute(
                    SQL("SELECT one::text FROM {} AS one").format(Identifier(schema, table))
                )
            )
            for schema, table in tables
            if (schema, table) != ("orders", "contact")
        }


def look_inside(database):
    """Return the decision records, unpacked, and what the database says of its statements."""
    with database.transaction("test", "look") as tx:
        orders = tx.scalars("SELECT order_id FROM orders.sales_order")
        records = repr([find_decisions(tx, order_id) for order_id in orders])
        return records, "\n".join(tx.scalars("SELECT query FROM pg_stat_activity"))


def database_log(url):
    if "ONESHELF_TEST_DATABASE" in os.environ:  # another's server, whose log is not ours to read
        return ""
    with psycopg.connect(url) as connection:
        [folder] = connection.execute("SHOW data_directory").fetchone()
    return Path(folder, "log").read_text(errors="replace")


def test_a_name_and_a_mail_are_found_nowhere_but_in_contact_rows(url, still, headers):
    shop = Shop.opened(still, [("LAMP", "leeds", 9)])
    with psycopg.connect(url) as connection:
        connection.execute(
            "ALTER TABLE orders.contact ADD CONSTRAINT nobody_lives_on_sea"
            " CHECK (city NOT LIKE '% on Sea')"
        )
    with (
        servers(url, 1) as [one],
        httpx.Client(base_url=one.address, headers=headers) as client,
    ):
        answers = [client.post(ORDERS, content=wish) for wish in wishes()]
        with still.transaction("test", "break") as tx:
            tx.run("UPDATE base.repeat_key SET answer = '{}' WHERE key = 'broken'")
        answers.append(client.post(ORDERS, content=wishes()[-1]))
        metrics = client.get("/metrics").text
        with still.transaction("test", "mend") as tx:
            tx.run("DELETE FROM base.repeat_key WHERE key = 'broken'")
        Worker(still).settle()
        said = one.said.read_text()
    texts = everything_written(url)
    texts["decisions"], texts["statements"] = look_inside(still)
    texts |= {"metrics": metrics, "server": said, "database": database_log(url)}
    texts |= {f"answer {n}": answer.text for n, answer in enumerate(answers)}
    statuses = [answer.status_code for answer in answers]

    assert statuses == [201, 200, 422, 409, 201, 422, 422, 422, 422, 400, 201, 500]
    assert "a defect of ours" in said
    assert shop.rows(
        "SELECT count(*) FROM orders.contact WHERE mail = %(mail)s", mail=WHO.mail
    ) == [(3,)]
    assert texts["base.repeat_key"]
    assert texts["matching.decision"]
    assert [place for place, text in texts.items() if CANARY.lower() in text.lower()] == []
