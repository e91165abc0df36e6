"""What a user names on the command line, as a spec: a catalogue entry, a game, or a file of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from qcoord_hw.catalogue import catalogue_paths, load_spec
from qcoord_hw.errors import InputError
from qcoord_hw.spec import NETWORKS, ExperimentSpec, Plain, read_json, shown

if TYPE_CHECKING:
    from qcoord_hw.theory.states import State


def read_user_spec(name_or_path: str) -> ExperimentSpec:
    """Return the spec of a catalogue name, a game with a known strategy, a `.toml` spec, or a JSON file.

    Raises:
        InputError: when it is none of these, or the file is wrong.
    """
    if not name_or_path.endswith(".json"):
        from qcoord_hw.theory.games.explicit import EXPLICIT

        if name_or_path in EXPLICIT and name_or_path not in catalogue_paths():
            return ExperimentSpec(
                name=name_or_path,
                title=f"The game {name_or_path} by its strategy in closed form",
                family="nonlocal-game",
                parameters=(("game", name_or_path),),
            )
        from qcoord_hw.theory.games.named_expressions import is_named

        if is_named(name_or_path) and name_or_path not in catalogue_paths():
            return _spec_of_game(name_or_path)
        return load_spec(name_or_path)
    kind = _kind(Path(name_or_path))
    if kind == "state":
        raise InputError(f"network: missing; allowed with a state file are {', '.join(NETWORKS)}")
    if kind == "game":
        return _spec_of_game(name_or_path)
    from qcoord_hw.families.linear_computation.parameters import spec_of
    from qcoord_hw.theory.linear_computation.task import read_task

    return spec_of(read_task(Path(name_or_path)))


def _spec_of_game(name_or_path: str) -> ExperimentSpec:
    from qcoord_hw.families.games.parameters import spec_of_game
    from qcoord_hw.theory.games.files import find_game

    return spec_of_game(find_game(name_or_path))


def state_spec(state: str | Path | State, parameters: Mapping[str, Plain]) -> ExperimentSpec:
    """Return the spec of a coordination protocol that makes a user's state.

    What theory has to search for (a mixture, a codebook) is found once and stands in the spec, so that a
    record can be built again at any machine's speed.

    Args:
        state: a path of a state file (`.json`), a name such as `werner:visibility=1/3`, or a state.
        parameters: `network`, and the options of its builder.

    Raises:
        InputError: when the state or an option is wrong, or the network cannot make the state.
    """
    from qcoord_hw.families.coordination.builders import BUILDERS, FAMILY
    from qcoord_hw.families.coordination.classical_links import classical_links, no_communication
    from qcoord_hw.theory.named_states import named_state
    from qcoord_hw.theory.regions.holders import RECEIVERS, has_qubit_link
    from qcoord_hw.theory.states import State, read_state

    network = parameters.get("network")
    if not isinstance(network, str) or network not in BUILDERS:
        raise InputError(f"network: {shown(network)}; allowed are {', '.join(BUILDERS)}")
    named = isinstance(state, str) and not state.endswith(".json")
    text = str(state)
    if named and text in catalogue_paths():
        raise InputError(f"network: {shown(network)}; {text!r} has its own, allowed with a state or its name")
    if named:
        state = named_state(text)
    elif not isinstance(state, State):
        state = read_state(Path(state))
    if not named:
        text = state.to_text()
    options: dict[str, Plain] = {"state": text, **parameters}
    if network == "no-communication":
        options = no_communication.prepare_options(text if named else state, dict(parameters))
    elif network in RECEIVERS and not has_qubit_link(state, network):
        options = classical_links.prepare_options(text if named else state, dict(parameters))
    stem = "".join(c if c.isascii() and c.isalnum() else "-" for c in state.name).strip("-") or "state"
    return ExperimentSpec(
        name=stem,
        title=f"{state.name} in the {network} network",
        family=FAMILY,
        parameters=tuple(sorted(options.items())),
    )


def _kind(path: Path) -> str:
    """Return what a JSON file looks like: a game, a state, or else a task, as what is none of these does."""
    data = read_json(path)
    if not isinstance(data, dict):
        return "task"
    from qcoord_hw.theory.games.files import KEYS, check_door

    check_door(data)
    if not KEYS.isdisjoint(data):
        return "game"
    return "state" if "systems" in data else "task"
