"""An independent check of precodings, generator matrices and lower bounds.

It shares no code with the solvers: arithmetic is that of galois, the algorithms are plain and written for
this file, so an error would have to be made twice to pass.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any

import galois
import numpy as np

Rows = list[list[int]]
GLANCE = 50  # maps looked at before it is assumed, for words still to be extended, that there is one


def check_claim(
    field: int,
    matrices: Sequence[Any],
    P: Sequence[Any],
    M: Any,
    c: int,
    irreducible_poly: Sequence[int] | None = None,
) -> list[str]:
    """Return what is wrong with a claimed solution of a linear computation; nothing if it holds.

    Checked are the conditions of [Hu2025, Theorem 1 and Lemma 3]: every P_s is invertible, the rank of
    sum V_s P_s V_s^T is c, and M = [V_1 P_1 .. V_S P_S H' | 0; 0 | V_1 .. V_S G'] has full rank and is
    self-orthogonal.

    Args:
        field: order of the field.
        matrices: V_s, shape (K, m_s), symbols as galois writes them.
        P: P_s, shape (m_s, m_s).
        M: shape (2K, 2N) with N = sum m_s + c, or None if only the precoding is claimed.
        c: number of auxiliary qudits.
        irreducible_poly: modulus of an extension field, highest coefficient first; Conway's if omitted.

    Returns:
        One line for each violated condition.
    """
    wrong: list[str] = []
    gf = _field(field, irreducible_poly)
    v = [_array(f"V_{s + 1}", x, (None, None), gf, wrong) for s, x in enumerate(matrices)]
    if len(P) != len(matrices):
        return [*wrong, f"P: {len(P)} matrices for {len(matrices)} servers"]
    if any(x is None for x in v) or not v:
        return wrong or ["V: no servers"]
    rows, sizes = v[0].shape[0], [x.shape[1] for x in v]
    if any(x.shape[0] != rows for x in v):
        return [*wrong, "V: numbers of rows differ"]
    if isinstance(c, bool) or not isinstance(c, (int, np.integer)) or c < 0:
        return [*wrong, f"c: {c!r} is not a number of qudits"]
    p = [_array(f"P_{s + 1}", x, (m, m), gf, wrong) for s, (x, m) in enumerate(zip(P, sizes, strict=True))]
    if any(x is None for x in p):
        return wrong
    wrong += [f"P_{s + 1}: singular" for s, x in enumerate(p) if _rank(x) < len(x)]
    total = gf.Zeros((rows, rows))
    for a, b in zip(v, p, strict=True):
        total = total + a @ b @ a.T
    if (rank := _rank(total)) != c:
        wrong.append(f"c: rank of sum V_s P_s V_s^T is {rank}, claimed {c}")
    if M is None:
        return wrong
    n = sum(sizes)
    big = n + int(c)
    m = _array("M", M, (2 * rows, 2 * big), gf, wrong)
    if m is None:
        return wrong
    parts = {
        "upper left block is not V_1 P_1 .. V_S P_S": (
            m[:rows, :n],
            np.hstack([a @ b for a, b in zip(v, p, strict=True)]),
        ),
        "lower right block is not V_1 .. V_S": (m[rows:, big : big + n], np.hstack(v)),
        "upper right block is not zero": (m[:rows, big:], gf.Zeros((rows, big))),
        "lower left block is not zero": (m[rows:, :big], gf.Zeros((rows, big))),
    }
    wrong += [
        f"M: {text}" for text, (is_, should) in parts.items() if not np.array_equal(is_, is_ * 0 + should)
    ]
    left, right = m[:, :big], m[:, big:]
    if np.any(left @ right.T - right @ left.T):
        wrong.append("M: not self-orthogonal, M J M^T is not zero")
    if (rank := _rank(m)) != 2 * rows:
        wrong.append(f"M: rank {rank}, not 2K = {2 * rows}")
    return wrong


def _field(order: int, poly: Sequence[int] | None) -> Any:
    ((p, r),) = zip(*galois.factors(order), strict=True)
    if r == 1:
        return galois.GF(p, compile="python-calculate")
    modulus = None if poly is None else galois.Poly([int(x) for x in poly], field=galois.GF(p))
    return galois.GF(p, r, irreducible_poly=modulus, compile="python-calculate")


def _array(name: str, value: Any, shape: tuple[int | None, int | None], gf: Any, wrong: list[str]) -> Any:
    try:
        array = np.array(value)
    except ValueError:
        array = np.array(0)
    if array.ndim != 2 or any(n not in (None, m) for n, m in zip(shape, array.shape, strict=True)):
        wrong.append(f"{name}: shape {array.shape}, allowed is {shape}")
    elif array.dtype.kind not in "iu" or array.size and not 0 <= array.min() <= array.max() < gf.order:
        wrong.append(f"{name}: symbols outside 0..{gf.order - 1}")
    else:
        return gf(array)
    return None


def _rank(a: Any) -> int:
    return int(np.linalg.matrix_rank(a)) if a.size else 0


def check_lower_bound(
    field: int,
    matrices: Sequence[Any],
    c_lower: int,
    certificate: dict[str, Any],
    irreducible_poly: Sequence[int] | None = None,
    budget: int = 300_000,
) -> str:
    """Re-check a proof that no precoding has an auxiliary rank below c_lower.

    Closed-form bounds are evaluated again. Exhaustive ones are repeated by other means: all P where they are
    few, else all subspaces of the code with all maps of them into its dual code that keep zeros in place.

    Args:
        field: order of the field.
        matrices: V_s, shape (K, m_s), of full column rank, together of rank K.
        c_lower: the bound.
        certificate: how it is proved.
        irreducible_poly: modulus of an extension field, highest coefficient first; Conway's if omitted.
        budget: how many precodings or maps are tried at most (a second is some ten thousand).

    Returns:
        "confirmed", "refuted: .." or "not rechecked: too large (..)".
    """
    arithmetic = _Arithmetic(_field(field, irreducible_poly))
    columns = [[[int(x) for x in row] for row in np.array(v)] for v in matrices]
    try:
        proved = _proved(arithmetic, columns, list(range(len(columns))), c_lower, certificate, budget)
    except _TooLargeError as error:
        return f"not rechecked: too large ({error})"
    except (KeyError, TypeError, IndexError, ValueError) as error:
        return f"refuted: the certificate cannot be read ({type(error).__name__}: {error})"
    return "confirmed" if proved is None else f"refuted: {proved}"


class _TooLargeError(Exception):
    pass


class _Arithmetic:
    """Row operations on lists of integers."""

    def __init__(self, gf: Any) -> None:
        elements = gf.elements
        self.order = int(gf.order)
        self.add = np.add.outer(elements, elements).tolist()
        self.mul = np.multiply.outer(elements, elements).tolist()
        self.neg = (-elements).tolist()
        self.inv = [0, *(gf(1) / elements[1:]).tolist()]

    def echelon(self, rows: Rows) -> tuple[Rows, list[int]]:
        """Return the reduced echelon form without zero rows, and its pivots."""
        add, mul = self.add, self.mul
        done: Rows = []
        pivots: list[int] = []
        for row in rows:
            for other, pivot in zip(done, pivots, strict=True):
                if row[pivot]:
                    times = mul[self.neg[row[pivot]]]
                    row = [add[x][times[y]] for x, y in zip(row, other, strict=True)]
            lead = next((j for j, x in enumerate(row) if x), None)
            if lead is None:
                continue
            times = mul[self.inv[row[lead]]]
            row = [times[x] for x in row]
            for k, other in enumerate(done):
                if other[lead]:
                    times = mul[self.neg[other[lead]]]
                    done[k] = [add[x][times[y]] for x, y in zip(other, row, strict=True)]
            done.append(row)
            pivots.append(lead)
        return done, pivots

    def rank(self, rows: Rows) -> int:
        return len(self.echelon(rows)[1])

    def product(self, a: Rows, b: Rows) -> Rows:
        out = []
        for row in a:
            total = [0] * len(b[0])
            for x, other in zip(row, b, strict=True):
                times = self.mul[x]
                total = [self.add[t][times[y]] for t, y in zip(total, other, strict=True)]
            out.append(total)
        return out

    def kernel(self, rows: Rows, width: int) -> Rows:
        """Return a basis of the x with rows x = 0."""
        reduced, pivots = self.echelon(rows)
        basis = []
        for j in (j for j in range(width) if j not in pivots):
            x = [int(i == j) for i in range(width)]
            for row, pivot in zip(reduced, pivots, strict=True):
                x[pivot] = self.neg[row[j]]
            basis.append(x)
        return basis


def _side_by_side(parts: Sequence[Rows]) -> Rows:
    return [list(itertools.chain(*rows)) for rows in zip(*parts, strict=True)]


def _proved(
    f: _Arithmetic, v: list[Rows], servers: list[int], c_lower: int, certificate: dict[str, Any], budget: int
) -> str | None:
    """Return why the bound does not follow for these servers, or None."""
    method = certificate["method"]
    if method == "trivial":
        return None if c_lower <= 0 else f"c >= {c_lower} is not trivial"
    rows, _ = f.echelon(_side_by_side([v[s] for s in servers]))
    if method == "direct sum":
        blocks = certificate["blocks"]
        if sorted(s for block in blocks for s in block["servers"]) != servers:
            return "the blocks are not a partition of the servers"
        spans = [f.rank(_side_by_side([v[s] for s in block["servers"]])) for block in blocks]
        if sum(spans) != len(rows):
            return "the blocks do not span a direct sum"
        if sum(block["c_lower"] for block in blocks) < c_lower:
            return "the bounds of the blocks add up to less"
        late: _TooLargeError | None = None
        for block in blocks:
            try:
                found = _proved(f, v, sorted(block["servers"]), block["c_lower"], block, budget)
            except _TooLargeError as error:
                late, found = error, None
            if found is not None:
                return f"servers {block['servers']}: {found}"
        if late is not None:
            raise late
        return None
    if method == "rank bound":
        value = _rank_bound(f, v, servers, certificate)
        return None if value >= c_lower else f"the rank bound is {value}"
    if method == "kernel enumeration":
        return _exhaust(f, rows, [len(v[s][0]) for s in servers], c_lower, budget)
    return f"unknown method {method!r}"


def _rank_bound(f: _Arithmetic, v: list[Rows], servers: list[int], certificate: dict[str, Any]) -> int:
    """Evaluate c >= rank(U V_T) + rank(W V_T) - m_T - min(rank U V_Q, rank W V_Q), U V_A = 0, W V_B = 0."""
    code, _ = f.echelon(_side_by_side([v[s] for s in servers]))
    sizes = [len(v[s][0]) for s in servers]
    width, extra = sum(sizes), 0
    if certificate["side"] == "dual":
        extra, code = 2 * len(code) - width, f.kernel(code, width)
    starts = list(itertools.accumulate([0, *sizes]))
    place = {s: range(starts[k], starts[k + 1]) for k, s in enumerate(servers)}
    left, right = set(certificate["left"]), set(certificate["right"])
    through, rest = set(certificate["through"]), set(certificate["rest"])
    if left | right | through | rest != set(servers) or (left | right) & (through | rest) or through & rest:
        raise ValueError("left, right, through and rest do not divide the servers")

    def seen(past: set[int], of: set[int]) -> int:
        """Rank of the columns of `of` once those of `past` are annihilated."""
        columns = [[row[j] for row in code] for s in sorted(past) for j in place[s]]
        more = [[row[j] for row in code] for s in sorted(of) for j in place[s]]
        return f.rank(columns + more) - f.rank(columns)

    m = sum(len(place[s]) for s in through)
    value = seen(left, through) + seen(right, through) - m - min(seen(left, rest), seen(right, rest))
    return value + extra


def _exhaust(f: _Arithmetic, code: Rows, sizes: list[int], c_lower: int, budget: int) -> str | None:
    """Search all precodings for one of rank below c_lower."""
    ends = list(itertools.accumulate(sizes))
    blocks = [[row[end - m : end] for row in code] for end, m in zip(ends, sizes, strict=True)]
    if f.order ** sum(m * m for m in sizes) <= 8 * budget:
        for sums in _all_sums(f, blocks, [[0] * len(code) for _ in code]):
            if (rank := f.rank(sums)) < c_lower:
                return f"a precoding has rank {rank}"
        return None
    k = len(code) - c_lower + 1  # dimension of the kernel of a counterexample
    dual = f.kernel(code, sum(sizes))
    if k > len(dual):
        return None
    search = (
        _Maps(f, code, dual, ends, k, budget)
        if len(code) <= len(dual)
        else _Maps(f, dual, code, ends, k, budget)
    )
    return f"a precoding has a kernel of dimension {k}" if search.exists([], []) else None


def _all_sums(f: _Arithmetic, blocks: list[Rows], total: Rows) -> Iterator[Rows]:
    """Yield sum V_s P_s V_s^T for all invertible P_s."""
    if not blocks:
        yield total
        return
    v, m = blocks[0], len(blocks[0][0])
    transposed = [list(column) for column in zip(*v, strict=True)]
    for symbols in itertools.product(range(f.order), repeat=m * m):
        p = [list(symbols[i * m : i * m + m]) for i in range(m)]
        if f.rank(p) == m:
            term = f.product(f.product(v, p), transposed)
            added = [
                [f.add[x][y] for x, y in zip(a, b, strict=True)] for a, b in zip(total, term, strict=True)
            ]
            yield from _all_sums(f, blocks[1:], added)


class _Maps:
    """Is there a k-dimensional subspace N of a code, and a linear map of N into the dual, that keeps zeros?

    That is, x_s = 0 exactly where the image of x is zero on server s, for all x in N. Such maps are those by
    invertible P_s, and the image lies in the dual iff sum V_s P_s x_s = 0.
    """

    def __init__(self, f: _Arithmetic, code: Rows, dual: Rows, ends: list[int], k: int, budget: int) -> None:
        self.f, self.code, self.dual, self.k = f, code, dual, k
        self.blocks = list(zip([0, *ends], ends, strict=False))
        self.budget = budget
        self.random = random.Random(0)

    def exists(self, words: Rows, leads: list[int]) -> bool:
        """Whether the span of these words, of these leading positions, can be extended to a solution."""
        if len(words) == self.k:
            return True
        for lead in range((leads[-1] if leads else len(self.code)) - 1, self.k - len(words) - 2, -1):
            free = [j for j in range(lead + 1, len(self.code)) if j not in leads]
            for symbols in itertools.product(range(self.f.order), repeat=len(free)):
                vector = [0] * len(self.code)
                vector[lead] = 1
                for j, x in zip(free, symbols, strict=True):
                    vector[j] = x
                more = [*words, self.f.product([vector], self.code)[0]]
                if self._possible(more) and self.exists(more, [*leads, lead]):
                    return True
        return False

    def _possible(self, words: Rows) -> bool:
        """Whether some map keeps the zeros of the span of these words; exact once there are k."""
        f, d, k = self.f, self.f.order, len(words)
        parts = [[word[i:j] for word in words] for i, j in self.blocks]
        images = [[word[i:j] for word in self.dual] for i, j in self.blocks]
        equations: Rows = []
        for part, image in zip(parts, images, strict=True):
            for z in f.kernel([list(column) for column in zip(*part, strict=True)], k):
                for column in zip(*image, strict=True):
                    equations.append([f.mul[a][b] for a in z for b in column])
        basis = f.kernel(f.echelon(equations)[0], k * len(self.dual))
        self._spend(1 + k)
        if not basis:
            return False
        wanted = [f.rank(part) for part in parts]
        tried = 0
        for weights in itertools.chain(
            ([self.random.randrange(d) for _ in basis] for _ in range(GLANCE)),
            (x for x in itertools.product(range(d), repeat=len(basis)) if next(filter(None, x), 0) == 1),
        ):
            self._spend(1)
            tried += 1
            if tried > 4 * GLANCE and k < self.k:
                return True
            flat = f.product([list(weights)], basis)[0]
            phi = [flat[i * len(self.dual) : (i + 1) * len(self.dual)] for i in range(k)]
            if all(f.rank(f.product(phi, im)) == r for im, r in zip(images, wanted, strict=True)):
                return True
        return False

    def _spend(self, steps: int) -> None:
        self.budget -= steps
        if self.budget < 0:
            raise _TooLargeError("the budget of maps is spent")
