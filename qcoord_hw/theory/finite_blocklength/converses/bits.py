"""Brackets for links of bits, and for common randomness alone: shipped with the package, or searched for.

The lower end is the best of the bounds that apply; which search finds its dual does not matter, since
the value is what `checker` proves of it. The upper end is a code in full, or that of the protocol at hand.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from typing import Any

import numpy as np

from qcoord_hw.errors import InternalError
from qcoord_hw.theory.finite_blocklength.converses import affine, phases, unlimited
from qcoord_hw.theory.finite_blocklength.converses.bracket import BestAtN, down, up
from qcoord_hw.theory.finite_blocklength.converses.checker.bits import code_value, lower_value, read_task
from qcoord_hw.theory.finite_blocklength.converses.checker.boxes import DATA
from qcoord_hw.theory.finite_blocklength.converses.code import LinkCode
from qcoord_hw.theory.finite_blocklength.converses.reduced import Reduced
from qcoord_hw.theory.finite_blocklength.converses.search import search_code
from qcoord_hw.theory.finite_blocklength.converses.task import FloatArray, LinkTask

KIND = "bits"
INDEX = "index.json"
"""In `data`: file of a certificate -> the sizes of its task."""

SAME = 2e-9
"""By which the numbers of a task may miss those of a certificate, which are written in nine decimals."""

WORDS = {
    "affine": "outputs of few messages are affinely dependent",
    "unlimited": "duality, for any amount of common randomness",
    "branch-and-bound": "branch and bound over Alice's encoders, receivers joined",
    "products": "few products do not average to this coherence",
    "none": "a trace norm is never below 0",
}
"""Method of a lower bound -> in words."""

WORK = 6e4
"""Of the search for a code on demand: starts times (inputs and words) times the dimension cubed."""

MOST_STARTS = 6
DUAL_DIGITS = 7
ROUNDING = 1e-9
"""By which sums of floats may differ from machine to machine."""

MOST_SETS = 2**18
"""Entries of the S_x times sets of inputs, up to which the bound for any common randomness is looked for."""


def bits_bracket(task: LinkTask, own: float) -> BestAtN:
    """Return the bracket of a task: of the certificate that is shipped, or else of a search of bounded work.

    Args:
        task: what is to be made.
        own: the trace norm of the code at hand, which the upper end never exceeds.
    """
    certificate = _checked(json.dumps(task.to_json()), own)
    code, reached = certificate.get("code"), up(own)
    proved = code is not None and code["value"] <= reached
    if not proved:
        certificate = {key: value for key, value in certificate.items() if key != "code"}
    reached_by = "a code, in full" if proved else "this code"
    lower = certificate["lower"]
    return BestAtN(
        figure="trace_norm",
        task="preparation",
        lower=lower["value"],
        upper=code["value"] if code is not None and proved else reached,
        certified="both" if proved else "lower",
        certificate=certificate,
        source=f"lower end: {WORDS[lower['method']]}; upper end: {reached_by}",
    )


def shipped_sizes() -> dict[str, list[int]]:
    """Return file of a certificate -> the sizes of its task."""
    index: dict[str, list[int]] = json.loads((DATA / INDEX).read_text(encoding="utf-8"))
    return index


def sizes_of(task: LinkTask) -> list[int]:
    """Return M0, M1, the number of inputs and the dimensions of the receivers."""
    return [task.common, task.messages, len(task.probabilities), *task.sizes]


def shipped_name(task: LinkTask) -> str | None:
    """Return the file of the certificate of a task; None if there is none.

    Tasks are compared by value: the last decimal of one that falls between two hangs on the machine.
    """
    sizes = sizes_of(task)
    return next((n for n, own in shipped_sizes().items() if own == sizes and _about(n, task)), None)


def _about(name: str, task: LinkTask) -> bool:
    claimed = read_task(_shipped(name)["task"], name)
    misses = [np.abs(claimed.p - task.probabilities).max(), np.abs(claimed.omega - task.states).max()]
    return bool(max(misses) < SAME)


@cache
def _shipped(name: str) -> dict[str, Any]:
    certificate: dict[str, Any] = json.loads(gzip.decompress((DATA / name).read_bytes()))
    return certificate


def certificate_of(task: LinkTask, lower: dict[str, Any], code: LinkCode | None) -> dict[str, Any]:
    """Return a certificate of plain values, each value being what the checker proves of it.

    Raises:
        CertificateError: when it proves nothing.
    """
    plain = task.to_json()
    claimed = read_task(plain, "task")
    found = {
        "kind": KIND,
        "task": plain,
        "lower": lower | {"value": down(lower_value(claimed, lower, "lower"))},
    }
    if code is not None:
        written = code.written()[1]
        found["code"] = written | {"value": up(code_value(claimed, written, "code"))}
    return found


def basis_of(task: Reduced) -> list[Any]:
    """Return the basis of a proof as plain values."""
    return [[[float(z.real), float(z.imag)] for z in row] for row in task.basis]


def lower_proofs(task: LinkTask) -> list[dict[str, Any]]:
    """Return all proofs of lower bounds that are found in seconds, without their values."""
    found: list[dict[str, Any]] = [{"method": "none"}]
    if phases.applies(task):
        found.append({"method": "products"})
    if task.messages == 1 and len(task.probabilities) == 1:
        return found
    small = Reduced.of(task)
    if len(small.states) < 2:
        return found
    start = {"basis": basis_of(small)}
    if affine.applies(small):
        faces = [
            {"W": _plain(face.w), "mu": round(face.mu, DUAL_DIGITS)} for face in affine.affine_bound(small)
        ]
        found.append({"method": "affine", **start, "faces": faces})
    # With more messages the dual for any common randomness is slower, and weaker than the affine one.
    if len(found) > 1 and small.messages > 2:
        return found
    if unlimited.applies(small) and small.states.size * 2 ** len(small.states) <= MOST_SETS:
        found.append({"method": "unlimited", **start, "S": _plain(unlimited.unlimited_bound(small))})
    return found


def _certificate(plain: str, own: float) -> dict[str, Any]:
    """Return the certificate of a task: looked up, or made."""
    data = json.loads(plain)
    task = _task_of(data)
    name = shipped_name(task)
    if name is not None:
        return _shipped(name)
    if own < 1e-9:
        return certificate_of(task, {"method": "none"}, None)
    claimed = read_task(data, "task")
    best = max(lower_proofs(task), key=lambda proof: lower_value(claimed, proof, "lower"))
    starts = min(MOST_STARTS, int(WORK / _work(task)))
    code = search_code(task, starts) if starts else None
    return certificate_of(task, best, code)


def _work(task: LinkTask) -> float:
    words = task.common * task.messages
    return float((len(task.probabilities) + words) * task.states.shape[-1] ** 3)


@cache
def _checked(plain: str, own: float) -> dict[str, Any]:
    """Return the certificate of a task after its check, once in a process.

    Raises:
        InternalError: when it does not prove what it says.
    """
    certificate = _certificate(plain, own)
    claimed = read_task(certificate["task"], "task")
    proof, code = certificate["lower"], certificate.get("code")
    if lower_value(claimed, proof, "lower") < proof["value"] - ROUNDING or (
        code is not None and code_value(claimed, code, "code") > code["value"] + ROUNDING
    ):
        raise InternalError("best_at_n: a certificate of this package does not prove what it says")
    return certificate


def _task_of(data: dict[str, Any]) -> LinkTask:
    claimed = read_task(data, "task")
    return LinkTask(claimed.p, claimed.omega, claimed.sizes, claimed.common, claimed.messages)


def _plain(matrices: FloatArray) -> list[Any]:
    rounded: list[Any] = (np.round(matrices, DUAL_DIGITS) + 0.0).tolist()
    return rounded
