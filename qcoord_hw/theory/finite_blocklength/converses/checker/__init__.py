"""An independent check of `best_at_n`: what `qcoord show --json` and `run --json` say that no code can beat.

It shares no code with what made the certificate: reduced states are diagonalised instead of decomposed,
encoders gone through set by set, boxes tiled anew, codes multiplied out.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from qcoord_hw.theory.claims import CONFIRMED, Findings, Verdict, brief, is_number
from qcoord_hw.theory.digest import digest
from qcoord_hw.theory.finite_blocklength.converses.checker.bits import code_value, lower_value, read_task
from qcoord_hw.theory.finite_blocklength.converses.checker.prepared import Proved, prepared_value
from qcoord_hw.theory.finite_blocklength.converses.checker.reading import CertificateError, field
from qcoord_hw.theory.finite_blocklength.converses.checker.second_link import (
    second_link_reached,
    second_link_value,
)

__all__ = ["KEY", "CertificateError", "check_best_at_n", "is_best_at_n"]

KEY = "best_at_n"
SLACK = 2e-6
"""By which a claim may miss what is proved: it is written in six decimals."""

KINDS = ("bits", "prepared", "source-coding", "second-link", "trivial")
"""Of certificates."""


def is_best_at_n(data: dict[str, Any]) -> bool:
    """Whether this is such an answer, or the object under its key alone."""
    return KEY in data or {"figure", "task", "certified", "certificate"} <= data.keys()


def check_best_at_n(answer: dict[str, Any]) -> Verdict:
    """Return what is wrong with `best_at_n`, and what was not checked.

    Proved again are the ends that `certified` names, and that the certificate is about the links that the
    answer counts (`usage`), where it does. The end that only this program's own code reaches is
    `not_checked`.

    Args:
        answer: all that `show --json` or `run --json` printed, or the object under `best_at_n` alone.
    """
    findings = Findings(answer if KEY in answer else {KEY: answer})
    try:
        with np.errstate(all="ignore"):
            _check(findings)
    except (LookupError, CertificateError) as error:
        findings.violations.append(str(error.args[0]))
    refused = "not rechecked: the answer does not hold"
    return findings.verdict((), refused if findings.violations else CONFIRMED)


def _check(findings: Findings) -> None:
    claim = {key: findings.get(KEY, key) for key in ("figure", "task", "lower", "upper", "certified")}
    certificate = _unsealed(findings)
    if not (is_number(claim["lower"]) and is_number(claim["upper"])):
        raise CertificateError(f"{KEY}: allowed are numbers as its ends")
    if claim["lower"] > claim["upper"] + SLACK:
        raise CertificateError(f"{KEY}: the lower end is above the upper one")
    kind = field(certificate, "kind", f"{KEY}.certificate")
    if kind == "bits":
        _check_bits(findings, claim, certificate)
    elif kind == "prepared":
        _check_prepared(findings, claim, certificate)
    elif kind == "source-coding":
        _check_source(findings, claim, certificate)
    elif kind == "second-link":
        _check_second_link(findings, claim, certificate)
    elif kind == "trivial":
        error = claim["figure"] == "trace_norm"
        _kind(
            findings,
            claim,
            "trace_norm" if error else "fidelity",
            "preparation",
            ("lower" if error else "upper",),
        )
        findings.close((KEY, "lower" if error else "upper"), 0.0 if error else 1.0, 0.0)
    else:
        raise CertificateError(f"{KEY}.certificate.kind: allowed are {', '.join(KINDS)}")


def _unsealed(findings: Findings) -> Any:
    """Return the certificate without its digest, which has to be that of the rest.

    A proof with room to spare proves as much when it is damaged: that it is the one found is asked too. An
    older version printed none; that is noted.
    """
    certificate = findings.get(KEY, "certificate")
    if not isinstance(certificate, dict) or "sha256" not in certificate:
        findings.absent(KEY, "certificate", "sha256")
        return certificate
    rest = {key: value for key, value in certificate.items() if key != "sha256"}
    try:
        sealed = digest(rest)
    except ValueError as error:
        raise CertificateError(f"{KEY}.certificate: {error}") from None
    if certificate["sha256"] != sealed:
        raise CertificateError(
            f"{KEY}.certificate.sha256: the certificate was changed; allowed is one as it was printed"
        )
    return rest


def _check_bits(findings: Findings, claim: dict[str, Any], certificate: Any) -> None:
    where = f"{KEY}.certificate"
    task = read_task(field(certificate, "task", where), f"{where}.task")
    _kind(findings, claim, "trace_norm", "preparation", ("lower", "both"))
    links = _used(findings.answer)
    if links is not None:
        bits = [used["bits"] for used in links.values() if used.get("bits")]
        counted = (_size(links.get("common", {}).get("random_bits", 0)), _size(max(bits, default=0)))
        findings.require(
            counted == (task.common, task.messages),
            (KEY, "certificate", "task"),
            f"{(task.common, task.messages)} random values and messages; counted are {counted}",
        )
    proof = field(certificate, "lower", where)
    proved = lower_value(task, proof, f"{where}.lower")
    for path in ((KEY, "certificate", "lower", "value"), (KEY, "lower")):
        findings.close(path, proved, SLACK)
    if claim["certified"] == "both":
        code = field(certificate, "code", where)
        reached = code_value(task, code, f"{where}.code")
        for path in ((KEY, "certificate", "code", "value"), (KEY, "upper")):
            findings.close(path, reached, SLACK)
    if not findings.violations:
        findings.confirm(KEY, "certificate")


def _check_prepared(findings: Findings, claim: dict[str, Any], certificate: Any) -> None:
    proved = prepared_value(certificate, f"{KEY}.certificate")
    _check_ranks(findings, certificate)
    if claim["figure"] == "trace_norm":
        _kind(findings, claim, "trace_norm", "preparation", ("lower",))
        findings.close((KEY, "lower"), proved.trace_norm, SLACK)
    else:
        _kind(findings, claim, "fidelity", "preparation", ("upper", "both"))
        findings.close((KEY, "upper"), proved.fidelity, SLACK)
        if claim["certified"] == "both":
            findings.require(
                proved.reached and claim["lower"] <= proved.fidelity + SLACK,
                (KEY, "lower"),
                f"{brief(claim['lower'])}; that it is reached is not proved",
            )
            findings.close((KEY, "lower"), proved.fidelity, SLACK)
        _check_further(findings, claim, proved)
    if not findings.violations:
        findings.confirm(KEY, "certificate")


def _check_further(findings: Findings, claim: dict[str, Any], proved: Proved) -> None:
    further = findings.get(KEY).get("further", {})
    if "trace_norm" in further:
        findings.close((KEY, "further", "trace_norm", "lower"), proved.trace_norm, SLACK)
    if "all_parts" in further:
        findings.close((KEY, "further", "all_parts", "upper"), proved.all_parts, SLACK)
        if claim["certified"] == "both":
            findings.close((KEY, "further", "all_parts", "lower"), proved.all_parts, SLACK)
    if "source_coding" in further:
        for end in ("lower", "upper"):
            findings.close((KEY, "further", "source_coding", end), proved.fidelity**2, SLACK)


def _check_source(findings: Findings, claim: dict[str, Any], certificate: Any) -> None:
    """Check F_e = P^2: P the sum of as many largest products of eigenvalues as there are messages."""
    where = f"{KEY}.certificate"
    spectrum = np.array(field(certificate, "spectrum", where), dtype=float)
    n, kept = (int(field(certificate, key, where)) for key in ("copies", "kept"))
    if spectrum.ndim != 1 or spectrum.min() < 0 or abs(spectrum.sum() - 1) > 1e-6 or not 1 <= n <= 10**5:
        raise CertificateError(f"{where}.spectrum: allowed are probabilities")
    _kind(findings, claim, "fidelity", "source-coding", ("both",))
    retained = _largest(spectrum, n, kept)
    for end in ("lower", "upper"):
        findings.close((KEY, end), retained**2, SLACK)
    if not findings.violations:
        findings.confirm(KEY, "certificate")


def _check_second_link(findings: Findings, claim: dict[str, Any], certificate: Any) -> None:
    where = f"{KEY}.certificate"
    _kind(findings, claim, "fidelity", "preparation", ("both",))
    findings.close((KEY, "upper"), second_link_value(certificate, where), SLACK)
    findings.close((KEY, "lower"), second_link_reached(certificate, where), SLACK)
    for key, rate in (("message", "Q2"), ("ebits", "E2")):
        if key in findings.answer:
            findings.equal((key,), certificate[key])
            findings.close((rate,), math.log2(certificate[key]), SLACK)
    if not findings.violations:
        findings.confirm(KEY, "certificate")


def _largest(spectrum: Any, n: int, kept: int) -> float:
    if len(spectrum) ** n > 2**20:
        raise CertificateError(f"{KEY}.certificate.copies: allowed are at most 2^20 strings")
    products = np.ones(1)
    for _ in range(n):
        products = np.outer(products, spectrum).ravel()
    return math.fsum(sorted(products.tolist(), reverse=True)[:kept])


def _kind(findings: Findings, claim: dict[str, Any], figure: str, task: str, ends: tuple[str, ...]) -> None:
    findings.equal((KEY, "figure"), figure)
    findings.equal((KEY, "task"), task)
    findings.require(claim["certified"] in ends, (KEY, "certified"), f"allowed are {', '.join(ends)}")


def _check_ranks(findings: Findings, certificate: Any) -> None:
    """Check the ranks of the cuts against what the answer counts."""
    links = _used(findings.answer)
    if links is None:
        return
    for case in certificate["cases"]:
        for cut in case["cuts"]:
            used = field(cut, "links", KEY)
            rank = 1
            for link in used:
                own = links.get(link, {})
                rank *= _size(own.get("log2_dim", 0)) * _size(own.get("ebits", 0))
            if rank != cut["rank"]:
                findings.wrong((KEY, "certificate", "cases"), f"rank {brief(cut['rank'])}; counted is {rank}")


def _used(answer: dict[str, Any]) -> dict[str, Any] | None:
    links = answer.get("usage")
    return links if isinstance(links, dict) and all(isinstance(one, dict) for one in links.values()) else None


def _size(bits: Any) -> int:
    """Return the dimension of so many bits or qubits."""
    if not is_number(bits) or not 0 <= bits <= 1000:
        raise CertificateError("usage: allowed are numbers of bits")
    exact = float(2.0**bits)
    return round(exact) if abs(exact - round(exact)) < 1e-6 * exact else math.floor(exact)
