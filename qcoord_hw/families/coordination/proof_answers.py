"""What stands behind the theorems of [NatorPereg], for a state, n and rates of one's own: what is answered.

Resolvability (Theorem 10), random codebooks of the two networks with classical links (76)-(83), (112)-(118),
random binning (180), and state redistribution (Theorem 11).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from qcoord_hw.answer import Answer, Row
from qcoord_hw.theory.finite_blocklength.binning import BinningPoint
from qcoord_hw.theory.finite_blocklength.codebooks import CodebookSteps

STEPS = {
    "covering": "(77)  E || P~(m0, x^n) - p(m0) p(x^n) ||_1",
    "encoding": "(80)  E || tau - rho ||_1, at most (77)",
    "mean": "(82)  E || sigma^n - tau ||_1, Theorem 10 on XB",
    "whole": "(83)  E || omega^n - rho ||_1, at most (80) + (82)",
}


@dataclass(frozen=True)
class ResolvabilityPoint:
    """The expected trace norm (71) at one block length and rate; fields as those of a `FinitePoint`."""

    n: int
    rate: float
    codewords: float
    expected_trace_norm: float
    error: float
    accuracy: str


@dataclass(frozen=True, eq=False, repr=False)
class ResolvabilityAnswer(Answer):
    """How well random codewords imitate a state [NatorPereg, Theorem 10].

    Attributes:
        state: the ensemble's name.
        information: I(X;A), bits: above this rate the norm vanishes as n grows.
        points: one for each n and rate.
        method: how they were computed.
        seed: of the codebooks that are drawn.
        source: where the quantity stands.
    """

    state: str
    information: float
    points: Sequence[ResolvabilityPoint]
    method: str
    seed: int
    source: str = "[NatorPereg, Theorem 10, eq. (71)]"

    def rows(self) -> Sequence[Row]:
        """Return a row for each point."""
        return [asdict(point) for point in self.points]

    def _text(self) -> str:
        lines = [
            f"{self.state}: E || rho^n - (1/M) sum_m rho^(X^n(m)) ||_1, whole norm, {self.source}",
            f"  vanishes above I(X;A) = {self.information:.6f} bits per letter; {self.method}",
        ]
        for one in self.points:
            words = {"exact": "exact", "bracket": f"+- {one.error:.1g}"}.get(
                one.accuracy, f"standard error {one.error:.4f}"
            )
            lines.append(
                f"  n = {one.n}, R = {one.rate:g} (M = {one.codewords:.6g})"
                f"  {one.expected_trace_norm:.6f}  {words}"
            )
        return "\n".join(lines)


@dataclass(frozen=True)
class CodebookPoint:
    """The expected trace norms of the proof at one block length, with their standard errors."""

    n: int
    codewords: tuple[int, int]
    expected: CodebookSteps
    standard_error: CodebookSteps


@dataclass(frozen=True, eq=False, repr=False)
class CodebookAnswer(Answer):
    """What random codebooks of a mixture reach, step by step of the proof [NatorPereg, (76)-(83)].

    Attributes:
        state: the target's name.
        network: two-node or classical-broadcast.
        R0: bits of common randomness per letter.
        R1: bits sent per letter.
        information_x: I(X;U) of the mixture, bits: R1 has to exceed it.
        information_all: I(XB;U), or I(XBC;U): R0 + R1 has to exceed it.
        p_u: the mixture's distribution.
        points: one for each n.
        draws: codebooks drawn, each scored exactly.
        seed: of the draws.
        source: where the steps stand.
    """

    state: str
    network: str
    R0: float
    R1: float
    information_x: float
    information_all: float
    p_u: Sequence[float]
    points: Sequence[CodebookPoint]
    draws: int
    seed: int
    source: str

    def rows(self) -> Sequence[Row]:
        """Return a row for each point and step."""
        return [
            {
                "n": point.n,
                "step": step,
                "expected": getattr(point.expected, step),
                "standard_error": getattr(point.standard_error, step),
            }
            for point in self.points
            for step in STEPS
        ]

    def _text(self) -> str:
        lines = [
            f"{self.state} in the {self.network} network: random codebooks at R0 = {self.R0:g}, R1 = "
            f"{self.R1:g} bits per letter {self.source}",
            f"  a mixture of {len(self.p_u)} products with I(X;U) = {self.information_x:.6f} (R1 > it) and "
            f"I(all;U) = {self.information_all:.6f} (R0 + R1 > it)",
            f"  means of {self.draws} codebooks, each scored exactly, with standard errors",
        ]
        for point in self.points:
            lines.append(f"  n = {point.n}, codewords {point.codewords[0]} x {point.codewords[1]}")
            lines += [
                f"    {words:<52}{getattr(point.expected, step):.4f} +- "
                f"{getattr(point.standard_error, step):.4f}"
                for step, words in STEPS.items()
            ]
        return "\n".join(lines)


@dataclass(frozen=True, eq=False, repr=False)
class BinningAnswer(Answer):
    """How often random binning takes two strings for one [NatorPereg, (180)].

    Attributes:
        state: the ensemble's name.
        receiver: Bob or Charlie.
        entropy: H(Z|X) = H(B|X), or H(W|Y), bits: (181).
        spectra: p(z|x), a row for each letter that the receiver may see.
        points: one for each n and rate; with a `delta` of their own where none was given: that of the least
            failure.
        thresholds: for each point, the rate below which its fixed delta lets collisions win as n grows.
        source: where the quantity stands.
    """

    state: str
    receiver: str
    entropy: float
    spectra: Sequence[Sequence[float]]
    points: Sequence[BinningPoint]
    thresholds: Sequence[float]
    source: str = "[NatorPereg, eq. (180)-(181)]"

    def rows(self) -> Sequence[Row]:
        """Return a row for each point."""
        return [asdict(p) | {"threshold": t} for p, t in zip(self.points, self.thresholds, strict=True)]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `qcoord theory binning --json` prints; -inf is null there."""
        found = super().to_json()
        for point in found["points"]:
            if not math.isfinite(point["typical_rate"]):
                point["typical_rate"] = None
        return found

    def _text(self) -> str:
        lines = [
            f"{self.state}: {self.receiver} looks for a typical string in its bin {self.source}",
            f"  collisions vanish above H = {self.entropy:.6f} qubits per letter as n grows and delta "
            "shrinks; the map measures, so this is a figure of its classical binning",
        ]
        lines += [
            f"  n = {p.n}, Q = {p.rate:g}, delta = {p.delta:.4g}  collision {p.collision:.6g}, "
            f"atypical {p.atypical:.6g}, failure {p.failure:.6g}"
            for p in self.points
        ]
        return "\n".join(lines)


