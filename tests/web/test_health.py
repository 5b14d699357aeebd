"""What a machine that watches is told."""

import psycopg
import pytest

from oneshelf.base.errors import OneshelfError
from oneshelf.web.serving import take_port


def test_a_process_in_good_order_is_alive_and_ready(stranger):
    assert stranger.get("/health/live").json() == {"alive": True}
    ready = stranger.get("/health/ready")

    assert ready.status_code == 200
    assert ready.json()["ready"] is True


def test_ready_names_who_holds_the_oldest_transaction(stranger, url):
    with psycopg.connect(url, application_name="a long report") as holder:
        holder.execute("SELECT 1")
        told = stranger.get("/health/ready").json()["oldest_transaction"]

        assert told["application"] == "a long report"
        assert told["pid"] == holder.info.backend_pid


def test_a_database_that_misses_tables_is_not_ready(stranger, url):
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE base.migration")
    answer = stranger.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["why_not"] == ["schema_outdated"]


def test_figures_count_requests_by_door(stranger, keys):
    headers = {"Authorization": f"Bearer {keys['read:metrics']}"}
    stranger.get("/health/live")
    text = stranger.get("/metrics", headers=headers).text

    line = 'oneshelf_http_requests_total{door="/health/live",method="GET",status="200"} 1.0'
    assert line in text


def test_a_taken_port_is_a_clear_error_before_anything_starts():
    with take_port("127.0.0.1", 0) as taken:
        with pytest.raises(OneshelfError, match="Cannot listen") as refused:
            take_port("127.0.0.1", taken.getsockname()[1])

        assert refused.value.code == "conflict"


def test_a_port_or_host_that_cannot_be_is_the_same_error():
    for host, port in [("no.such.host.invalid", 0), ("127.0.0.1", 99_999)]:
        with pytest.raises(OneshelfError, match="Cannot listen"):
            take_port(host, port)
