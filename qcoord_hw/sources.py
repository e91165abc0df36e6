"""The one room in which what a person gives becomes a spec: recognised, then completed; then it goes down.

A name, a path, a spec or an object of Python is recognised by the families: ours first, then the catalogue,
then those of other packages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from qcoord_hw import registry
from qcoord_hw.catalogue import catalogue_entry, unknown_experiment
from qcoord_hw.errors import InputError
from qcoord_hw.families.base import Family, JsonFile, Situation
from qcoord_hw.spec import ExperimentSpec, Plain, read_json, read_spec
from qcoord_hw.text import short_repr


def spec_of(given: object, parameters: Mapping[str, Plain]) -> ExperimentSpec:
    """Return the spec of what a person gives, with the parameters stated beside it.

    Args:
        given: a catalogue name, another name that a family knows, a path of a `.toml` spec, of a JSON file or
            of another that a family reads (such as `.stim`), a spec, or an object of Python that a family
            knows, such as a task, a state or a game.
        parameters: of its family, beside or instead of its own.

    Raises:
        InputError: when it is none of these, or wrong.
    """
    if isinstance(given, Path):
        given = str(given)
    if not isinstance(parameters, Mapping):
        raise InputError(f"parameters: {short_repr(parameters)}; allowed is a mapping of names to values")
    return given.stating(parameters) if isinstance(given, ExperimentSpec) else _recognised(given, parameters)


def completed(spec: ExperimentSpec, situation: Situation) -> ExperimentSpec:
    """Return a spec with all that it leaves open filled in by its family.

    Raises:
        InputError: when the family or a parameter is unknown or wrong.
    """
    return registry.family(spec.family).complete(spec, situation)


def _recognised(given: object, parameters: Mapping[str, Plain]) -> ExperimentSpec:
    if isinstance(given, str):
        if given.endswith(".toml"):
            return read_spec(Path(given)).stating(parameters)
        if given.endswith(".json"):
            given = JsonFile(Path(given), read_json(Path(given)))
    found = _asked(registry.families(), given, parameters)
    if found is None and isinstance(given, str):
        entry = catalogue_entry(given)
        found = entry and entry.stating(parameters)
    return found or _asked(registry.outside(), given, parameters) or _refused(given)


def _asked(
    families: Iterable[Family], given: object, parameters: Mapping[str, Plain]
) -> ExperimentSpec | None:
    """Return the spec of the first family that knows what was given."""
    return next((spec for family in families if (spec := family.recognise(given, parameters))), None)


def _refused(given: object) -> ExperimentSpec:
    if isinstance(given, JsonFile):
        raise InputError(
            f"{given.path.name}: no family knows it; allowed is a game (prob with win or score, or "
            "expression), a task (field, servers), a stabilizer state (servers, with stabilizers, M, ..), a "
            "state (systems), or what a family of another package takes"
        )
    if isinstance(given, str):
        raise unknown_experiment(given)
    raise InputError(
        f"experiment: {type(given).__name__}; allowed are a name, a path, a spec, an Experiment, or a "
        "task, a state or a game"
    )
