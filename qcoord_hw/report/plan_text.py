"""A plan as plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from qcoord_hw.report.links import links_section
from qcoord_hw.report.plan_answer import NO_ERRORS, Account, EdgeBill, Place, Plan
from qcoord_hw.statistics.words import number


def plan_text(plan: Plan) -> str:
    """Return a plan as plain text, at most 100 columns wide."""
    lines = [f"{plan.experiment} on {plan.target}", ""]
    for name, words in facts_of(plan):
        lines += textwrap.wrap(words, 98, initial_indent=f"  {name:<22}", subsequent_indent=" " * 24)
    for title, rows in (("qubits, best first", plan.ranked), ("worst tile", _worst(plan))):
        if rows:
            lines += ["", *_table(title, rows)]
    lines += ["", *(f"  {system}: {words}" for system, words in plan.holders.items())]
    for line in links_section(plan.links).lines if plan.links else ():
        lines += textwrap.wrap(line, 98, initial_indent="  ", subsequent_indent="  ")
    for note in plan.notes:
        lines += textwrap.wrap(note, 98, initial_indent="  ", subsequent_indent="  ")
    return "\n".join(lines)


def facts_of(plan: Plan) -> list[tuple[str, str]]:
    """Return what a plan says, by name; a name that is empty goes on with the one before."""
    executions = f"{plan.executions} ({plan.circuits} circuits x {plan.shots} shots"
    known = plan.known_answer or 0
    surplus = plan.executions - plan.circuits * plan.shots - known
    executions += f", and {known} of the circuit whose answer is known" if known else ""
    executions += f", and {surplus} since the shots of a job are all the same)" if surplus else ")"
    facts = [
        ("executions", executions),
        ("circuit", _circuit_words(plan)),
        ("layout", " ".join(map(str, plan.layout or ()))),
        ("QPU time", _time_words(plan)),
        ("account", _account_words(plan.account)),
        ("expected", _expected_words(plan)),
        ("for a verdict", _verdict_words(plan)),
        ("tiles", _tiles_words(plan)),
        ("every edge", _edges_words(plan.edges)),
    ]
    others = {name: value for name, value in plan.figures.items() if name != plan.figure}
    facts += [
        ("also expected" if k == 0 else "", f"{plan.titles[n]} {number(v)}")
        for k, (n, v) in enumerate(others.items())
    ]
    return facts


def _circuit_words(plan: Plan) -> str:
    words = f"{plan.two_qubit_gates} two-qubit gates, depth {plan.depth}"
    return words if plan.duration_us is None else f"{words}, {plan.duration_us:.3g} us with readout"


def _time_words(plan: Plan) -> str:
    if plan.qpu_seconds is None:
        return ""
    jobs = "1 job" if plan.jobs == 1 else f"{plan.jobs} jobs"
    return f"{plan.qpu_seconds:.2f} s, and {plan.overhead_seconds:g} s overhead for {jobs}"


def _account_words(account: Account | None) -> str:
    if account is None:
        return ""
    return f"{account.remaining_seconds:.0f} s left: {'enough' if account.enough else 'NOT ENOUGH'}"


def _expected_words(plan: Plan) -> str:
    if plan.figure is None or plan.expected is None:
        return ""
    known = {"theory": plan.theory, "bound": plan.bound}
    beside = [f"{name} {number(value)}" for name, value in known.items() if value is not None]
    beside += [plan.expected_kind] if plan.expected_kind == NO_ERRORS else []
    return f"{plan.titles.get(plan.figure, plan.figure)} {number(plan.expected)}" + "".join(
        f", {b}" for b in beside
    )


def _verdict_words(plan: Plan) -> str:
    if plan.bound is None:
        return ""
    if plan.shots_for_verdict is None:
        return "no number of shots: the figure is not expected above its bound"
    words = f"{plan.shots_for_verdict} shots of all circuits together, 5 sigma above the bound"
    seconds = plan.seconds_for_verdict
    return words if seconds is None else f"{words} ({_short(seconds)} s)"


def _tiles_words(plan: Plan) -> str:
    tiling = plan.tiling
    if tiling is None or tiling.qpu_seconds is None:
        return ""
    return f"{plan.tiles} at once on qubits of their own: {_short(tiling.qpu_seconds)} s for as many shots"


def _edges_words(bill: EdgeBill | None) -> str:
    if bill is None:
        return ""
    words = f"{bill.couplings} couplings in {bill.batches} batches: {bill.executions} executions"
    if bill.qpu_seconds is not None:
        words += f", {_short(bill.qpu_seconds)} s and {bill.overhead_seconds:g} s overhead"
    above = bill.expected_above
    return words if above is None else f"{words}; {above} expected above the bound"


def _short(seconds: float) -> str:
    return f"{seconds:.3g}" if seconds < 100 else f"{seconds:.0f}"


def _worst(plan: Plan) -> list[Place]:
    return [plan.tiling.worst] if plan.tiling else []


def _table(title: str, rows: Sequence[Place]) -> list[str]:
    places = [" ".join(map(str, row.layout)) for row in rows]
    width = min(60, max(len(title), *map(len, places)))
    lines = [f"  {title:<{width}}  errors  expected"]
    for place, row in zip(places, rows, strict=True):
        first, *more = textwrap.wrap(place, width)
        value = "" if row.expected is None else f"{number(row.expected)} ({row.method})"
        lines += [f"  {first:<{width}}  {row.errors:6.3f}  {value}", *(f"  {line}" for line in more)]
    return lines
