"""An independent check of a stabilizer scheme that is claimed to need fewer qudits than [Hu2025, Theorem 1].

Any self-orthogonal M = [M_1 .. M_S] of rank K L with encoders E_s for which M_s E_s = I_L (x) V_s is a scheme
in which server s sends half as many qudits as M_s has columns. Each M_s is claimed in its normal form, in
which it is determined by the alternating matrix A_s = M_s J M_s^T: so every number is checked, not only what
the scheme needs.
"""

from __future__ import annotations

from fractions import Fraction

from qcoord_hw.theory.claims import Findings, brief, is_integer
from qcoord_hw.theory.linear_computation.checker.arithmetic import (
    Arithmetic,
    ClaimError,
    Rows,
    read_matrix,
    side_by_side,
    transposed,
)
from qcoord_hw.theory.linear_computation.checker.scheme import ClaimedTask

MAX_SIZE = 128
"""Largest K L; the solver's limit as well."""

TEXTS = {"label": "beyond theorem 1", "verified": "M J M^T = 0, rank M = K L, M E = I_L (x) V"}


def check_beyond(findings: Findings, task: ClaimedTask, theorem1_cost: Fraction) -> None:
    """Check the scheme under `beyond`, if there is one.

    Raises:
        ClaimError: when it is none.
    """
    if findings.get("beyond") is None:
        findings.confirm("beyond")
        return
    f, instances = task.f, findings.get("beyond", "instances")
    if not is_integer(instances, 1, MAX_SIZE // task.rows):
        raise ClaimError(f"beyond.instances: {brief(instances)}; allowed is K L up to {MAX_SIZE}")
    size = task.rows * instances
    qudits = findings.get("beyond", "qudits")
    if (
        not isinstance(qudits, dict)
        or set(qudits) != set(task.servers)
        or not all(is_integer(n, 1, size) for n in qudits.values())
    ):
        raise ClaimError(f"beyond.qudits: {brief(qudits)}; allowed is an integer for each server")
    n = [qudits[s] for s in task.servers]
    total = sum(n)
    m = read_matrix("beyond.M", findings.get("beyond", "M"), size, 2 * total, f.order)
    encoders = findings.get("beyond", "encoders")
    if not isinstance(encoders, dict) or set(encoders) != set(task.servers):
        raise ClaimError(f"beyond.encoders: {brief(encoders)}; allowed is a matrix for each server")
    forms, start = [], 0
    for s, own, v in zip(task.servers, n, task.v, strict=True):
        x = [row[start : start + own] for row in m]
        z = [row[total + start : total + start + own] for row in m]
        start += own
        data = _copies(v, instances)
        e = read_matrix(f"beyond.encoders.{s}", encoders[s], 2 * own, len(data[0]), f.order)
        held = side_by_side([x, z])
        if f.wide_product(held, e) != data:
            raise ClaimError(f"beyond.encoders.{s}: M E is not I_L (x) V")
        if any(any(row) for row, column in zip(e, transposed(held), strict=True) if not any(column)):
            raise ClaimError(f"beyond.encoders.{s}: symbols where M is zero, which nobody reads")
        form = _form(f, x, z)
        if held != _normal(f, data, form, own):
            raise ClaimError(f"beyond.M: the part of {s} is not in its normal form")
        forms.append(form)
    if any(map(any, f.total(forms))):
        raise ClaimError("beyond.M: not self-orthogonal, M J M^T is not zero")
    if f.rank(m) != size:
        raise ClaimError(f"beyond.M: rank below K L = {size}")
    for key in ("M", "encoders", "qudits", "instances"):
        findings.confirm("beyond", key)
    cost = Fraction(total, instances)
    if not cost < theorem1_cost:
        findings.wrong(("beyond", "cost"), f"{cost} is no less than theorem 1's {theorem1_cost}")
    findings.equal(("beyond", "cost"), str(cost))
    findings.equal(("beyond", "cost_per_instance"), float(cost))
    findings.equal(("beyond", "rate"), str(task.rows / cost))
    for key, text in TEXTS.items():
        findings.equal(("beyond", key), text)


def _copies(v: Rows, instances: int) -> Rows:
    """Return I_L (x) V."""
    width = len(v[0])
    return [
        [0] * (width * k) + list(row) + [0] * (width * (instances - 1 - k))
        for k in range(instances)
        for row in v
    ]


def _form(f: Arithmetic, x: Rows, z: Rows) -> Rows:
    """Return X Z^T - Z X^T."""
    there, back = f.wide_product(x, transposed(z)), f.wide_product(z, transposed(x))
    return f.total([there, [[f.neg[b] for b in row] for row in back]])


def _normal(f: Arithmetic, data: Rows, form: Rows, qudits: int) -> Rows:
    """Return the one M_s in normal form with M_s J M_s^T = form whose columns span data and form.

    In the basis B of that span that is in reduced echelon form, the form is brought into hyperbolic pairs and
    a radical, the first pair that does not vanish at a time; pairs become (X, Z) of a qudit each, in order,
    and what is in the radical X of one more.
    """
    basis, pivots = f.echelon(transposed(data) + transposed(form))
    rest = [[form[i][j] for j in pivots] for i in pivots]
    count = len(pivots)
    change = [[int(i == j) for j in range(count)] for i in range(count)]
    free, pairs = list(range(count)), list[tuple[int, int]]()
    while hit := next(((i, j) for i in free for j in free if rest[i][j]), None):
        i, j = hit
        free = [k for k in free if k not in hit]
        _scale(f, change, rest, j, f.inv[rest[i][j]])
        for k in free:
            to_j, to_i = rest[k][i], f.neg[rest[k][j]]
            _add(f, change, rest, k, j, to_j)
            _add(f, change, rest, k, i, to_i)
        pairs.append(hit)
    wanted = [[0] * (2 * qudits) for _ in range(count)]
    if len(pairs) + len(free) != qudits:
        raise ClaimError("beyond.qudits: not dim(U_s + col A_s) - rank(A_s)/2")
    for q, (i, j) in enumerate(pairs):
        wanted[i][q] = wanted[j][qudits + q] = 1
    for q, k in enumerate(free):
        wanted[k][len(pairs) + q] = 1
    reduced, _ = f.echelon(side_by_side([change, wanted]))  # change^-1 wanted
    return f.wide_product(transposed(basis), [row[count:] for row in reduced])


def _scale(f: Arithmetic, change: Rows, form: Rows, j: int, factor: int) -> None:
    """Multiply row j, and in the form column j."""
    for matrix in (change, form):
        matrix[j] = [f.mul[factor][x] for x in matrix[j]]
    for row in form:
        row[j] = f.mul[factor][row[j]]


def _add(f: Arithmetic, change: Rows, form: Rows, k: int, other: int, factor: int) -> None:
    """Add a multiple of row `other` to row k, and in the form of column `other` to column k."""
    times = f.mul[factor]
    for matrix in (change, form):
        matrix[k] = [f.add[x][times[y]] for x, y in zip(matrix[k], matrix[other], strict=True)]
    for row in form:
        row[k] = f.add[row[k]][times[row[other]]]
