"""What `qcoord theory region` and `qcoord theory schumacher` say: typed, with their texts and figures."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from qcoord_hw.answer import Answer, Row, plain
from qcoord_hw.theory.finite_blocklength.converses.bracket import BestAtN
from qcoord_hw.theory.finite_blocklength.converses.prepared import source_coding
from qcoord_hw.theory.finite_blocklength.points import power_of_two
from qcoord_hw.theory.finite_blocklength.schumacher import SchumacherPoint, compress, curve
from qcoord_hw.theory.regions import region
from qcoord_hw.theory.regions.constraint import NOT_NEGATIVE, rates_words
from qcoord_hw.time_limit import TimeLimit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUANTITIES = {
    "C0": "C0, no common randomness: min I(all;U)",
    "R_inf": "R_inf, unlimited common randomness: min I(X;U)",
    "R0_for_R_inf": "common randomness that then suffices: I(U;B|X)",
    "C": "C, common randomness: min I(all;U)",
}

WIDTH = 80
"""Columns of a text."""

SPACE = "\u00a0"
"""A space at which no line is broken; printed as a space."""
MAX_STRINGS = 2**20
"""Strings of n letters up to which the converse has a certificate that goes through them."""

CURVE_POINTS = 33
"""Rates at which a figure of compression is computed."""


@dataclass(frozen=True, eq=False, repr=False)
class RegionAnswer(Answer, region.RegionAnswer):
    """What is known about one state in one network, as `qcoord theory region` shows it.

    The fields are those of `qcoord_hw.theory.regions.RegionAnswer`; each of its `criteria` is a `RateRegion`,
    which knows what it contains.

    Attributes:
        time_limit: how the limit was kept.
    """

    time_limit: TimeLimit | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the object that `qcoord theory region --json` prints."""
        late = {} if self.time_limit is None else {"time_limit": plain(self.time_limit)}
        return region.RegionAnswer.to_json(self) | late

    def rows(self) -> Sequence[Row]:
        """Return a row for each half-space: its criterion, rates, and bounds in bits."""
        return [
            {
                "criterion": name,
                "rates": rates_words(dict(half_space.rates)),
                **{key: getattr(half_space, key) for key in ("bound", "lower", "upper", "source")},
                "terms": _terms_words(plain(half_space.terms)).replace(SPACE, " "),
            }
            for name, found in self.criteria.items()
            for half_space in found.constraints
        ]

    def plot(self) -> Figure:
        """Return a figure of the region: two rates of each link, or brackets where there is but one rate."""
        from qcoord_hw.charts import Interval, interval_figure
        from qcoord_hw.families.coordination.region_figure import region_diagrams, region_figure

        if region_diagrams(self):
            return region_figure(self)
        known = [
            Interval(f"{name}: {rates_words(dict(one.rates))}", one.lower, None, one.upper)
            for name, found in self.criteria.items()
            for one in found.constraints
            if math.isfinite(one.lower) and math.isfinite(one.upper)
        ]
        title = f"{self.state}: {self.network}, {self.status}"
        return interval_figure(title, "bits per copy", known, empty=self.why)

    def _text(self) -> str:
        late = self.time_limit.words() if self.time_limit else ""
        return "\n".join([region_text(self), *filter(None, [late])])


