"""An independent check of what an answer says of a stabilizer file: the N-sum box beside the task."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from qcoord_hw.theory.claims import Findings, Path, brief, is_integer
from qcoord_hw.theory.linear_computation.checker.arithmetic import (
    Arithmetic,
    ClaimError,
    Rows,
    read_matrix,
    transposed,
)
from qcoord_hw.theory.linear_computation.checker.scheme import ClaimedTask

MAX_QUDITS = 256
GIVEN = "the stabilizers as given"


def check_stabilizers(findings: Findings, task: ClaimedTask) -> None:
    """Check that the generators commute, compute the task of the answer, and cost what is said.

    Raises:
        ClaimError: when the claim cannot be read.
    """
    where, f = "stabilizers", task.f
    own = findings.get(where)
    servers, names = findings.get(where, "servers"), findings.get(where, "server_order")
    if not isinstance(servers, dict) or not isinstance(names, list) or list(map(str, names)) != list(names):
        raise ClaimError(f"{where}.servers: {brief(servers)}; allowed are names, each with its qudits")
    if set(names) != set(servers) or len(names) != len(servers):
        raise ClaimError(f"{where}.server_order: other servers than those that hold qudits")
    held = [q for s in names for q in (servers[s] if isinstance(servers[s], list) else [None])]
    n, claimed = len(held), findings.get(where, "M")
    if not n <= MAX_QUDITS or not all(is_integer(q, 0, n - 1) for q in held) or len(set(held)) != n:
        raise ClaimError(f"{where}.servers: {brief(servers)}; allowed is one holder for each qudit")
    m = read_matrix(f"{where}.M", claimed, len(claimed) if isinstance(claimed, list) else 0, 2 * n, f.order)
    findings.confirm(where, "servers")
    findings.require(_commute(f, m), (where, "M"), "its generators do not commute")
    findings.equal((where, "self_orthogonal"), True)
    rank = f.rank(m)
    findings.equal((where, "strongly_self_orthogonal"), rank == n)
    further = findings.get(where, "completion")
    rows = read_matrix(f"{where}.completion", further, n - rank, 2 * n, f.order)
    whole = m + rows
    findings.require(
        _commute(f, whole) and f.rank(whole) == n, (where, "completion"), "does not complete the generators"
    )
    idle = [q for q in range(n) if not any(row[q] or row[n + q] for row in m)]
    findings.equal((where, "idle"), idle)
    columns = {s: [*servers[s], *(n + q for q in servers[s])] for s in names}
    v = {s: [[row[k] for k in columns[s]] for row in m] for s in names}
    findings.equal((where, "V"), v)
    _check_task(findings, task, m, v)
    _check_signs(findings, (where, "offset"), own, m, n, f)
    sent = n - len(idle)
    findings.equal((where, "qudits"), sent)
    findings.equal((where, "rate"), str(Fraction(task.rows, sent)))
    _check_least(findings, task, sent)


def _commute(f: Arithmetic, m: Rows) -> bool:
    """Return whether M J M^T = 0."""
    n = len(m[0]) // 2
    product = f.product([row[:n] for row in m], transposed([row[n:] for row in m]))
    return product == transposed(product)


def _check_task(findings: Findings, task: ClaimedTask, m: Rows, v: dict[str, Rows]) -> None:
    """Check that the answer's task is what the box computes, without what depends on the rest."""
    _, kept = task.f.echelon(transposed(m))
    reduced: dict[str, Rows] = {}
    for s, own in v.items():
        small = [own[k] for k in kept]
        _, columns = task.f.echelon(small)
        if columns:
            reduced[s] = [[row[j] for j in columns] for row in small]
    given = dict(zip(task.servers, task.v, strict=True))
    findings.require(reduced == given, ("V",), "is not what the stabilizers compute")


def _check_signs(findings: Findings, path: Path, own: dict[str, Any], m: Rows, n: int, f: Arithmetic) -> None:
    """Check that the generators as text are the rows of M, and their signs the offset."""
    texts, offset = own.get("generators"), own.get("offset")
    if f.order > 2:
        findings.equal(path, [0] * len(m))
        should = [" ".join(_word(f.neg[row[n + q]], row[q]) for q in range(n)) for row in m]
        findings.equal((path[0], "generators"), should)
        return
    bits = isinstance(offset, list) and len(offset) == len(m) and all(is_integer(e, 0, 1) for e in offset)
    if not bits or not isinstance(offset, list):
        findings.wrong(path, f"{brief(offset)}; it is a bit for each generator")
        return
    letters = {(0, 0): "_", (1, 0): "X", (0, 1): "Z", (1, 1): "Y"}
    should = [
        "+-"[e] + "".join(letters[row[n + q], row[q]] for q in range(n))
        for e, row in zip(offset, m, strict=True)
    ]
    findings.equal((path[0], "generators"), should)
    findings.require(texts == should, path, "are not the signs of the generators")


def _word(x: int, z: int) -> str:
    return "*".join(f"{letter}({power})" for letter, power in (("X", x), ("Z", z)) if power) or "I"


def _check_least(findings: Findings, task: ClaimedTask, sent: int) -> None:
    """Check which scheme is the cheapest of those in the answer, and the bound on all."""
    known = {"Hu2025, Theorem 1": Fraction(str(findings.get("region", "cost"))), GIVEN: Fraction(sent)}
    beyond = findings.get("beyond")
    if isinstance(beyond, dict):
        known[str(beyond.get("label"))] = Fraction(str(beyond.get("cost")))
    source = min(known, key=lambda name: (known[name], name != GIVEN))
    lower = task.rows / Fraction(str(findings.get("baselines", "converse")))
    should = {"cost": str(known[source]), "source": source, "lower": str(lower)}
    findings.equal(("stabilizers", "least"), should)
