"""How much of each line each site could send, were it the only one. Pure."""

import numpy as np

from oneshelf.matching.sourcing.problem import Ints, Problem


def cover(problem: Problem) -> Ints:
    """Return units [S, L] that stock and leave allow, never above what is wanted.

    A line that uses nothing is everywhere.
    """
    line, component = problem.uses.nonzero()
    units: Ints = np.tile(problem.wanted, (len(problem.site_stock), 1))
    if len(line):
        each = problem.site_stock[:, component] // problem.uses[line, component]
        lines, first = np.unique(line, return_index=True)
        least = np.minimum.reduceat(each, first, axis=1)
        units[:, lines] = np.clip(least, 0, units[:, lines])
    return units * problem.site_sends