@dataclass(frozen=True, eq=False, repr=False)
class SchumacherAnswer(Answer, SchumacherPoint):
    """How well n copies of a source compress; the other fields are those of `SchumacherPoint`.

    Attributes:
        spectrum: eigenvalues of the source state, as given.
    """

    spectrum: Sequence[float]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `qcoord theory schumacher --json` prints."""
        found, best = asdict(self), self.best_at_n()
        late = {} if best is None else {"best_at_n": best.to_json()}
        return {"ok": self.ok, "spectrum": list(found.pop("spectrum")), **found, **late}

    def best_at_n(self) -> BestAtN | None:
        """Return what no code beats where the reference is given; None where n is too large."""
        if len(self.spectrum) ** self.n > MAX_STRINGS:
            return None
        kept, _ = power_of_two(self.n, self.rate)
        return None if kept is None else source_coding(self.spectrum, self.n, kept)

    def plot(self) -> Figure:
        """Return a figure of the entanglement fidelity against the rate, exact and of second order."""
        from qcoord_hw.charts import THEORY, Mark, curve_figure

        spread = 4 * (self.varentropy / self.n) ** 0.5 + 2 / self.n
        ends = max(0.0, min(self.rate, self.entropy - spread)), max(self.rate, self.entropy + spread)
        rates = [ends[0] + (ends[1] - ends[0]) * k / (CURVE_POINTS - 1) for k in range(CURVE_POINTS)]
        points = curve(self.spectrum, self.n, rates, "entanglement_fidelity").points
        lines = [("exact", [(p.rate, p.value) for p in points])]
        told = [(p.rate, p.prediction) for p in points if p.prediction is not None]
        return curve_figure(
            f"Schumacher compression of {self.n} copies",
            ("qubits per copy", "entanglement fidelity"),
            [*lines, ("second order", told)],
            (self.rate, self.entanglement_fidelity),
            [Mark("entropy", self.entropy, THEORY)],
        )

    def _text(self) -> str:
        best = (
            "  best possible at n          P^2 where the reference is given (source coding): the above\n"
            "                              P where the sender prepares the pairs"
        )
        return "\n".join([schumacher_text(self), best])


def shown_region(found: region.RegionAnswer) -> RegionAnswer:
    """Return an answer of theory with a table and a figure."""
    return RegionAnswer(**vars(found))


def schumacher_answer(spectrum: Sequence[float], n: int, rate: float) -> SchumacherAnswer:
    """Return how well n copies of a source compress.

    Args:
        spectrum: eigenvalues of the source state; they sum to 1.
        n: block length.
        rate: qubits per copy.

    Raises:
        InputError: as `theory.finite_blocklength.compress`.
    """
    point = compress(spectrum, n, rate)
    return SchumacherAnswer(**vars(point), spectrum=tuple(float(value) for value in spectrum))


def region_text(answer: Mapping[str, Any]) -> str:
    """Return the object that `qcoord theory region --json` prints as plain text, at most 80 columns wide."""
    status = answer["status"].replace("_", " ")
    lines = _wrapped(f"{answer['state']} in the {answer['network']} network: {status}")
    lines += _wrapped(answer["why"], "  ") if answer["why"] else []
    for system, words in answer["holders"].items():
        lines += _wrapped(f"{system}: {words}", "  ")
    for note in answer["notes"]:
        lines += _wrapped(f"note: {note}", "  ")
    for name, found in answer.get("quantities", {}).items():
        lines += _wrapped(f"{QUANTITIES[name]:<48}{_bracket(found)}", "  ")
    terms = list(answer.get("terms", ()))
    for name, criterion in answer["criteria"].items():
        lines += _criterion_lines(name, criterion, answer.get("scores", {}).get(name), terms)
    for one in answer.get("resource_inequalities", ()):
        criterion = one["criterion"].replace("_", " ")
        lines += _wrapped(f"resource inequality {one['equation']}, {criterion}: {one['line']}")
    for point in answer.get("frontier", ()):
        lines.append(f"  at R0 = {point['R0']:.6f} bits: R1 = {_bracket(point)}")
    for name, found in answer.get("membership", {}).items():
        words = f"{found['where']}, margin {_number(found['margin'])}"
        lines += _wrapped(f"rates asked for, criterion {name.replace('_', ' ')}: {words}")
    return "\n".join([*lines, f"{answer['seconds']:.3g} s"])


def _criterion_lines(
    name: str,
    criterion: Mapping[str, Any],
    scores: Mapping[str, str] | None,
    terms: Sequence[Mapping[str, Any]],
) -> list[str]:
    """Return what a criterion scores, its constraints with what adds up to them, and its corners."""
    head = f"criterion {name.replace('_', ' ')}"
    lines = _wrapped(f"{head} ({scores['definition']}): {scores['words']}" if scores else head)
    own = [entry for entry in terms if entry["criterion"] == name]
    cited = ""
    for constraint in criterion["constraints"]:
        words = f"{rates_words(constraint['rates'])} >= {_bracket(constraint)}"
        if constraint["source"] == NOT_NEGATIVE:
            lines += _wrapped(f"{words:<30}{NOT_NEGATIVE}", "  ")
            continue
        entry = own.pop(0) if own else {}
        lines += _wrapped(words, "  ")
        for key, end in (("terms", constraint[">="]), ("lower_terms", constraint["lower"])):
            if entry.get(key):
                lines += _wrapped(f"{_number(end)} = {_terms_words(entry[key])}", "      ")
        if constraint["source"] != cited:
            cited = constraint["source"]
            lines += _wrapped(cited, "      ")
    for corner in criterion["corners"]:
        pairs = ", ".join(f"{rate}{SPACE}={SPACE}{value:.6f}" for rate, value in corner.items())
        lines += _wrapped(f"corner {pairs}", "  ")
    return lines


def _terms_words(terms: Sequence[Mapping[str, Any]]) -> str:
    """Return a sum of entropies as text, and their values: 1/2 S(A) - 1/2 S(B); S(A) = 1.000000, .."""
    if [term["coefficient"] for term in terms] == [1]:
        return str(terms[0]["name"]).replace(" ", SPACE)
    words = ""
    for k, term in enumerate(terms):
        coefficient, name = term["coefficient"], str(term["name"]).replace(" ", SPACE)
        sign = "-" if coefficient < 0 else "+"
        size = "" if abs(coefficient) == 1 else f"{_factor(abs(coefficient))}{SPACE}"
        joint = ("-" if coefficient < 0 else "") if k == 0 else f" {sign} "
        words += f"{joint}{size}{name}"
    values = (f"{str(t['name']).replace(' ', SPACE)}{SPACE}={SPACE}{t['value']:.6f}" for t in terms)
    return "; ".join(filter(None, (words, ", ".join(values))))


def _factor(value: float) -> str:
    return "1/2" if value == 0.5 else f"{value:.6g}"


def _wrapped(text: str, indent: str = "") -> list[str]:
    """Return text in lines of at most 80 columns, broken at spaces; `SPACE` stands where none may be."""
    further = indent + ("" if indent.startswith("      ") else "    ")
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(SPACE, " ") for line in lines]


def _bracket(found: Mapping[str, Any]) -> str:
    """Return the value where the bounds agree to six digits, else both."""
    lower, upper = found.get("lower"), found.get("upper")
    if lower is None:
        return f"at most {_number(upper)}"
    if isinstance(lower, str) or isinstance(upper, str):
        return _number(lower) if lower == upper else f"from {_number(lower)} to {_number(upper)}"
    if upper - lower < 5e-7:
        return f"{upper:.6f}"
    return f"from {lower:.6f} to {upper:.6f}"


def _number(value: Any) -> str:
    return "infinity" if value == "inf" else f"{value:.6f}"


def schumacher_text(answer: SchumacherPoint) -> str:
    """Return an answer as plain text."""
    return "\n".join(
        (
            f"n = {answer.n} copies at {answer.rate:g} qubits per copy (entropy {answer.entropy:.6f})",
            f"  retained probability P      {answer.P:.9f}  (second order: {answer.second_order:.9f})",
            f"  entanglement fidelity       {answer.entanglement_fidelity:.9f}",
            f"  trace distance              {answer.trace_distance:.9f}",
            f"  trace distance, two senders {answer.two_sender_trace_distance:.9f}",
        )
    )