@dataclass(frozen=True, eq=False, repr=False)
class RedistributionAnswer(Answer):
    """The rates of state redistribution [NatorPereg, Theorem 11].

    Attributes:
        state: its name.
        sent: the system that moves from Alice to Bob.
        side: what Bob has.
        reference: what nobody has.
        stays: what stays with Alice.
        Q: I(sent; reference | side) / 2, qubits per copy: (133).
        Q_plus_E: H(sent | side): (134); below Q where entanglement is gained.
        net_entanglement: E at the least Q, ebits per copy: negative where it is gained.
        corners: of the region with Q, E >= 0.
        source: where the rates stand.
    """

    state: str
    sent: str
    side: str
    reference: str
    stays: str
    Q: float
    Q_plus_E: float
    net_entanglement: float
    corners: Sequence[dict[str, float]]
    source: str = "[NatorPereg, Theorem 11, eq. (133)-(134)]"

    def _text(self) -> str:
        given = f"{self.sent};{self.reference}|{self.side}"
        corners = "; ".join(f"Q = {c['Q']:.6f}, E = {c['E']:.6f}" for c in self.corners)
        return "\n".join(
            (
                f"{self.state}: {self.sent} goes to the holder of {self.side}, {self.reference} is the "
                f"reference, {self.stays or 'nothing'} stays {self.source}",
                f"  Q >= I({given}) / 2  {self.Q:.6f}",
                f"  Q + E >= H({self.sent}|{self.side})  {self.Q_plus_E:.6f}",
                f"  E at the least Q     {self.net_entanglement:.6f}"
                + (" (ebits are gained)" if self.net_entanglement < 0 else ""),
                f"  corners with E >= 0  {corners}",
            )
        )
