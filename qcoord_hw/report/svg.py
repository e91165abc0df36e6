"""Drawings for the HTML report: intervals, and circuits whose wires show who owns them.

Colours are CSS classes (`data`, `theory`, `bound`, and `p0` to `p7` for the parties); the page gives them
their values, light and dark. All words come from a record and are escaped here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from qcoord_hw.report.shapes import EstimateJson
from qcoord_hw.statistics.estimate import Limits
from qcoord_hw.statistics.words import interval, number
from qcoord_hw.text import printable

PARTY_CLASSES = 8

_WIDE, _NARROW, _MARGIN = 320, 180, 22  # widths of an interval and of a small one, margin of both
_MARKS = {"theory": 11, "bound": 25}  # how high their words stand
_ROW, _BOX, _GAP, _CHAR = 34, 26, 12, 7.3  # a circuit: heights of a row and a box, gap, width of a character
_SIGNS = {
    "cx": "•⊕",
    "cz": "••",
    "ccx": "••⊕",
    "ccz": "•••",
    "swap": "××",
    "cswap": "•××",
}


def party_classes(parties: Iterable[str]) -> dict[str, str]:
    """Return the CSS class of each party.

    >>> party_classes(["Alice", "Bob"])
    {'Alice': 'p0', 'Bob': 'p1'}
    """
    return {party: f"p{i % PARTY_CLASSES}" for i, party in enumerate(parties)}


def interval_svg(estimate: EstimateJson) -> str:
    """Return a drawing of an estimate beside theory and bound, on an axis that just holds all three."""
    known = (
        ("theory", estimate["theory"], "theory"),
        ("bound", estimate["bound"], estimate["bound_label"]),
    )
    marks = [(kind, value["value"], word, _MARKS[kind]) for kind, value, word in known if value]
    values = [estimate["low"], estimate["high"], *(mark[1] for mark in marks)]
    axis = _Axis(min(values), max(values), _WIDE)
    parts = [_line("axis", _MARGIN - 8, 66, _WIDE - _MARGIN + 8, 66)]
    for tick in axis.ticks():
        parts.append(_line("axis", axis.at(tick), 66, axis.at(tick), 70))
        parts.append(_text("axis", axis.at(tick), 82, number(tick, 9)))
    for kind, value, word, height in marks:
        x = axis.at(value)
        parts.append(_line(kind, x, height + 4, x, 66))
        parts.append(_text(kind, x, height, f"{word} {number(value)}", _anchor(x)))
    parts.append(_whisker(axis, (estimate["low"], estimate["best"], estimate["high"]), 46, 7))
    return _svg("interval", f"{estimate['title']} {interval(estimate)}", _WIDE, 86, parts)


def bar_svg(limits: Limits, low: float, high: float, bound: float | None) -> str:
    """Return a small drawing of one interval on an axis from `low` to `high`, with the bound."""
    axis = _Axis(low, high, _NARROW)
    parts = [_line("axis", 0, 17, _NARROW, 17)]
    if bound is not None:
        parts.append(_line("bound", axis.at(bound), 1, axis.at(bound), 17))
    parts.append(_whisker(axis, limits, 9, 4))
    return _svg("bar", interval(dict(zip(("low", "best", "high"), limits, strict=True))), _NARROW, 18, parts)


@dataclass(frozen=True)
class Circuit:
    """What is drawn of a circuit.

    Attributes:
        wires: names of the qubits.
        parties: names of the parties.
        steps: what happens, in order.
    """

    wires: tuple[str, ...]
    parties: tuple[str, ...]
    steps: tuple[_Step, ...]


def read_circuit(experiment: Mapping[str, Any], index: int) -> Circuit:
    """Return what is drawn of a circuit.

    Args:
        experiment: the experiment as a record keeps it.
        index: which of its circuits.
    """
    wires, parties = tuple(experiment["wires"]), tuple(experiment["topology"]["parties"])
    return Circuit(wires, parties, tuple(_steps(experiment["circuits"][index]["events"])))


def circuit_svg(circuit: Circuit, label: str = "") -> str:
    """Return a drawing of a circuit: each wire in the colour of whoever owns it at that moment.

    Args:
        circuit: what is drawn.
        label: what it is called.
    """
    wires, classes = circuit.wires, party_classes(circuit.parties)
    packed = _pack(circuit.steps)
    widths: dict[int, float] = {}
    for column, step in packed:
        widths[column] = max(widths.get(column, 0), step.width)
    left = 14 + _CHAR * max((len(wire) for wire in wires), default=0)
    centres, end = [], left
    for column in range(len(widths)):
        centres.append(end + widths[column] / 2)
        end += widths[column] + _GAP
    placed = [(centres[column], step) for column, step in packed]
    names = [_text("label", left - 8, _y(i) + 4, wire, "end") for i, wire in enumerate(wires)]
    shapes = [_draw(step, x, len(wires), classes) for x, step in placed]
    rows = len(wires) + any(step.kind == "note" for _, step in placed)
    parts = [*names, *_wires(placed, end, classes), *shapes]
    return _svg("circuit", f"circuit {label}".strip(), end + 4, _ROW * rows, parts)


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    width: float

    @property
    def span(self) -> float:
        return self.high - self.low or 1.0

    def at(self, value: float) -> float:
        return _MARGIN + (value - self.low) / self.span * (self.width - 2 * _MARGIN)

    def ticks(self) -> list[float]:
        """Return about four round numbers on the axis."""
        rough = self.span / 4
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(m * power for m in (1, 2, 5, 10) if m * power >= 0.999 * rough)
        first, last = math.ceil(self.low / step - 0.01), math.floor(self.high / step + 0.01)
        return [k * step for k in range(first, last + 1)]


def _whisker(axis: _Axis, limits: Limits, y: float, half: float) -> str:
    """Return a bar over an interval, at least visibly wide, with a dot at the best value."""
    low, best, high = map(axis.at, limits)
    width = max(high - low, 2)
    return (
        f'<rect class="data" x="{(low + high - width) / 2:.1f}" y="{y - half}" width="{width:.1f}" '
        f'height="{2 * half}" rx="1"/>'
        f'<circle class="data" cx="{best:.1f}" cy="{y}" r="{0.4 * half:.1f}"/>'
    )


def _anchor(x: float) -> str:
    """Return on which side of x a label stays inside the drawing."""
    return "start" if x < _WIDE / 3 else "end" if x > _WIDE * 2 / 3 else "middle"


@dataclass(frozen=True)
class _Step:
    """What is drawn of an event: `own`, `send`, `gate`, `measure`, `barrier` or `note`.

    `party` is who acts, or owns the qubits from then on; `words` has an entry for each of `qubits`.
    """

    kind: str
    party: str = ""
    qubits: Sequence[int] = ()
    words: Sequence[str] = ()
    title: str = ""

    @property
    def width(self) -> float:
        return 4 if self.kind == "barrier" else max(map(_width, self.words))

    @property
    def waits(self) -> bool:
        """Whether it is about classical bits, so that it stands behind all that came before."""
        return self.kind == "note" or " if " in self.title

    def span(self, wires: Iterable[int]) -> Iterable[int]:
        """Return the wires, of those there are, that it touches or crosses."""
        if self.waits:
            return wires
        if self.kind in ("gate", "barrier"):
            return range(min(self.qubits), max(self.qubits) + 1)
        return self.qubits


def _steps(events: Iterable[Mapping[str, Any]]) -> Iterator[_Step]:
    for event in events:
        kind, party, name = event["kind"], event.get("party", ""), event.get("name", "")
        to, qubits = event.get("to", ""), event.get("qubits", [])
        count = len(qubits)
        if kind == "allocate":
            yield _Step("own", party, qubits, [party] * count, f"{party} allocates")
        elif kind == "share":
            for owner, qubit in zip(event["owners"], qubits, strict=True):
                yield _Step("own", owner, [qubit], [owner], f"{owner} gets its share")
            yield _Step("gate", "", qubits, _gate_words(name, count), f"shared: {name}")
        elif kind == "send":
            yield _Step("send", to, qubits, [f"to {to}"] * count, f"{party} sends to {to}")
        elif kind == "measure":
            yield _Step("measure", party, qubits, ["M"] * count, f"{party} measures {name}")
        elif kind == "gate":
            yield _Step("gate", party, qubits, _gate_words(name, count), f"{party} applies {name}")
        elif kind == "barrier":
            yield _Step("barrier", qubits=qubits)
        elif kind == "bits":
            yield _Step("note", words=[f"{party} tells {to}: {name} bits"])
        elif kind == "random":
            yield _Step("note", words=[f"common randomness: {name} bits"])


def _gate_words(name: str, count: int) -> Sequence[str]:
    """Return what stands on each wire of a gate: a sign, its name, or its name with the wire's number."""
    if len(signs := _SIGNS.get(name, "")) == count:
        return signs
    return [name] if count == 1 else [f"{i}: {name}" for i in range(count)]


