"""An independent check of precodings, generator matrices and what follows from them [Hu2025, Theorem 1]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from qcoord_hw.theory.claims import Findings, Path, brief, is_integer
from qcoord_hw.theory.linear_computation.checker.arithmetic import (
    Arithmetic,
    ClaimError,
    Rows,
    arithmetic,
    read_matrix,
    side_by_side,
    transposed,
)

MAX_ROWS = MAX_COLUMNS = 64
MAX_SERVERS = 32
MAX_SYMBOLS = 512
MAX_BATCHES = 3
MAX_BATCHED = 64
"""Degrees 1, 2, 3, those above 1 as far as the field of p^r is no larger than this."""


@dataclass(frozen=True)
class ClaimedTask:
    """The task of an answer.

    Attributes:
        f: the field.
        servers: names, in the order of the columns of V and M.
        v: one K x m_s matrix a server, of full column rank, together of rank K.
    """

    f: Arithmetic
    servers: list[str]
    v: list[Rows]

    @property
    def rows(self) -> int:
        """K."""
        return len(self.v[0])

    @property
    def sizes(self) -> list[int]:
        """m_s."""
        return [len(v[0]) for v in self.v]


def read_task(findings: Findings) -> ClaimedTask:
    """Return the task of an answer, and confirm what the answer says of it.

    Raises:
        ClaimError: when it is none, or one that is not reduced.
    """
    f = arithmetic(findings.get("field"), findings.get("irreducible_poly"))
    given, servers = findings.get("V"), findings.get("server_order")
    if not isinstance(given, dict) or not 1 <= len(given) <= MAX_SERVERS:
        raise ClaimError(f"V: {brief(given)}; allowed are 1 to {MAX_SERVERS} servers with their matrices")
    if not isinstance(servers, list) or not all(isinstance(s, str) for s in servers):
        raise ClaimError(f"server_order: {brief(servers)}; allowed is a list of names")
    if len(servers) != len(given) or set(servers) != set(given):
        raise ClaimError("server_order: other servers than V has")
    rows = _length("V", given[servers[0]], MAX_ROWS)
    v = []
    for s in servers:
        columns = _length("V", given[s][0] if isinstance(given[s], list) and given[s] else None, MAX_COLUMNS)
        v.append(read_matrix("V", given[s], rows, columns, f.order))
    task = ClaimedTask(f, servers, v)
    if sum(task.sizes) > MAX_SYMBOLS:
        raise ClaimError(f"V: {sum(task.sizes)} symbols; allowed are at most {MAX_SYMBOLS}")
    if any(f.rank(own) < size for own, size in zip(v, task.sizes, strict=True)):
        raise ClaimError("V: the columns of a server are dependent; allowed is what theory calls reduced")
    if f.rank(side_by_side(v)) < rows:
        raise ClaimError("V: the rows are dependent; allowed is what theory calls reduced")
    findings.confirm("field")
    if f.degree == 1:  # else which modulus the symbols are written with is the asker's choice
        findings.confirm("irreducible_poly")
    findings.confirm("V")
    findings.equal(("K",), rows)
    findings.equal(("servers",), dict(zip(servers, task.sizes, strict=True)))
    return task


def _length(name: str, value: Any, most: int) -> int:
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise ClaimError(f"{name}: {brief(value)}; allowed are matrices with 1 to {most} rows and columns")
    return len(value)


def check_reduction(findings: Findings, task: ClaimedTask) -> None:
    """Check that the matrices as written are those of the task between two others.

    Raises:
        ClaimError: when they cannot be read.
    """
    where, f = "reduction", task.f
    written, inputs, outputs = (findings.get(where, key) for key in ("V", "inputs", "outputs"))
    for key, given in (("V", written), ("inputs", inputs)):
        if not isinstance(given, dict) or set(given) != set(task.servers):
            raise ClaimError(f"{where}.{key}: {brief(given)}; allowed is one matrix for each server")
    rows = _length(f"{where}.outputs", outputs, MAX_ROWS)
    o = read_matrix(f"{where}.outputs", outputs, rows, task.rows, f.order)
    for s, own, size in zip(task.servers, task.v, task.sizes, strict=True):
        first = inputs[s][0] if isinstance(inputs[s], list) and inputs[s] else None
        columns = _length(f"{where}.inputs.{s}", first, MAX_COLUMNS)
        r = read_matrix(f"{where}.inputs.{s}", inputs[s], size, columns, f.order)
        findings.equal((where, "V", s), f.product(o, f.product(own, r)))
    for key in ("inputs", "outputs"):
        findings.confirm(where, key)


def read_precoding(name: str, task: ClaimedTask, given: Any) -> list[Rows]:
    """Return claimed precoding matrices, one per server.

    Raises:
        ClaimError: when they are none, or one is singular.
    """
    if not isinstance(given, dict) or set(given) != set(task.servers):
        raise ClaimError(f"{name}: {brief(given)}; allowed is one matrix for each server")
    p = [
        read_matrix(f"{name}.{s}", given[s], m, m, task.f.order)
        for s, m in zip(task.servers, task.sizes, strict=True)
    ]
    for s, own in zip(task.servers, p, strict=True):
        if task.f.rank(own) < len(own):
            raise ClaimError(f"{name}.{s}: singular")
    return p


def auxiliary(task: ClaimedTask, p: Sequence[Rows] | None) -> int:
    """Return the rank of sum V_s P_s V_s^T; of sum V_s V_s^T without P."""
    f = task.f
    terms = [f.product(v if p is None else f.product(v, p[s]), transposed(v)) for s, v in enumerate(task.v)]
    return f.rank(f.total(terms))


def check_scheme(findings: Findings, task: ClaimedTask) -> int:
    """Check c, P, M and what is read off M; return c.

    M = [V_1 P_1 .. V_S P_S H' | 0; 0 | V_1 .. V_S G'] has full rank and is self-orthogonal; each row (l | r)
    is read from the generator X(-r) Z(l).

    Raises:
        ClaimError: when something does not hold on which the rest depends.
    """
    f, rows, n = task.f, task.rows, sum(task.sizes)
    p = read_precoding("P", task, findings.get("P"))
    c = auxiliary(task, p)
    findings.equal(("c",), c)
    findings.equal(("c_without_precoding",), auxiliary(task, None))
    if findings.violations:
        raise ClaimError(f"c: the precoding P needs {c}")
    total = n + c
    m = read_matrix("M", findings.get("M"), 2 * rows, 2 * total, f.order)
    left, right = [row[:total] for row in m[:rows]], [row[total:] for row in m[rows:]]
    coded = side_by_side([f.product(v, own) for v, own in zip(task.v, p, strict=True)])
    for wrong, text in (
        ([row[:n] for row in left] != coded, "upper left block is not V_1 P_1 .. V_S P_S"),
        ([row[:n] for row in right] != side_by_side(task.v), "lower right block is not V_1 .. V_S"),
        (any(map(any, (row[total:] for row in m[:rows]))), "upper right block is not zero"),
        (any(map(any, (row[:total] for row in m[rows:]))), "lower left block is not zero"),
        (any(map(any, f.product(left, transposed(right)))), "not self-orthogonal, M J M^T is not zero"),
    ):  # the ranks of V and V P are K, so that of M is 2K
        if wrong:
            raise ClaimError(f"M: {text}")
    findings.confirm("P")
    findings.confirm("M")
    findings.equal(("qudits",), total)
    generators = [
        {
            "output": f"y{1 + k // rows}[{k % rows}]",
            "x": [f.neg[x] for x in row[total:]],
            "z": row[:total],
        }
        for k, row in enumerate(m)
    ]
    findings.equal(("generators",), generators)
    _check_download(findings, task, total)
    _check_bonus(findings, task, p, left, right)
    if "lemma_2" in findings.answer:
        _check_lemma_2(findings, task, coded, c)
    return c


def _check_lemma_2(findings: Findings, task: ClaimedTask, coded: Rows, c: int) -> None:
    """B_1 and B_2 make H G^T diagonal; H' and G' are (61) and (62) behind their inverses, and make it 0."""
    f, k, path = task.f, task.rows, "lemma_2"
    b = [read_matrix(f"{path}.{n}", findings.get(path, n), k, k, f.order) for n in ("B_1", "B_2")]
    r = f.product(coded, transposed(side_by_side(task.v)))
    diagonal = f.product(f.product(b[0], r), transposed(b[1]))
    values = [diagonal[i][i] for i in range(c)]
    off = any(x for i, row in enumerate(diagonal) for j, x in enumerate(row) if i != j or i >= c)
    if off or not all(values) or any(f.rank(one) < k for one in b):  # where they do, others may as well
        line = "B_1 H G^T B_2^T is not diagonal with c entries, or one of the two is singular"
        findings.wrong((path, "B_1"), line)
    findings.equal((path, "diagonal"), values)
    literal = f.total([r] if not c else [r, _printed(f, b, values, k)])
    findings.equal((path, "literal"), not any(map(any, literal)))
    if not c:
        findings.equal((path, "H'"), [[] for _ in range(k)])
        findings.equal((path, "G'"), [[] for _ in range(k)])
        return
    added = [read_matrix(f"{path}.{n}", findings.get(path, n), k, c, f.order) for n in ("H'", "G'")]
    for name, own, matrix, entries in zip(
        ("H'", "G'"), b, added, ([f.neg[x] for x in values], [1] * c), strict=True
    ):
        findings.require(
            f.product(own, matrix) == _corner(entries, k), (path, name), "not the paper's behind its inverse"
        )
    if any(map(any, f.total([r, f.product(added[0], transposed(added[1]))]))):
        findings.wrong((path,), "H G^T + H' G'^T is not zero")


def _corner(entries: list[int], rows: int) -> Rows:
    """Return diag(entries) above rows of zeros: (61), (62)."""
    return [[x if i == j else 0 for j, x in enumerate(entries)] for i in range(rows)]


def _printed(f: Arithmetic, b: list[Rows], values: list[int], rows: int) -> Rows:
    """Return H' G'^T as Lemma 3 prints them: B_1 times (61), B_2 times (62)."""
    h = f.product(b[0], _corner([f.neg[x] for x in values], rows))
    return f.product(h, transposed(f.product(b[1], _corner([1] * len(values), rows))))


def _check_download(findings: Findings, task: ClaimedTask, total: int) -> None:
    """Every server sends its data's qudits, somebody the auxiliary ones."""
    given = findings.get("download")
    findings.require(
        isinstance(given, dict)
        and set(given) == set(task.servers)
        and all(is_integer(given[s], m, total) for s, m in zip(task.servers, task.sizes, strict=True))
        and sum(given.values()) == total,
        ("download",),
        f"{brief(given)}; it is at least m_s qudits of every server, {total} in all",
    )


