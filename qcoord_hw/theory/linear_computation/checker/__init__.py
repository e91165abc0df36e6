"""An independent check of what `qcoord theory linear` says.

It shares no code with the solvers: the arithmetic is its own, the algorithms are plain and written for this
package, so an error would have to be made twice to pass. The limits on sizes are those of the solver.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from qcoord_hw.theory.claims import CONFIRMED, Findings, Path, Verdict, brief, is_integer
from qcoord_hw.theory.formats import FORMAT, KEY, stated
from qcoord_hw.theory.linear_computation.checker.arithmetic import ClaimError, arithmetic
from qcoord_hw.theory.linear_computation.checker.beyond import check_beyond
from qcoord_hw.theory.linear_computation.checker.lower_bound import check_lower_bound
from qcoord_hw.theory.linear_computation.checker.rates import check_optimum, check_rates
from qcoord_hw.theory.linear_computation.checker.scheme import (
    ClaimedTask,
    check_batched,
    check_reduction,
    check_scheme,
    read_task,
)
from qcoord_hw.theory.linear_computation.checker.stabilizers import check_stabilizers

__all__ = ["ClaimError", "ClaimedTask", "arithmetic", "check_linear", "check_lower_bound"]

NEVER: tuple[Path, ...] = tuple(
    (key,)
    for key in ("c", "c_lower", "rate", "baselines", "optimum", "beyond", "region", "V", "P", "M", "download")
)
"""What may not stay unproved."""

LABELS = ("name", "reduced", "seconds", "lemma_2")
"""What every answer of this format has, although nothing else asks for it."""


def check_linear(answer: dict[str, Any]) -> Verdict:
    """Return what is wrong with an answer of `qcoord theory linear --json`, and what was not checked.

    Proved again are P, M, c and c_lower with the certificate, rates, region and baselines from their
    definitions, the further outputs, the batched rates, and the scheme beyond theorem 1. Free choices inside
    a certificate, such as the sets of servers of a rank bound, are used but may be others: they are
    `not_checked`.
    """
    findings = Findings(answer)
    bound = "not rechecked: the rest does not hold"
    try:
        findings.equal(("ok",), True)
        if stated(answer) is not None or "optimum" in answer:
            findings.equal((KEY,), FORMAT)
            for key in LABELS:
                findings.get(key)
        task = read_task(findings)
        c = check_scheme(findings, task)
        check_rates(findings, task, c)
        check_beyond(findings, task, Fraction(sum(task.sizes) + c, 2))
        if "reduction" in answer:
            check_reduction(findings, task)
        if "stabilizers" in answer:
            check_stabilizers(findings, task)
        claims = [((), task, c), *check_batched(findings, task)]
        check_optimum(findings, task)
        for path, _, rank in claims:
            lower = findings.get(*path, "c_lower")
            if not is_integer(lower, 0, rank):
                findings.wrong((*path, "c_lower"), f"{brief(lower)}; it is an integer from 0 to c = {rank}")
        findings.equal(("optimal",), c == findings.get("c_lower"))
        if not findings.violations:  # proofs may take long
            bounds = [_check_bound(findings, path, own) for path, own, _ in claims]
            bound = next((b for b in bounds if b != CONFIRMED), CONFIRMED)
    except (LookupError, ClaimError) as error:
        findings.violations.append(str(error.args[0]))
    return findings.verdict(NEVER, bound)


def _check_bound(findings: Findings, path: Path, task: ClaimedTask) -> str:
    """Check c_lower and its certificate, of the answer or of an entry of `batched`."""
    lower, certificate = findings.get(*path, "c_lower"), findings.get(*path, "certificate")
    found, seen = check_lower_bound(task.f, task.v, lower, certificate)
    findings.require(found == CONFIRMED, (*path, "c_lower"), found)
    for part in seen:
        findings.confirm(*path, "certificate", *part)
    return found
