"""What a run would take and show: typed, with its rows and its figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qcoord_hw.answer import Answer, Row, optional

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from qcoord_hw.diagrams import Chip

NO_ERRORS = "no error data: ideal"
"""What is expected of a target that states no rate of errors."""


@dataclass(frozen=True)
class Place:
    """A set of qubits.

    Attributes:
        layout: physical qubit of each qubit of the circuit.
        errors: expected number of errors per shot.
        expected: the main figure there; None where none is expected.
        method: `simulated` or `interpolated`.
    """

    layout: Sequence[int]
    errors: float
    expected: float | None
    method: str | None


@dataclass(frozen=True)
class Tiling:
    """What running copies of the circuits side by side would take, for as many shots in all.

    Attributes:
        layouts: of each tile.
        worst: the tile with the most errors.
        executions: of a circuit.
        duration_us: of the longest tile, microseconds.
        qpu_seconds: without overhead.
    """

    layouts: Sequence[Sequence[int]]
    worst: Place
    executions: int
    duration_us: float | None
    qpu_seconds: float | None


@dataclass(frozen=True)
class EdgeBill:
    """What a run on every coupling would take.

    Attributes:
        couplings: of the chip.
        batches: in which they run, one after the other; what runs at once shares no qubit.
        executions: of all circuits in all batches.
        qpu_seconds: without overhead.
        overhead_seconds: beside the shots, with so many jobs.
        expected_above: on how many the main figure is expected above its bound, by the noise model on some
            and interpolated between; None where there is no bound.
        jobs: in which a device is sent all of them.
    """

    couplings: int
    batches: int
    executions: int
    qpu_seconds: float | None
    overhead_seconds: float | None
    expected_above: int | None
    jobs: int


@dataclass(frozen=True)
class Account:
    """What an account has left."""

    remaining_seconds: float
    enough: bool


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Answer):
    """What a run would take and what is expected of it. What has no meaning on the target is None.

    Attributes:
        experiment: its name.
        target: its name.
        shots: per circuit.
        circuits: how many.
        known_answer: executions of the circuit whose answer is known, on a foreign target.
        executions: of all circuits together.
        two_qubit_gates: the most of any circuit, as executed.
        depth: the largest of any circuit.
        duration_us: of the longest circuit with its readout, microseconds.
        qpu_seconds: without overhead.
        overhead_seconds: beside the shots, for all jobs.
        overhead: the rule for it, and its source.
        jobs: in how many jobs it is sent.
        account: what the account has left.
        layout: physical qubits.
        ranked: sets of qubits, best first.
        tiles: how many copies fit side by side.
        tiling: what these would take.
        shots_for_verdict: of all circuits together, for 5 sigma above the bound.
        seconds_for_verdict: QPU seconds of these.
        expected: the main figure.
        expected_kind: `noise model`, `links` (no other errors), `ideal` or `no error data: ideal`.
        figure: the name of the main figure.
        figures: name -> expected value of every figure.
        titles: name -> what the figure is called, of every figure.
        theory: what theory says of the main figure.
        bound: that it is judged against.
        holders: who has each system, where an experiment has systems.
        notes: what the numbers rest on, a line each.
        edges: what all couplings would take, where every edge is asked for.
        links: what links cost and do, where they cost anything.
        idle_noise: whether qubits that wait decay in the noise model, where there is one.
    """

    experiment: str
    target: str
    shots: int
    circuits: int
    known_answer: int | None
    executions: int
    two_qubit_gates: int
    depth: int
    duration_us: float | None
    qpu_seconds: float | None
    overhead_seconds: float | None
    overhead: str | None
    jobs: int
    account: Account | None
    layout: Sequence[int] | None
    ranked: Sequence[Place] | None
    tiles: int | None
    tiling: Tiling | None
    shots_for_verdict: int | None
    seconds_for_verdict: float | None
    expected: float | None
    expected_kind: str | None = field(metadata={"key": "expected.kind"})
    figure: str | None
    figures: Mapping[str, float]
    titles: Mapping[str, str]
    theory: float | None
    bound: float | None
    holders: Mapping[str, str]
    notes: Sequence[str]
    edges: EdgeBill | None = optional()
    links: Mapping[str, Any] | None = optional()
    idle_noise: bool | None = optional()

    def rows(self) -> Sequence[Row]:
        """Return a row for each set of qubits that is ranked, best first, or a single one without any."""
        about: dict[str, object] = {
            "experiment": self.experiment,
            "target": self.target,
            "figure": self.figure,
        }
        beside = {"theory": self.theory, "bound": self.bound}
        places: list[tuple[Sequence[int], float | None, float | None]]
        places = [(place.layout, place.errors, place.expected) for place in self.ranked or ()]
        return [
            about | {"layout": " ".join(map(str, layout)), "errors": errors, "expected": expected, **beside}
            for layout, errors, expected in places or [(self.layout or (), None, self.expected)]
        ]

    def plot(self) -> Figure:
        """Return a figure of the expected figure on each set of qubits, beside theory and bound."""
        from qcoord_hw.charts import BOUND, THEORY, Interval, Mark, interval_figure

        values = [(str(row["layout"] or self.target), row["expected"]) for row in self.rows()]
        rows = [Interval(name, v, v, v) for name, v in values if isinstance(v, int | float)]
        marks = [
            Mark(name, value, colour)
            for name, value, colour in (("theory", self.theory, THEORY), ("bound", self.bound, BOUND))
            if value is not None
        ]
        title = f"{self.experiment} on {self.target}: expected, {self.expected_kind}"
        return interval_figure(
            title, self.titles.get(self.figure or "", ""), rows, marks, "no figure is expected"
        )

    def html(self, chip: Chip | None = None) -> str:
        """Return the plan as one self-contained HTML page.

        Args:
            chip: the device with the chosen qubits, to be drawn.
        """
        from qcoord_hw.report.html import document_page
        from qcoord_hw.report.pages import plan_document

        return document_page(plan_document(self, chip))

    def _text(self) -> str:
        from qcoord_hw.report.plan_text import plan_text

        return plan_text(self)
