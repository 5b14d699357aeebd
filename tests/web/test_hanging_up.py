"""Somebody who hangs up in the middle of a request is no defect of ours."""

import socket
import time
from urllib.parse import urlsplit

import structlog


def test_a_caller_who_hangs_up_before_the_body_is_whole_is_not_logged_as_a_defect(address, keys):
    place = urlsplit(address)
    head = (
        "POST /api/v1/orders/bulk HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
        f"Content-Type: application/x-ndjson\r\nAuthorization: Bearer {keys['admin']}\r\n\r\n"
    )
    with structlog.testing.capture_logs() as logged:
        for path in ("/api/v1/orders/bulk", "/api/v1/orders"):
            with socket.create_connection((place.hostname, place.port)) as connection:
                connection.sendall(head.replace("/api/v1/orders/bulk", path).encode() + b"{")
        time.sleep(0.3)

    assert [one for one in logged if one["log_level"] == "error"] == []
