"""Which of several servers a step of the week is sent to, by the seed. Pure.

A step is a minute's requests or a round of the floor. It goes to one server whole: within a step
the order of requests is the seed's, and between steps every server has seen what the others wrote.
"""

from datetime import datetime
from typing import Literal

from oneshelf.simulation.retailer.chance import dice

Step = Literal["minute", "round"]


def server_of(seed: int, servers: int, step: Step, at: datetime) -> int:
    """Return the place of the server, 0 to servers - 1."""
    return dice(seed, "server", step, at.isoformat()).randrange(servers)
