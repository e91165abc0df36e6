"""All alternating forms of a small task: the best stabilizer scheme for a given number of instances."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np

from qcoord_hw.theory.linear_computation.field import Array
from qcoord_hw.theory.linear_computation.forms import copies, server_cost
from qcoord_hw.theory.linear_computation.task import LinearTask

MAX_FORMS = 1024
"""Over F_2 this is K L = 5, over F_3 it is 4."""


def cheapest_forms(task: LinearTask, instances: int) -> tuple[Fraction, list[Array]] | None:
    """Return forms of the least cost for L instances, and that cost in qudits an instance.

    The least cost of s servers whose forms have a given sum follows from that of s - 1 servers, so all
    choices are covered although only pairs of forms are looked at.

    Args:
        task: reduced.
        instances: L.

    Returns:
        None when there are more than 1024 alternating matrices of size K L.
    """
    gf, size = task.field, task.rows * instances
    places = list(combinations(range(size), 2))
    count = gf.order ** len(places)
    if count > MAX_FORMS:
        return None
    weights = gf.order ** np.arange(len(places))
    entries = np.arange(count)[:, None] // weights % gf.order
    forms = np.zeros((count, size, size), dtype=np.int64)
    for k, (i, j) in enumerate(places):
        forms[:, i, j], forms[:, j, i] = entries[:, k], gf.neg[entries[:, k]]
    minus = np.zeros((count, count), dtype=np.int64)  # minus[a, b]: which form is form a - form b
    for k, weight in enumerate(weights):
        minus += weight * gf.add[entries[:, None, k], gf.neg[entries[None, :, k]]]
    doubled = [
        np.array([int(2 * server_cost(gf, copies(v, instances), form)) for form in forms])
        for v in task.matrices
    ]
    total, choices = doubled[0], []
    for costs in doubled[1:]:  # the form b of this server, where the sum so far is to be form a
        options = total[minus] + costs
        choices.append(options.argmin(axis=1))
        total = options.min(axis=1)
    target, chosen = 0, []
    for choice in reversed(choices):
        chosen.append(int(choice[target]))
        target = int(minus[target, chosen[-1]])
    return Fraction(int(total[0]), 2 * instances), [forms[k] for k in [target, *reversed(chosen)]]
