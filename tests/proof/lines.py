"""A line to a database that can be cut, silenced and mended while processes use it."""

import socket
import threading
import time
from contextlib import contextmanager, suppress

from psycopg.conninfo import conninfo_to_dict, make_conninfo

CHUNK = 65_536


class Line:
    """Forwards TCP connections to a PostgreSQL, unless told otherwise. url: through the line."""

    def __init__(self, url):
        self.aim(url)
        self._open = threading.Event()
        self._open.set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ends = []
        self._threads = []
        self.url = make_conninfo(url, host="127.0.0.1", port=self._listening.getsockname()[1])
        self._run(self._accept)

    def aim(self, url):
        """Lead to this server from now on."""
        self._target = conninfo_to_dict(url)

    def silence(self):
        """Swallow everything from now on, as a firewall does that forgot the connection."""
        self._open.clear()

    def mend(self):
        """Forward new connections again; what was swallowed stays lost."""
        self._hang_up(self._ends)
        self._open.set()

    def close(self):
        self._open.set()
        self._hang_up([self._listening, *self._ends])
        for thread in self._threads:
            thread.join()
        for one in (self._listening, *self._ends):
            one.close()

    def _run(self, work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self._ends.append(near)
                if self._open.is_set():
                    self._connect(near)

    def _connect(self, near):
        host, port = self._target["host"], self._target.get("port", "5432")
        far = socket.socket(socket.AF_UNIX if host.startswith("/") else socket.AF_INET)
        self._ends.append(far)
        try:
            far.connect(f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, int(port)))
        except OSError:
            self._hang_up([near])
            return
        self._run(self._carry, near, far)
        self._run(self._carry, far, near)

    def _carry(self, source, target):
        with suppress(OSError):
            while carried := source.recv(CHUNK):
                if self._open.is_set():
                    target.sendall(carried)
        if self._open.is_set():
            self._hang_up([source, target])

    @staticmethod
    def _hang_up(ends):
        for one in ends:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(url):
    line = Line(url)
    try:
        yield line
    finally:
        line.close()


@contextmanager
def within(seconds):
    """Fail if the block takes longer; a promise of seconds, on a machine that others use too."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began

    assert took < seconds, f"took {took:.1f} s"