def _check_bonus(findings: Findings, task: ClaimedTask, p: list[Rows], left: Rows, right: Rows) -> None:
    """Each further output commutes with the generators and is independent of them, and there is no other."""
    f, total = task.f, len(left[0])
    given = findings.get("bonus_outputs")
    missing = total - 2 * task.rows
    if not isinstance(given, list) or len(given) != missing:
        findings.wrong(("bonus_outputs",), f"{brief(given)}; it is a list of N - 2K = {missing}")
        return
    z = []
    for k, entry in enumerate(given):
        own = entry.get("z") if isinstance(entry, dict) else None
        z += read_matrix(f"bonus_outputs.{k}.z", [own], 1, total, f.order)
        function, start = {}, 0
        for s, m, precoder in zip(task.servers, task.sizes, p, strict=True):
            # a row of coefficients g with g P_s = the exponents of that server
            function[s] = _solved(f, precoder, z[k][start : start + m])
            start += m
        findings.equal(
            ("bonus_outputs", k), {"x": [0] * total, "z": own, "instance": 1, "function": function}
        )
    findings.require(
        not z or not any(map(any, f.product(right, transposed(z)))),
        ("bonus_outputs",),
        "one does not commute with the generators",
    )
    if f.rank(left + z) != task.rows + missing:
        findings.wrong(("bonus_outputs",), "they are dependent")