def _pack(steps: Iterable[_Step]) -> list[tuple[int, _Step]]:
    """Return each step with its column: as far left as the wires it touches or crosses allow."""
    free: dict[int, int] = {}  # wire -> its first free column
    floor = 0  # new wires start right of the last barrier
    packed = []
    for step in steps:
        if step.kind == "own":
            free = {wire: floor for wire in step.qubits} | free
        span = step.span(tuple(free))
        column = max((free.get(wire, floor) for wire in span), default=floor)
        free |= {wire: column + 1 for wire in span if wire in free}
        if step.waits or step.kind == "barrier":
            floor = column + 1
        packed.append((column, step))
    return packed


def _wires(placed: Iterable[tuple[float, _Step]], end: float, classes: Mapping[str, str]) -> Iterator[str]:
    """Yield every wire as lines: one for each stretch between changes of its owner."""
    changes: dict[int, list[tuple[float, str]]] = {}
    for x, step in placed:
        if step.kind in ("own", "send", "measure"):
            look = classes.get(step.party, "") + (" spent" if step.kind == "measure" else "")
            for wire in step.qubits:
                changes.setdefault(wire, []).append((x, look))
    for wire, starts in changes.items():
        stops = [*(x for x, _ in starts[1:]), end]
        for (x, look), stop in zip(starts, stops, strict=True):
            yield _line(f"wire {look}", x, _y(wire), stop, _y(wire))


