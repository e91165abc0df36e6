"""What a protocol family is: one object that knows all about its experiments, from parameters to pages.

Nothing outside a family's own folder knows it by name. The object itself is light: what needs Qiskit, a
solver or matplotlib is imported where it is used. Four methods and three attributes are required; every other
method has a default that suits a family whose parameters, counts and figures say all there is to say.

A long module: the plain values that a family speaks in, and one class with all that it may say.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from qcoord_hw.errors import InputError
from qcoord_hw.spec import MAX_TEXT

if TYPE_CHECKING:
    from qcoord_hw.diagrams import Diagram
    from qcoord_hw.families.counted import Counted
    from qcoord_hw.families.experiment import Experiment, Scoring
    from qcoord_hw.families.view import View
    from qcoord_hw.imports.table import CountTable
    from qcoord_hw.record import RunRecord
    from qcoord_hw.schema import Parameter
    from qcoord_hw.spec import ExperimentSpec, Plain
    from qcoord_hw.statistics.analysis import Analysis
    from qcoord_hw.statistics.estimate import Estimate, Limits

AS_GIVEN = "as-given"
"""Name of the candidate that is the experiment itself."""

ComplexArray = Any
"""An array of complex numbers; numpy is not imported for its name."""

Ideal = Sequence[Mapping[str, float]] | None
"""Outcome -> probability for ideal circuits, of each setting; None where nobody knows, or it is too large."""


@dataclass(frozen=True)
class JsonFile:
    """A JSON file that a person named.

    Attributes:
        path: where it is.
        data: what stands in it.
    """

    path: Path
    data: Any

    def has(self, *keys: str) -> bool:
        """Whether it is an object with any of these keys."""
        return isinstance(self.data, dict) and not self.data.keys().isdisjoint(keys)


@dataclass(frozen=True)
class Named:
    """What a family knows by a name that is no entry of the catalogue.

    Attributes:
        name: as it is typed; a parameter at its default, as in `cglmp:d=3`.
        title: what it is, and which values its parameter takes.
    """

    name: str
    title: str


@dataclass(frozen=True)
class Situation:
    """Where and how an experiment is meant to run, as far as that decides what is left open in its spec.

    Attributes:
        ideal: whether on the ideal simulator, where every setting is cheap.
        seed: of what is drawn.
        stated: the parameters that a person stated just now.
        shares_simulation: whether one noisy simulation would serve all settings of an experiment there.
        gates: counts the two-qubit gates of an experiment's circuits there, on average.
    """

    ideal: bool
    seed: int
    stated: frozenset[str] = frozenset()
    shares_simulation: Callable[[Experiment], bool] = lambda experiment: False
    gates: Callable[[Experiment], float] = lambda experiment: 0.0


@dataclass(frozen=True)
class Candidate:
    """A way to do what an experiment does.

    Attributes:
        name: by which it is asked for; letters, digits and dashes. The same experiment has the same names.
        title: what is different about it, in words.
        make: returns the spec with other parameters; raises `InputError` where there is none after all.
        same: whether it does what was asked; else it does the like, over another field for instance.
    """

    name: str
    title: str
    make: Callable[[], ExperimentSpec]
    same: bool = True

    @cached_property
    def spec(self) -> ExperimentSpec:
        """The spec that runs it, under a name and on qubits of its own.

        Raises:
            InputError: when there is none, saying why.
        """
        made = self.make()
        if self.name == AS_GIVEN:
            return made
        name, title = f"{made.name}-{self.name}", f"{made.title}: {self.title}"
        return replace(made, name=name[:MAX_TEXT], title=title[:MAX_TEXT], layout=())


class OutputState(Protocol):
    """The exact state of the qubits that a circuit measures, before its last stage."""

    def branches(self, bits: Sequence[int]) -> ComplexArray | None:
        """Return the state of the qubits that are measured into some classical bits.

        Returns:
            Shape (2^k, e): unnormalised vectors, the first bit's qubit most significant; None where it is too
            large.
        """

    def independent(self, bits: Sequence[int]) -> list[tuple[tuple[int, ...], ComplexArray]]:
        """Return the same state as a product, whose factors are small where the whole is too large.

        Returns:
            For each factor the positions in `bits` of its qubits, and its branches; empty where not known.
        """


@dataclass(frozen=True)
class Prediction:
    """What is said of an experiment before it is run.

    Attributes:
        values: further keys of the object that `qcoord show --json` prints.
        lines: lines for a terminal: a word of at most nine letters, and from column 10 what there is to say.
    """

    values: Mapping[str, Any]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Outcomes:
    """What the outcomes of a run say, in columns of a table.

    Attributes:
        columns: the columns of every row beside those that all runs have.
        rows: (setting as in the record, its number, outcomes with classical bit 0 first) -> the rows of each
            outcome.
    """

    columns: tuple[str, ...]
    rows: Callable[[Mapping[str, Any], int, Sequence[str]], Iterator[list[dict[str, object]]]]


@dataclass(frozen=True)
class Rounds:
    """A run told round by round.

    Attributes:
        lines: one for each round.
        closing: what it came to.
        values: keys of the object that `qcoord play --json` prints.
        rule: sentences that say how it is played and won.
    """

    lines: tuple[str, ...]
    closing: str
    values: Mapping[str, Any]
    rule: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lecture:
    """A game with recorded rounds of it, as an audience plays it; all plain values.

    Attributes:
        name: of the game.
        players: their names.
        rule: sentences that say how it is played and won.
        is_told: whether they say which answers win; else only `wins` does.
        questions: those that are asked, each a number for every player.
        probabilities: of the questions.
        answers: how many answers each player has.
        wins: which answers win a question, or what they score, in words.
        worth: worth[question][k] is the score of the answers whose mixed-radix number is k, first player most
            significant.
        is_scored: whether rounds have scores in place of being won or lost.
        classical: the classical value: `value`, `kind`, `source`.
        strategy: strategy[player][question], deterministic and optimal; None where it is out of reach.
        theory: what quantum theory says of the recorded strategy, as `classical`; None where nothing.
        rounds: recorded rounds, each used once: (index of the question, answer of every player or None).
    """

    name: str
    players: tuple[str, ...]
    rule: tuple[str, ...]
    is_told: bool
    questions: tuple[tuple[int, ...], ...]
    probabilities: tuple[float, ...]
    answers: tuple[int, ...]
    wins: tuple[str, ...]
    worth: tuple[tuple[float, ...], ...]
    is_scored: bool
    classical: Mapping[str, Any]
    strategy: tuple[tuple[int, ...], ...] | None
    theory: Mapping[str, Any] | None
    rounds: tuple[tuple[int, tuple[int | None, ...]], ...]

    def score(self, question: int, given: Sequence[int | None]) -> float:
        """Return what answers to a question, given by its index, are worth; nothing where one is None."""
        number = 0
        for size, answer in zip(self.answers, given, strict=True):
            if answer is None:
                return 0.0
            number = number * size + answer
        return self.worth[question][number]


class Family(ABC):
    """A protocol family.

    Attributes:
        name: the `family` of its specs, such as `dense-coding`.
        kind: the `kind` of its scoring in records; often the name.
        parameters: all that may stand in its specs, each behind those that it depends on.
        samples: the parameters that only say which of all inputs are run; runs in which they were drawn
            differently are compared all the same.
        played: the parameters that only say how it is executed, which nobody knows of imported counts.
        per_tile: the keys of `summary` that are told of every tile, where copies ran side by side.
        within_rates: whether candidates are compared where they use their links equally much; else one figure
            says which is better.
    """

    name: ClassVar[str]
    kind: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]

    def parameter_lists(self) -> Mapping[str, tuple[Parameter, ...]]:
        """Return the parameters of each kind of its specs, by its title; by default one, titled ""."""
        return {"": self.parameters}

    def parameters_of(self, spec: ExperimentSpec) -> tuple[Parameter, ...]:
        """Return the parameters of a spec's kind.

        Raises:
            InputError: when the spec does not say of which kind it is.
        """
        return self.parameters

    samples: ClassVar[tuple[str, ...]] = ()
    played: ClassVar[tuple[str, ...]] = ()
    per_tile: ClassVar[tuple[str, ...]] = ()
    within_rates: ClassVar[bool] = False

    @abstractmethod
    def build(self, spec: ExperimentSpec) -> Experiment:
        """Build the circuits of a spec.

        Raises:
            InputError: when a parameter is unknown or out of range.
        """

    @abstractmethod
    def scoring(self, play: dict[str, Any]) -> Scoring:
        """Build how counts are scored from what its `to_json` returned."""

    @abstractmethod
    def analyse(self, record: RunRecord, confidence: float) -> Analysis:
        """Return estimates and checks of a finished run.

        Raises:
            InputError: when the confidence is not between 0 and 1.
            RecordError: when the record is not that of this family.
        """

    def estimates(self, record: RunRecord, confidence: float) -> Iterable[Estimate]:
        """Yield the estimates of `analyse` alone, each made when it is asked for; by default all at once."""
        return self.analyse(record, confidence).estimates

    # From what a person gives to a spec

    def catalogue(self) -> Sequence[ExperimentSpec]:
        """Return the experiments that come with a family of another package, each found by its name."""
        return ()

    def named(self) -> Sequence[Named]:
        """Return what it knows by names that are no entries of the catalogue."""
        return ()

    def recognise(self, given: object, parameters: Mapping[str, Plain]) -> ExperimentSpec | None:
        """Return the spec of what a person gave, if it is the family's; else None.

        Args:
            given: a name, a `JsonFile`, or an object of Python.
            parameters: what is stated beside it; the spec has it as well (`ExperimentSpec.stating`).

        Raises:
            InputError: when it is the family's, and wrong.
        """
        return None

    def complete(self, spec: ExperimentSpec, situation: Situation) -> ExperimentSpec:
        """Return a spec with all that it leaves open filled in, so that it alone tells what is run.

        Raises:
            InputError: when a parameter is wrong.
        """
        return spec

    def candidates(self, spec: ExperimentSpec) -> Sequence[Candidate]:
        """Return the ways to do what a spec does, itself among them; `qcoord choose` compares them.

        Args:
            spec: before `complete`; what every candidate leaves open is filled in by that.

        Raises:
            InputError: when a parameter is wrong.
        """
        return (Candidate(AS_GIVEN, "as it is", lambda: spec),)

    def theorem(self, spec: ExperimentSpec) -> str:
        """Return which statement an experiment is about, such as "[Hu2025, Theorem 1]"; else the family."""
        return self.name

    # From counts that somebody else measured to figures

    def counted(self, spec: ExperimentSpec, table: CountTable) -> Counted:
        """Return what a table of counts says of an experiment.

        Args:
            spec: of the experiment, which may leave open how it is executed.
            table: rows of outcomes and how often each was seen.

        Raises:
            InputError: when the family reads no rows, or naming the row and the column that do not fit.
        """
        raise InputError(
            f"family: {self.name} does not say what rows of counts mean; allowed are families that do"
        )

    # From an experiment to figures

    def check(self, intent: dict[str, Any], width: float) -> None:
        """Check that a record's scoring is one, and that it fits the rest of the record.

        Args:
            intent: of the run; everything else in it is checked.
            width: classical bits of each circuit; infinite while they are not known.

        Raises:
            ValueError: naming the field (`qcoord_hw.record.shape.Misfit`).
            InputError: when something in it is not what it should be.
        """
        self.scoring(intent["experiment"]["play"])

    def representatives(self, settings: int) -> Sequence[int]:
        """Return the settings whose outcomes are computed in a forecast, standing for all."""
        return range(settings)

    def exact(
        self, play: dict[str, Any], states: Callable[[], Sequence[OutputState | None]]
    ) -> dict[str, float] | None:
        """Return figures of the exact states that circuits make on a simulator; None for none.

        Args:
            play: how counts are scored, as in the record.
            states: computes the state of each circuit's outputs; None where it is too large.
        """
        return None

    def paired(self, before: RunRecord, after: RunRecord, confidence: float) -> Mapping[str, Limits]:
        """Return name of an estimate -> limits of its difference, where two runs had the same inputs."""
        return {}

    # From figures to what a person sees

    def predict(self, experiment: Experiment) -> Prediction:
        """Return what is said of an experiment before it is run."""
        named = list(dict.fromkeys(setting.label for setting in experiment.settings))
        return Prediction({}, (f"settings  {len(experiment.settings)}: {_some(named)}",))

    def summary(self, intent: Mapping[str, Any], analysis: Analysis | None) -> Mapping[str, Any]:
        """Return the family's own keys of the object that `qcoord run --json` prints.

        Args:
            intent: of the run.
            analysis: of a finished run; None before its end.
        """
        return {}

    def view(self, summary: Mapping[str, Any]) -> View:
        """Return what is to be drawn of a run.

        Args:
            summary: the object that `qcoord run --json` prints.
        """
        from qcoord_hw.families.view import View
        from qcoord_hw.statistics.words import main_estimate, verdict_words

        main = main_estimate(summary["estimates"])
        return View(headline="" if main is None else verdict_words(main))

    def diagrams(
        self, record: RunRecord, summary: Mapping[str, Any], ideal: Callable[[], Ideal]
    ) -> Sequence[Diagram]:
        """Return what is drawn of a finished run, in plain values; no axis has two units.

        Args:
            record: of one tile.
            summary: the object that `qcoord run --json` prints.
            ideal: computes what ideal circuits would give; asked for only where it is drawn.
        """
        return ()

    def side_by_side(self, summaries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
        """Return what stands beside the estimates where runs are compared; None for nothing.

        Returns:
            Rows of `section`, `name` and `runs`: of each run what `statistics.words.cell` can say, or None.
        """
        return None

    def outcomes(self, play: dict[str, Any]) -> Outcomes:
        """Return what the outcomes of a run say, in columns of a table."""
        return Outcomes((), lambda setting, number, found: ([{}] for _ in found))

    def rounds(self, record: RunRecord, seed: int, count: int) -> Rounds | None:
        """Return a finished run told round by round, in an order drawn from a seed; None without rounds."""
        return None

    def lecture(self, record: RunRecord, seed: int, count: int) -> Lecture | None:
        """Return what an audience needs to play beside a finished run; None where nobody can.

        Raises:
            InputError: when it is too large to be played by hand.
        """
        return None


def _some(names: Sequence[str]) -> str:
    from qcoord_hw.statistics.words import some

    return some(names)
