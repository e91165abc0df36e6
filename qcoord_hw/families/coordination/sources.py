"""From a state, its file or its name to the spec of a coordination protocol that makes it."""

from __future__ import annotations

from collections.abc import Mapping

from qcoord_hw.catalogue import catalogue_paths
from qcoord_hw.errors import InputError
from qcoord_hw.families.base import JsonFile
from qcoord_hw.families.coordination.parameters import read_network
from qcoord_hw.spec import ExperimentSpec, Plain, short_repr
from qcoord_hw.theory.named_states import named_state
from qcoord_hw.theory.networks import NETWORKS
from qcoord_hw.theory.regions.holders import RECEIVERS, has_qubit_link
from qcoord_hw.theory.states import State, read_state


def recognise(given: object, parameters: Mapping[str, Plain]) -> ExperimentSpec | None:
    """Return the spec of a protocol that makes a user's state; None where no state is given.

    A name is taken for a state's where a network is stated. What theory has to search for (a mixture, a
    codebook) is found once and stands in the spec, so that a record can be built again at any machine's
    speed.

    Args:
        given: a state file, a name such as `werner:visibility=1/3`, or a `State`.
        parameters: `network`, and the options of its builder.

    Raises:
        InputError: when the state or an option is wrong, or the network cannot make the state.
    """
    if not (isinstance(given, State) or _is_state_file(given) or "network" in parameters):
        return None
    if isinstance(given, JsonFile) and "network" not in parameters:
        raise InputError(f"network: missing; allowed with a state file are {', '.join(NETWORKS)}")
    network = read_network(parameters)
    if isinstance(given, str):
        if given in catalogue_paths():
            raise InputError(
                f"network: {short_repr(network)}; {given!r} has its own, allowed with a state or its name"
            )
        return _spec(named_state(given), given, network, parameters)
    if isinstance(given, JsonFile):
        given = read_state(given.path)
    return _spec(given, None, network, parameters) if isinstance(given, State) else None


def _is_state_file(given: object) -> bool:
    return isinstance(given, JsonFile) and given.has("systems")


def _spec(state: State, name: str | None, network: str, parameters: Mapping[str, Plain]) -> ExperimentSpec:
    """Return the spec of a protocol for a state, by its name if it has one."""
    from qcoord_hw.families.coordination.classical_links import classical_links, no_communication

    options: dict[str, Plain] = {"state": name or state.to_text(), **parameters}
    if network == "no-communication":
        options = no_communication.prepare_options(name or state, dict(parameters))
    elif network in RECEIVERS and not has_qubit_link(state, network):
        options = classical_links.prepare_options(name or state, dict(parameters))
    stem = "".join(c if c.isascii() and c.isalnum() else "-" for c in state.name).strip("-") or "state"
    return ExperimentSpec(
        name=stem,
        title=f"{state.name} in the {network} network",
        family="coordination",
        parameters=tuple(sorted(options.items())),
    )
