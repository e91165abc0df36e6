"""From what a person names to circuits: a catalogue name, a file, a spec, or an experiment in Python."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw import registry
from qcoord_hw.errors import InputError
from qcoord_hw.families.base import Candidate, Situation
from qcoord_hw.sources import completed, spec_of
from qcoord_hw.spec import (
    ExperimentSpec,
    Links,
    Plain,
    canonical_json,
    check_seed,
    links_from_mapping,
    read_links_file,
    short_repr,
)
from qcoord_hw.text import meant

if TYPE_CHECKING:
    from qcoord_hw.families.experiment import Experiment


LinksLike = str | Path | Mapping[str, Mapping[str, float | bool]] | None
"""A file that says what crossing links costs, or its tables by their keys; None leaves it to the spec."""


@dataclass(frozen=True, eq=False)
class Built:
    """A spec and the experiment that was built from it."""

    spec: ExperimentSpec
    experiment: Experiment

    @classmethod
    def of(cls, spec: ExperimentSpec) -> Built:
        """Build a spec that leaves nothing open, as it stands.

        Raises:
            InputError: when the family is unknown or incomplete, or a parameter is wrong.
        """
        from qcoord_hw.families.experiment import build_experiment

        made = build_experiment(spec)
        _check_scoring(made, registry.family(spec.family).kind)
        return cls(spec, made)


def build(
    experiment: object,
    shots: int | None = None,
    layout: Sequence[int] | None = None,
    parameters: Mapping[str, Plain] | None = None,
    *,
    target: Any = "aer",
    seed: int | None = None,
    random_questions: bool = False,
    every_edge: bool = False,
    links: LinksLike = None,
    candidate: str | None = None,
) -> Built:
    """Return the spec and the built circuits of an experiment, without running anything.

    Args:
        experiment: as in `run`; what was built already is returned as it is.
        shots: shots per circuit, if not the spec's.
        layout: physical qubits, if not the spec's.
        parameters: of the family, beside or instead of the spec's.
        target: where it is meant to run, which decides what is left open, such as how many inputs are given.
        seed: of random inputs, if the spec states none, and of searches; a fresh one if omitted.
        random_questions: for games, draw the question of every shot at random.
        every_edge: run it on every coupling of the chip, in batches that share no qubit.
        links: what crossing links costs: a file, or its tables by their keys.
        candidate: name of another way to do it, as `choose` has them.

    Raises:
        InputError: when an argument or a field of the spec is not allowed, or the family is unknown or
            incomplete.
    """
    if isinstance(experiment, Built):
        return experiment
    from qcoord_hw.execution.run_description import spec_of as spec_of_experiment
    from qcoord_hw.families.experiment import Experiment

    if seed is not None:
        check_seed(seed)
    fields: dict[str, Any] = {"shots": shots, "layout": None if layout is None else tuple(layout)}
    fields = {name: value for name, value in fields.items() if value is not None}
    fields |= {"random_questions": True} if random_questions else {}
    fields |= {"every_edge": True} if every_edge else {}
    fields |= {} if links is None else {"links": stated_links(links)}
    if isinstance(experiment, Experiment):
        _check_scoring(experiment)
        return _over_links(Built(replace(spec_of_experiment(experiment), **fields), experiment))
    asked = spec_of(experiment, parameters or {})
    if candidate is not None:
        asked = candidate_of(asked, candidate).spec
    stated = replace(asked, **fields)
    spec = completed(stated, _situation(experiment, stated, parameters or {}, target, seed))
    return _over_links(Built.of(_fed_forward(spec, target)))


def _fed_forward(spec: ExperimentSpec, target: Any) -> ExperimentSpec:
    """Return a spec whose link has its outcomes post-processed where a target can feed nothing forward."""
    from qcoord_hw.execution.foreign.guard import stated

    if spec.options.get("transport") != "swapping":
        return spec
    gates = stated(stated(target, "target"), "operation_names")
    if gates is not None and "if_else" not in gates:
        return spec.stating({"transport": "post-processed"})
    return spec


def named_parameters(
    experiment: object, parameters: Mapping[str, Plain] | None, named: Mapping[str, Plain]
) -> Mapping[str, Plain] | None:
    """Return the parameters of a mapping and those that are stated by name, such as `run("chsh", rounds=2)`.

    Raises:
        InputError: when one is stated twice, or by name for what is built already.
    """
    from qcoord_hw.families.experiment import Experiment

    for name in named:
        if isinstance(experiment, Built | Experiment):
            raise InputError(f"{name}: the experiment is built; allowed is none of its parameters")
        if name in (parameters or {}):
            raise InputError(f"{name}: by name and in parameters; allowed is one of them")
    return {**(parameters or {}), **named} if named else parameters


def candidate_of(spec: ExperimentSpec, name: str) -> Candidate:
    """Return a candidate of a spec by its name.

    Raises:
        InputError: when there is none of that name.
    """
    found = {one.name: one for one in registry.family(spec.family).candidates(spec)}
    if name not in found:
        raise InputError(f"candidate: {short_repr(name)}{meant(name, found)}; allowed are {', '.join(found)}")
    return found[name]


def stated_links(stated: str | Path | Mapping[str, Mapping[str, float | bool]]) -> Links:
    """Return what crossing links costs, of a file or of tables by their keys.

    Raises:
        InputError: naming the key that is wrong.
    """
    return read_links_file(Path(stated)) if isinstance(stated, (str, Path)) else links_from_mapping(stated)


def _over_links(built: Built) -> Built:
    """Return what was built, after checking that its qubits cross its links."""
    if built.spec.links:
        from qcoord_hw.network.links import check_links

        check_links(built.spec.links, built.experiment.usage)
    return built


def _situation(
    experiment: object, spec: ExperimentSpec, parameters: Mapping[str, Plain], target: Any, seed: int | None
) -> Situation:
    """Return where an experiment is meant to run, as far as its family asks."""
    named = not isinstance(experiment, ExperimentSpec)  # a spec may be one that was completed before

    if spec.links:
        from qcoord_hw.network.links import read_links

        read_links(spec.links)

    def shares_simulation(built: Experiment) -> bool:
        from qcoord_hw.execution.devices.registry import device_name
        from qcoord_hw.execution.methods import shares_noisy_run
        from qcoord_hw.execution.run_description import program_of
        from qcoord_hw.execution.targets import is_foreign

        paid = device_name(target) is not None or is_foreign(target)  # nobody knows what it charges
        return not paid and shares_noisy_run(program_of(built, spec.links))

    def gates(built: Experiment) -> float:
        from qcoord_hw.api.choosing import two_qubit_gates

        return two_qubit_gates(built, target)

    return Situation(
        ideal=isinstance(target, str) and target == "aer" and not spec.links,
        seed=secrets.randbits(32) if seed is None else seed,
        stated=frozenset(parameters) | (frozenset(spec.options) if named else frozenset()),
        shares_simulation=shares_simulation,
        gates=gates,
    )


def _check_scoring(experiment: Experiment, kind: str | None = None) -> None:
    """Refuse an experiment whose counts could not be scored once they are there.

    Args:
        experiment: what would be run.
        kind: of the scoring, if a family built it.

    Raises:
        InputError: when its scoring is of no known kind, or a record cannot keep it.
    """
    play = experiment.play.to_json()
    found = registry.family_of_kind(play.get("kind") if isinstance(play, dict) else None)
    if kind is not None and found.kind != kind:
        raise InputError(f"play.kind: {found.kind!r}; allowed is {kind!r}, that of its family")
    try:
        canonical_json(play)
    except (TypeError, ValueError) as error:
        raise InputError(f"play: {error}; allowed are plain values of JSON") from None