def _draw(step: _Step, x: float, lanes: int, classes: Mapping[str, str]) -> str:
    if step.kind == "note":
        return _text("note", x, _y(lanes) + 4, step.words[0])
    top, bottom = _y(min(step.qubits)), _y(max(step.qubits))
    if step.kind == "barrier":
        return _line("barrier", x, top - _ROW / 2, x, bottom + _ROW / 2)
    joint = [_line("joint", x, top, x, bottom)] if step.kind == "gate" and top < bottom else []
    signs = [_sign(step.kind, x, _y(q), word) for q, word in zip(step.qubits, step.words, strict=True)]
    owner = classes.get(step.party, "")
    return f'<g class="{owner}"><title>{_safe(step.title)}</title>{"".join(joint + signs)}</g>'


def _sign(kind: str, x: float, y: float, word: str) -> str:
    """Return a gate's sign or box, a meter, or the tag of an owner (pointed where the qubit was sent)."""
    if kind == "gate" and word == "•":
        return f'<circle class="dot" cx="{x:.1f}" cy="{y}" r="4.5"/>'
    if kind == "gate" and word == "⊕":
        return f'<circle class="box" cx="{x:.1f}" cy="{y}" r="9"/><path d="M{x - 9:.1f} {y}h18m-9-9v18"/>'
    if kind == "gate" and word == "×":
        return f'<path d="M{x - 6:.1f} {y - 6}l12 12m-12 0l12-12"/>'
    half = _width(word) / 2
    if kind == "send":
        outline = f"M{x - half:.1f} {y - 10}h{2 * half - 8:.1f}l8 10l-8 10h{8 - 2 * half:.1f}z"
        return f'<path class="tag" d="{outline}"/>' + _text("tag", x - 2, y + 4, word)
    height, corner = (20, 10) if kind == "own" else (_BOX, 3)
    look = {"own": "tag", "measure": "meter"}.get(kind, "box")
    return (
        f'<rect class="{look}" x="{x - half:.1f}" y="{y - height / 2}" width="{2 * half:.1f}" '
        f'height="{height}" rx="{corner}"/>' + _text(look, x, y + 4, word)
    )


def _width(word: str) -> float:
    return max(_BOX, _CHAR * len(word) + 14)


def _y(wire: int) -> float:
    return _ROW * (wire + 0.5)


def _line(look: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{look}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(look: str, x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f'<text class="{look}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_safe(words)}</text>'


def _svg(look: str, title: str, width: float, height: float, parts: Iterable[str]) -> str:
    return (
        f'<svg class="{look}" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img"><title>{_safe(title)}</title>{"".join(parts)}</svg>'
    )


def _safe(value: object) -> str:
    return escape(printable(value))
