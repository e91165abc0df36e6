"""Which way of doing an experiment is the best on a device."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw import registry
from qcoord_hw.api.building import Built, LinksLike, build, named_parameters, stated_links
from qcoord_hw.errors import InputError, QcoordError, TargetError
from qcoord_hw.execution.devices.registry import device_name
from qcoord_hw.families.base import AS_GIVEN, Candidate
from qcoord_hw.sources import spec_of
from qcoord_hw.spec import ExperimentSpec, Links, Plain, check_seed, one_line
from qcoord_hw.watching import watched

if TYPE_CHECKING:
    from qcoord_hw.execution.run import Progress
    from qcoord_hw.report.choice import Trial
    from qcoord_hw.report.choice_answer import Choice
    from qcoord_hw.schema import Flag, Parameter


def choose(
    experiment: object,
    *,
    target: Any,
    seed: int = 0,
    parameters: Mapping[str, Plain] | None = None,
    links: LinksLike = None,
    progress: Progress | None = None,
    idle_noise: bool = True,
    **named: Plain,
) -> Choice:
    """Return the ways to do an experiment, by what is expected of each on some targets, without shots.

    A task of sums is tried over several fields, in batches, beyond Theorem 1, with auxiliary qudits
    anywhere and by several graphs; a game in several local dimensions, by several strategies; a state by all
    protocols of its network, for several block lengths, compared where the rates are the same.

    Args:
        experiment: as in `run`.
        target: one as in `run`, or a sequence of them; of a device calibration is read, nothing is sent.
        seed: of random inputs, if the spec states none; the commands state it, too.
        parameters: of the spec's family, as in `run`.
        links: what crossing links costs, as in `run`.
        progress: called with (candidates judged, candidates in all, on all targets).
        idle_noise: whether qubits that wait decay in what is expected, as in `run`.
        named: parameters of the family by their names, such as `rounds=2`.

    Returns:
        What `qcoord choose` prints: for each target the candidates, the best first, each with its figure, why
        it lost, and the command that runs it. `.best(target).name` is what `run(.., candidate=NAME)` takes.

    Raises:
        InputError: when an argument or a field of the spec is not allowed.
        TargetError: when a target cannot be reached.
    """
    from qcoord_hw.report.choice import compare_candidates

    check_seed(seed)
    targets = _targets(target)
    if isinstance(experiment, Built):
        raise InputError("experiment: built already; allowed is what it was built from")
    parameters = named_parameters(experiment, parameters, named)
    spec = spec_of(experiment, parameters or {})
    family = registry.family(spec.family)
    found = family.candidates(spec)
    builder = _Builder(seed, None if links is None else stated_links(links))
    command = _Command(experiment, parameters or {}, links, seed, family.parameters, idle_noise)
    total, done = 2 * len(found) * len(targets), 0  # placed, then judged

    def step(told: Progress | None) -> None:
        nonlocal done
        done += 1
        if told is not None:
            told(done, total)

    with watched(progress, f"choose for {spec.name}") as told:
        trials = []
        for (name, one), candidate in itertools.product(targets.items(), found):
            words = command.of(candidate.name, one, name)
            trials.append(_trial(builder, candidate, one, name, words, idle_noise=idle_noise))
            step(told)
        if all(trial.forecast is None for trial in trials):
            why = "; ".join(dict.fromkeys(f"{trial.candidate.name}: {trial.refused}" for trial in trials))
            raise InputError(f"choose: no candidate of {spec.name} runs; {why}")
        return compare_candidates(
            spec.name,
            trials,
            within_rates=family.within_rates,
            idle_noise=idle_noise,
            done=lambda: step(told),
        )


def _targets(target: Any) -> dict[str, Any]:
    """Return name -> target of one or several."""
    from qcoord_hw.execution.forecast import where_of

    given = list(target) if isinstance(target, Sequence) and not isinstance(target, str) else [target]
    if not given:
        raise InputError("target: none; allowed are one or more")
    names = [where_of(one).name for one in given]  # that there is one, before anything is searched for
    return dict(zip(names, given, strict=True))


@dataclass
class _Builder:
    """Builds each candidate once for all targets for which its spec is completed alike."""

    seed: int
    links: Links | None
    _built: dict[tuple[str, object], Built | QcoordError] = field(default_factory=dict)

    def of(self, candidate: Candidate, target: Any) -> Built:
        """Return what is built of a candidate.

        Raises:
            InputError: when there is none such, or its spec is wrong.
            TooLargeError: when it is too large to be built.
        """
        simulated = isinstance(target, str) and device_name(target) is None
        key = candidate.name, (target == "aer" if simulated else id(target))
        if key not in self._built:
            try:
                self._built[key] = build(self._spec(candidate), target=target, seed=self.seed)
            except QcoordError as error:
                self._built[key] = error
        found = self._built[key]
        if isinstance(found, QcoordError):
            raise found
        return found

    def _spec(self, candidate: Candidate) -> ExperimentSpec:
        """Return the spec of a candidate, over the links that are stated."""
        return candidate.spec if self.links is None else replace(candidate.spec, links=self.links)

    def twin(self, candidate: Candidate, target: Any) -> str:
        """Return the first candidate, built before, with the same circuits; empty if there is none."""
        own = self.of(candidate, target)
        for (name, _), other in self._built.items():
            if name == candidate.name:
                break
            if isinstance(other, Built) and _same(own, other):
                return name
        return ""


def _same(one: Built, other: Built) -> bool:
    """Whether two experiments are the same but for their names."""
    mine, theirs = (built.experiment for built in (one, other))
    if [str(s) for s in mine.settings] != [str(s) for s in theirs.settings]:
        return False
    same = mine.usage == theirs.usage and mine.play.to_json() == theirs.play.to_json()
    circuits = zip(mine.circuits, theirs.circuits, strict=False)
    return (
        same
        and len(mine.circuits) == len(theirs.circuits)
        and all(a.circuit == b.circuit for a, b in circuits)
    )


def _trial(
    builder: _Builder, candidate: Candidate, target: Any, name: str, command: str, *, idle_noise: bool
) -> Trial:
    """Return a candidate on a target, placed and compiled, or why it does not run there."""
    from qcoord_hw.execution.forecast import Forecast
    from qcoord_hw.execution.run_description import describe, program_of
    from qcoord_hw.report.choice import Trial

    try:
        built = builder.of(candidate, target)
        twin = builder.twin(candidate, target)
        circuits = built.experiment
        program = program_of(circuits, built.spec.links)
        forecast = Forecast.of(describe(circuits), program, built.spec, target, idle_noise=idle_noise)
    except TargetError:
        raise
    except QcoordError as error:
        return Trial(candidate, name, command, refused=one_line(error))
    return Trial(candidate, name, command, forecast, twin=twin)


@dataclass(frozen=True)
class _Command:
    """Says how a candidate is run: as it is typed, or else from Python."""

    experiment: object
    parameters: Mapping[str, Plain]
    links: LinksLike
    seed: int
    declared: Sequence[Parameter]
    idle_noise: bool = True

    def of(self, name: str, target: Any, target_name: str) -> str:
        """Return the command that runs a candidate on a target."""
        words = self._typed()
        if words is None or not isinstance(target, str):
            stated = {"parameters": dict(self.parameters), "links": self.links}
            more = "".join(f", {key}={value!r}" for key, value in stated.items() if value)
            more += "" if self.idle_noise else ", idle_noise=False"
            given = repr(self.experiment) if isinstance(self.experiment, str) else "experiment"
            where = repr(target) if isinstance(target, str) else target_name
            return f"qc.run({given}, candidate={name!r}, target={where}{more}, seed={self.seed})"
        chosen = [] if name == AS_GIVEN else ["--candidate", name]
        chosen += ["--target", target, *([] if self.idle_noise else ["--no-idle-noise"])]
        return shlex.join(["qcoord", "run", *words, *chosen, "--seed", str(self.seed)])

    def _typed(self) -> list[str] | None:
        """Return experiment, parameters and links as they are typed; None where they cannot be."""
        if not isinstance(self.experiment, str | Path) or not isinstance(self.links, str | Path | None):
            return None
        words = [str(self.experiment)]
        for name, value in self.parameters.items():
            forms = [
                form
                for one in self.declared
                if one.name == name
                for flag in one.flags
                if (form := _flag(flag, one, value))
            ]
            if not forms:
                return None
            words += forms[0]
        return words + ([] if self.links is None else ["--links", str(self.links)])


def _flag(flag: Flag, parameter: Parameter, value: Plain) -> list[str] | None:
    """Return how a value is typed with a flag, if it can be."""
    if parameter.type == "boolean" and flag.read is None:
        return [flag.name] if value is True else None
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    if flag.read is None:
        return None if isinstance(value, tuple) else [flag.name, text]
    try:
        return [flag.name, text] if flag.read(text) == value else None
    except InputError:
        return None