def _solved(f: Arithmetic, p: Rows, row: list[int]) -> list[int]:
    """Return the g with g P = row; P is invertible."""
    reduced, _ = f.echelon(side_by_side([transposed(p), [[x] for x in row]]))
    return [own[-1] for own in reduced]


def check_batched(findings: Findings, task: ClaimedTask) -> list[tuple[Path, ClaimedTask, int]]:
    """Check the rates of several instances in one symbol of a larger field.

    Returns:
        For each entry of `batched` its path, the task over the larger field, and c; c_lower is still to be
        proved.

    Raises:
        ClaimError: when an entry cannot be read.
    """
    given = findings.get("batched")
    most = 0 if task.f.degree > 1 else MAX_BATCHES
    if not isinstance(given, list) or len(given) > most:
        raise ClaimError(f"batched: {brief(given)}; allowed is a list of at most {most} entries")
    out: list[tuple[Path, ClaimedTask, int]] = []
    for k in range(len(given)):
        path: Path = ("batched", k)
        order, modulus = findings.get(*path, "field"), findings.get(*path, "irreducible_poly")
        f = arithmetic(order, modulus, f"batched.{k}.")
        if f.characteristic != task.f.order:
            raise ClaimError(f"batched.{k}.field: {f.order} is no power of {task.f.order}")
        own = ClaimedTask(f, task.servers, task.v)
        c = auxiliary(own, read_precoding(f"batched.{k}.P", own, findings.get(*path, "P")))
        findings.confirm(*path, "field")
        if f.degree == 1:
            findings.confirm(*path, "irreducible_poly")
        findings.equal((*path, "instances"), 2 * f.degree)
        findings.equal((*path, "c"), c)
        findings.equal((*path, "rate"), str(Fraction(2 * task.rows, sum(task.sizes) + c)))
        out.append((path, own, c))
    _check_all_degrees(findings, task, out)
    return out


def _check_all_degrees(
    findings: Findings, task: ClaimedTask, found: list[tuple[Path, ClaimedTask, int]]
) -> None:
    """Check that every degree is there once, the best rate first; that none is there stays unchecked."""
    ranks = [(c, own.f.degree) for _, own, c in found]  # the least c has the best rate
    every = [r for r in range(1, MAX_BATCHES + 1) if r == 1 or task.f.order**r <= MAX_BATCHED]
    if ranks and (sorted(r for _, r in ranks) != every or ranks != sorted(ranks)):
        findings.wrong(
            ("batched",), f"degrees {[r for _, r in ranks]}; all of {every} are there, the best rate first"
        )
    if task.f.degree == 1 and not ranks:  # no time was left for them
        findings.leave("batched")
