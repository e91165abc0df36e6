"""An independent check of lower bounds on the auxiliary qudits: no precoding does with fewer.

Closed-form bounds are evaluated again. Exhaustive ones are repeated by other means: all P where they are few,
else all subspaces of the code with all maps of them into its dual code that keep zeros in place.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any

from qcoord_hw.theory.claims import CONFIRMED, brief, is_integer, same
from qcoord_hw.theory.linear_computation.checker.arithmetic import Arithmetic, Rows, side_by_side, transposed

GLANCE = 50  # maps looked at before it is assumed, for words still to be extended, that there is one
BUDGET = 300_000  # precodings or maps that are tried at most; a second is some ten thousand
FEW = 100_000  # precodings; so many are all tried
ROLES = ("left", "right", "through", "rest")

Path = tuple[str | int, ...]


class _TooLargeError(Exception):
    pass


class _RefutedError(Exception):
    pass


def check_lower_bound(
    f: Arithmetic, matrices: Sequence[Rows], c_lower: int, certificate: Any, budget: int = BUDGET
) -> tuple[str, list[Path]]:
    """Re-check a proof that no precoding has an auxiliary rank below c_lower, and that it says just this.

    Args:
        f: the field.
        matrices: V_s, shape (K, m_s), of full column rank, together of rank K.
        c_lower: the bound.
        certificate: how it is proved; parts of it that may be spoilt in any way.
        budget: how many precodings or maps are tried at most.

    Returns:
        "confirmed", "refuted: .." or "not rechecked: too large (..)", and which numbers of the certificate
        are determined by what is proved: paths inside it.
    """
    seen: list[Path] = []
    try:
        _Proof(f, matrices, budget, seen).check(list(range(len(matrices))), c_lower, certificate, ())
    except _TooLargeError as error:
        return f"not rechecked: too large ({error})", seen
    except _RefutedError as error:
        return f"refuted: {error}", seen
    return CONFIRMED, seen


class _Proof:
    """One certificate, with all its blocks, and what is left of the budget."""

    def __init__(self, f: Arithmetic, v: Sequence[Rows], budget: int, seen: list[Path]) -> None:
        self.f, self.v, self.budget, self.seen = f, v, budget, seen

    def check(self, servers: list[int], c_lower: int, certificate: Any, path: Path) -> None:
        """Prove the bound for these servers.

        Raises:
            _RefutedError: when it does not follow.
            _TooLargeError: when that would take too long.
        """
        if not isinstance(certificate, dict):
            raise _RefutedError(f"certificate {brief(certificate)}; allowed is an object")
        method = certificate.get("method")
        if method == "direct sum":
            self._direct_sum(servers, c_lower, certificate.get("blocks"), path)
            return
        if method != "trivial" or path:  # where nothing is to be proved, the whole has no block
            self._equal(certificate, "servers", servers, path)
            self._equal(certificate, "c_lower", c_lower, path)
        if method == "trivial":
            if c_lower != 0:
                raise _RefutedError(f"c >= {c_lower} is not trivial")
        elif method == "rank bound":
            value = _rank_bound(self.f, self.v, servers, certificate)
            if value != c_lower:
                raise _RefutedError(f"the rank bound is {value}")
        elif method == "kernel enumeration":
            self._kernels(servers, c_lower, certificate, path)
        else:
            raise _RefutedError(f"unknown method {brief(method)}")

    def _equal(self, certificate: dict[str, Any], key: str, should: Any, path: Path) -> None:
        """Require what a certificate says of itself, and note that it is determined."""
        if not same(certificate.get(key), should):
            raise _RefutedError(f"{key} {brief(certificate.get(key))}; it is {brief(should)}")
        self.seen.append((*path, key))

    def _direct_sum(self, servers: list[int], c_lower: int, blocks: Any, path: Path) -> None:
        if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
            raise _RefutedError("blocks are a list of objects")
        parts, bounds = [block.get("servers") for block in blocks], [block.get("c_lower") for block in blocks]
        if not all(
            isinstance(part, list) and all(type(s) is int for s in part) and part == sorted(part)
            for part in parts
        ):
            raise _RefutedError("servers of a block are a list of numbers in order")
        if sorted(s for part in parts for s in part) != servers or not all(parts):
            raise _RefutedError("the blocks are not a partition of the servers")
        if not all(is_integer(bound, 0, c_lower) for bound in bounds) or sum(bounds) != c_lower:
            raise _RefutedError("the bounds of the blocks do not add up to it")
        spans = [self.f.rank(side_by_side([self.v[s] for s in part])) for part in parts]
        if sum(spans) != self.f.rank(side_by_side([self.v[s] for s in servers])):
            raise _RefutedError("the blocks do not span a direct sum")
        late: _TooLargeError | None = None
        for k, (block, part) in enumerate(zip(blocks, parts, strict=True)):
            if block.get("method") == "direct sum":
                raise _RefutedError("a block is a direct sum once more")
            try:
                self.check(part, block["c_lower"], block, (*path, "blocks", k))
            except _TooLargeError as error:  # a later block may be refuted
                late = error
        if late is not None:
            raise late

    def _kernels(self, servers: list[int], c_lower: int, certificate: dict[str, Any], path: Path) -> None:
        """Search all precodings for one of rank below c_lower."""
        f, sizes = self.f, [len(self.v[s][0]) for s in servers]
        code, _ = f.echelon(side_by_side([self.v[s] for s in servers]))
        dual = f.kernel(code, sum(sizes))
        k = len(code) - c_lower + 1  # dimension of the kernel of a counterexample
        self._equal(certificate, "dimension", k, path)
        self._equal(certificate, "space", min(len(code), len(dual)), path)
        self._equal(certificate, "side", "dual" if len(dual) < len(code) else "code", path)
        if not 0 < k <= len(dual):
            return
        ends = list(itertools.accumulate(sizes))
        if f.order ** sum(m * m for m in sizes) <= FEW:
            blocks = [[row[end - m : end] for row in code] for end, m in zip(ends, sizes, strict=True)]
            for sums in _all_sums(f, blocks, [[0] * len(code) for _ in code]):
                if (rank := f.rank(sums)) < c_lower:
                    raise _RefutedError(f"a precoding has rank {rank}")
            return
        few, many = (code, dual) if len(code) <= len(dual) else (dual, code)
        search = _Maps(f, few, many, ends, k, self.budget)
        found = search.exists([], [])
        self.budget = search.budget
        if found:
            raise _RefutedError(f"a precoding has a kernel of dimension {k}")


def _rank_bound(f: Arithmetic, v: Sequence[Rows], servers: list[int], certificate: dict[str, Any]) -> int:
    """Evaluate c >= rank(U V_T) + rank(W V_T) - m_T - min(rank U V_Q, rank W V_Q), U V_A = 0, W V_B = 0."""
    code, _ = f.echelon(side_by_side([v[s] for s in servers]))
    sizes = [len(v[s][0]) for s in servers]
    width, extra = sum(sizes), 0
    if certificate.get("side") == "dual":
        extra, code = 2 * len(code) - width, f.kernel(code, width)
    starts = list(itertools.accumulate([0, *sizes]))
    place = {s: range(starts[k], starts[k + 1]) for k, s in enumerate(servers)}
    roles: list[Any] = [certificate.get(role) for role in ROLES]
    if not all(isinstance(own, list) and all(is_integer(s, 0, max(servers)) for s in own) for own in roles):
        raise _RefutedError("left, right, through and rest are lists of servers")
    left, right, through, rest = (set[int](own) for own in roles)
    if left | right | through | rest != set(servers) or (left | right) & (through | rest) or through & rest:
        raise _RefutedError("left, right, through and rest do not divide the servers")

    def seen(past: set[int], of: set[int]) -> int:
        """Rank of the columns of `of` once those of `past` are annihilated."""
        columns = [[row[j] for row in code] for s in sorted(past) for j in place[s]]
        more = [[row[j] for row in code] for s in sorted(of) for j in place[s]]
        return f.rank(columns + more) - f.rank(columns)

    m = sum(len(place[s]) for s in through)
    value = seen(left, through) + seen(right, through) - m - min(seen(left, rest), seen(right, rest))
    return value + extra


def _all_sums(f: Arithmetic, blocks: list[Rows], total: Rows) -> Iterator[Rows]:
    """Yield sum V_s P_s V_s^T for all invertible P_s."""
    if not blocks:
        yield total
        return
    v, m = blocks[0], len(blocks[0][0])
    turned = transposed(v)
    for symbols in itertools.product(range(f.order), repeat=m * m):
        p = [list(symbols[i * m : i * m + m]) for i in range(m)]
        if f.rank(p) == m:
            term = f.product(f.product(v, p), turned)
            yield from _all_sums(f, blocks[1:], f.total([total, term]))


class _Maps:
    """Is there a k-dimensional subspace N of a code, and a linear map of N into the dual, that keeps zeros?

    That is, x_s = 0 exactly where the image of x is zero on server s, for all x in N. Such maps are those by
    invertible P_s, and the image lies in the dual iff sum V_s P_s x_s = 0.
    """

    def __init__(self, f: Arithmetic, code: Rows, dual: Rows, ends: list[int], k: int, budget: int) -> None:
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
