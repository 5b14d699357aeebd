"""Defects of ours, written to the log before they become an answer without details."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from oneshelf.base.errors import OneshelfError

LOG = structlog.get_logger()


@contextmanager
def logged_defects(where: str) -> Iterator[None]:
    """Log whatever is raised that is not one of our own errors, and let it pass."""
    try:
        yield
    except OneshelfError:
        raise
    except Exception:
        LOG.exception("a defect of ours", where=where)
        raise
