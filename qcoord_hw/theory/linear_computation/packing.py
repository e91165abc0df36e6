"""Alternating forms for vectors that several servers have in common (see `beyond`).

For t servers with a common vector g, and vectors p_s that all of them but one have for themselves, the forms
g^p_s, and -g^(sum p_s) for the last server, cost t qudits. Alone g would cost t/2 and every p_s one more, so
this saves t/2 - 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import combinations

import numpy as np

from qcoord_hw.theory.linear_computation.field import Array, Field
from qcoord_hw.theory.linear_computation.forms import wedge
from qcoord_hw.theory.linear_computation.task import LinearTask

MAX_SUBSETS = 8
"""Up to so many servers what every subset has in common is used: there are 255 subsets of eight."""


def meet(gf: Field, a: Array, b: Array) -> Array:
    """Return a basis, as rows, of the intersection of two row spaces."""
    relations = gf.null_space(np.vstack([a, b]).T)
    return gf.rref(gf.matmul(relations[:, : len(a)], a))[0]


def complement(gf: Field, large: Array, small: Array) -> Array:
    """Return rows of `large` that complete the rows of `small` to a basis of the sum of the row spaces."""
    pivots = gf.rref(np.vstack([small, large]).T)[1]
    return large[[k - len(small) for k in pivots if k >= len(small)]]


def spread(vectors: Array, instances: int) -> list[Array]:
    """Return a copy of each vector in each instance; the copies of one vector stand together."""
    return [np.kron(e, v) for v in vectors for e in np.eye(instances, dtype=np.int64)]


def private_parts(gf: Field, spaces: Sequence[Array]) -> list[Array]:
    """Return, for each space, rows that complete its intersection with the sum of the others."""
    found = []
    for s, space in enumerate(spaces):
        others = np.vstack([space[:0], *(other for t, other in enumerate(spaces) if t != s)])
        found.append(complement(gf, space, meet(gf, space, others)))
    return found


def common_forms(task: LinearTask, instances: int) -> list[Array]:
    """Return forms for any number of servers that use what subsets of them have in common.

    Args:
        task: reduced.
        instances: L.

    Returns:
        Alternating matrices, shape (K L, K L), with sum zero; good where one basis serves all column spaces.
    """
    gf, spaces = task.field, [v.T for v in task.matrices]
    forms = np.zeros((len(spaces), task.rows * instances, task.rows * instances), dtype=np.int64)
    private = [spread(part, instances) for part in private_parts(gf, spaces)]
    meets = _meets(gf, spaces)
    for subset in sorted(meets, key=len, reverse=True):
        larger = [inner for other, inner in meets.items() if set(other) > set(subset)]
        part = complement(gf, meets[subset], gf.rref(np.vstack([spaces[0][:0], *larger]))[0])
        pack(gf, forms, subset, spread(part, instances), private)
    return list(forms)


def _meets(gf: Field, spaces: Sequence[Array]) -> dict[tuple[int, ...], Array]:
    """Return the intersections that are not zero, of every two or more spaces (of all, if they are many)."""
    everyone = tuple(range(len(spaces)))
    if len(spaces) > MAX_SUBSETS:
        inner = reduce(lambda a, b: meet(gf, a, b), spaces)
        return {everyone: inner} if len(inner) else {}
    meets: dict[tuple[int, ...], Array] = {(s,): spaces[s] for s in everyone}
    for t in range(2, len(spaces) + 1):
        for subset in combinations(everyone, t):
            if subset[:-1] in meets:
                inner = meet(gf, meets[subset[:-1]], spaces[subset[-1]])
                if len(inner):
                    meets[subset] = inner
    return {subset: inner for subset, inner in meets.items() if len(subset) > 1}


def pack(
    gf: Field, forms: Array, servers: Sequence[int], vectors: list[Array], private: list[list[Array]]
) -> None:
    """Add forms for vectors that some servers have in common, and for private ones with them.

    Args:
        gf: the field.
        forms: shape (S, K L, K L), changed in place.
        servers: those that have the vectors.
        vectors: linearly independent.
        private: vectors of each server alone; those used are removed.
    """
    used: list[tuple[Array, int, dict[int, Array]]] = []
    vectors = list(vectors)
    while vectors and len(servers) > 2:
        last, *givers = sorted(servers, key=lambda s: len(private[s]))
        if not all(private[s] for s in givers):
            break
        used.append((vectors.pop(), last, {s: private[s].pop() for s in givers}))
    if used and len(vectors) % 2:  # the vectors left go by twos
        vector, _, givers_ = used.pop()
        vectors.append(vector)
        for s, p in givers_.items():
            private[s].append(p)
    for g, last, own in used:
        for s, p in own.items():
            forms[s] = gf.add[forms[s], wedge(gf, 1, g, p)]
        forms[last] = gf.add[forms[last], wedge(gf, 1, gf.total(list(own.values())), g)]
    _pack_alone(gf, forms, servers, vectors)


def _pack_alone(gf: Field, forms: Array, servers: Sequence[int], vectors: list[Array]) -> None:
    """Give the vectors forms of full rank with sum zero: blocks I and -I, and I, X, -(I + X) for an odd rest.

    A pair of vectors and a number X do, except over F_2, where X and I + X are invertible for four vectors
    only; for two vectors the third form is then zero.
    """
    number = next((x for x in range(1, gf.order) if gf.add[x, 1]), 1)
    while len(vectors) >= 2:
        four = gf.order == 2 and len(servers) % 2 and len(vectors) >= 4
        x = np.array([[0, 1], [1, 1]] if four else [[number]])
        unit = np.eye(len(x), dtype=np.int64)
        blocks = [unit, gf.neg[unit]] * (len(servers) // 2)
        if len(servers) % 2:
            blocks[-1:] = [x, gf.neg[gf.add[unit, x]]]
        block = [vectors.pop() for _ in range(2 * len(x))]
        for server, form in zip(servers, blocks, strict=True):
            for i, j in zip(*np.nonzero(form), strict=True):
                forms[server] = gf.add[forms[server], wedge(gf, form[i, j], block[i], block[len(x) + j])]
