"""Keys, policies and the database itself, from the command line."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from psycopg.conninfo import make_conninfo

from oneshelf.catalog.access.actions import find_key


@pytest.fixture
def started(url):
    """Start real processes on this test's database."""
    processes = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "oneshelf", *arguments],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": "src", "ONESHELF_DATABASE": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_key_is_shown_once_and_works_until_it_is_revoked(oneshelf, database):
    made = oneshelf("key", "new", "till 7", "--scopes", "read:stock,promise", "--json")
    key_id = made.document["key"]["key_id"]
    listed = oneshelf("key", "list", "--json")
    revoked = oneshelf("key", "revoke", key_id, "--json")
    again = oneshelf("key", "revoke", key_id)

    assert [key["name"] for key in listed.document["keys"]] == ["till 7"]
    assert made.document["secret"] not in listed.out
    assert (revoked.code, revoked.document["key_ids"]) == (0, [key_id])
    assert again.code == 1
    with database.transaction("test", "key") as tx:
        assert find_key(tx, made.document["secret"]) is None


def test_a_key_with_an_unknown_scope_is_wrong_usage(oneshelf):
    ended = oneshelf("key", "new", "till", "--scopes", "read:everything")

    assert ended.code == 2
    assert "expected a name" in ended.err
    assert oneshelf("key", "new", "till", "--scopes", "promise", "--channel", "mars").code == 1


def test_a_policy_is_shown_decided_and_remembered(oneshelf, tmp_path):
    file = tmp_path / "policy.json"
    shown = oneshelf("policy", "show", "sourcing", "--json")
    file.write_text(json.dumps(shown.document["policy"] | {"split_minor": 75}))
    decided = oneshelf("policy", "set", "sourcing", file, "--json")
    now = oneshelf("policy", "show", "sourcing", "--json")
    history = oneshelf("policy", "history", "sourcing", "--json")

    assert shown.document["version"] == 0
    assert json.loads(oneshelf("policy", "show", "sourcing").out)["split_minor"] == 75
    assert decided.document == {"name": "sourcing", "version": 1}
    assert now.document["policy"]["split_minor"] == 75
    assert [one["policy"]["split_minor"] for one in history.document["versions"]] == [75]


def test_a_policy_that_makes_no_sense_is_refused(oneshelf, tmp_path):
    file = tmp_path / "policy.json"
    for text in ('{"split_miner": 75}', '{"split_minor": -1}', "rubbish", "[]"):
        file.write_text(text)
        ended = oneshelf("policy", "set", "sourcing", file)

        assert ended.code == 1
        assert "policy_refused" in ended.err

    assert oneshelf("policy", "show", "sourcing", "--json").document["version"] == 0


def test_an_outdated_schema_is_refused_until_it_is_migrated(run, monkeypatch, empty_url):
    monkeypatch.setenv("ONESHELF_DATABASE", empty_url)
    refused = run("audit")
    planned = run("migrate", "--dry-run", "--json")
    done = run("migrate", "--json")
    status = run("database", "status", "--json")

    assert refused.code == 1
    assert "oneshelf migrate" in refused.err
    assert planned.document["done"] == []
    assert done.document["done"] == planned.document["pending"]
    assert run("audit").code == 0
    assert (status.code, status.document["pending"]) == (0, [])


def test_without_a_database_the_code_is_three(run, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.delenv("ONESHELF_DATABASE", raising=False)
    monkeypatch.setenv("ONESHELF_HOME", str(tmp_path / "file" / "home"))

    assert run("audit").code == 3

    monkeypatch.setenv("ONESHELF_HOME", str(tmp_path / "nothing"))

    assert run("database", "status", "--json").code == 3


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"host": "127.0.0.1", "port": 1}, "nothing listens there"),
        ({"host": "/nowhere"}, "there is no such socket"),
        ({"host": "S3cret@shop.invalid"}, "its host is not known"),  # a password with an @ in it
        ({"port": "S3cret"}, "the address cannot be used as it is"),
        ({"dbname": "no_such_shop"}, 'database "no_such_shop" does not exist'),
        ({"user": "nobody"}, 'password authentication failed for user "nobody"'),
    ],
)
def test_a_given_database_that_is_away_is_told_with_the_reason(run, monkeypatch, url, change, why):
    monkeypatch.setenv("ONESHELF_DATABASE", make_conninfo(url, **change))
    told = run("database", "status")

    assert told.code == 3
    assert f"cannot be reached: {why}." in told.err
    assert "check host, port, name, role and password" in told.err
    assert "S3cret" not in told.err


def test_a_given_database_that_is_silent_is_told_so(run, monkeypatch, url):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("ONESHELF_DATABASE", make_conninfo(url, host="127.0.0.1", port=port))
        told = run("database", "status", "--json")

    assert told.code == 3
    assert "nobody answers there" in told.err


def test_a_command_that_waited_in_vain_is_told_the_reason(run, monkeypatch, url):
    monkeypatch.setenv("ONESHELF_DATABASE", make_conninfo(url, dbname="no_such_shop"))
    told = run("audit")

    assert told.code == 3
    assert 'database "no_such_shop" does not exist' in told.err


def test_a_given_database_is_not_ours_to_stop(oneshelf):
    assert oneshelf("database", "stop").code == 1


def test_serving_begins_and_ends_cleanly(started):
    server = started("serve", "--port", "0", "--json")
    address = json.loads(server.stdout.readline())["address"]
    with urllib.request.urlopen(f"{address}/health/live", timeout=5) as answer:  # noqa: S310 - ours
        assert answer.status == 200
    server.send_signal(signal.SIGINT)
    _, said = server.communicate(timeout=20)

    assert server.returncode == 0
    assert "Traceback" not in said


def test_the_worker_begins_and_ends_cleanly(started):
    worker = started("work", "--json")

    assert json.loads(worker.stdout.readline()) == {"working": True}

    worker.send_signal(signal.SIGTERM)
    _, said = worker.communicate(timeout=20)

    assert worker.returncode == 0
    assert "Traceback" not in said
