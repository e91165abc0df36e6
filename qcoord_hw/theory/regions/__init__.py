"""Rate regions of the networks of [NatorPereg]: what must be sent to make a target state.

One module a network: `two_node`, `classical_broadcast` and `no_communication` (classical links, one
optimisation in `classical_links`), `cascade`, `quantum_broadcast`, `multiple_access` and `two_node_quantum`
(qubit links).
Each returns a `RegionAnswer` with `RateRegion`s. `redistribution` is the theorem that the cascade rests on.
"""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from qcoord_hw.errors import InputError
from qcoord_hw.spec import short_repr
from qcoord_hw.text import meant
from qcoord_hw.theory.networks import NETWORKS
from qcoord_hw.theory.regions.constraint import Constraint
from qcoord_hw.theory.regions.holders import has_qubit_link, holders
from qcoord_hw.theory.regions.redistribution import redistribution
from qcoord_hw.theory.regions.region import RateRegion, RegionAnswer
from qcoord_hw.theory.states import State

__all__ = ["NETWORKS", "Constraint", "RateRegion", "RegionAnswer", "coordination_region", "redistribution"]


def coordination_region(
    state: State,
    network: str,
    *,
    at: Mapping[str, float] | None = None,
    frontier: int = 0,
    seed: int = 0,
    time_limit: float = 60.0,
) -> RegionAnswer:
    """Return what a network must send to make a state.

    A state of quantum systems A and B alone, asked about for the two-node network, is taken to be that of
    Figure 2, in which the link carries qubits.

    Args:
        state: the target.
        network: one of `NETWORKS`.
        at: a rate tuple whose membership is wanted, by name of the rate.
        frontier: how many points (R0, R1) are wanted; with classical links.
        seed: of the searches.
        time_limit: seconds for everything.

    Raises:
        InputError: when the network is unknown or cannot have such systems, or an argument does not fit it.
    """
    start = time.monotonic()
    if network not in NETWORKS:
        close = meant(network, NETWORKS)
        raise InputError(f"network: {short_repr(network)}{close}; allowed are {', '.join(NETWORKS)}")
    who = holders(state, network)
    figure_2 = has_qubit_link(state, network)
    rates, region = NETWORKS[network].rates, _region(network)
    if figure_2:
        from qcoord_hw.theory.regions import two_node_quantum  # as all networks' modules: where it is needed

        rates, region = two_node_quantum.RATES, two_node_quantum.two_node_quantum
    point = None if at is None else _point(at, rates)
    if NETWORKS[network].bits and not figure_2:
        answer = region(state, frontier=frontier, at=point, seed=seed, deadline=start + time_limit)
    else:
        if frontier:
            raise InputError(f"frontier: {frontier}; allowed is 0 in the {network} network with qubit links")
        searched = figure_2 or NETWORKS[network].searched
        limits = {"seed": seed, "deadline": start + time_limit} if searched else {}
        answer = region(state, **limits)
        if point is not None:
            answer = replace(answer, placed=answer.membership(point))
    asked = None if at is None else {name: float(value) for name, value in at.items()}
    return replace(
        answer,
        network=network,
        at=asked,
        holders=who,
        notes=state.notes,
        seconds=time.monotonic() - start,
    )


def _region(network: str) -> Callable[..., RegionAnswer]:
    """Return the function that answers for a network, from its module."""
    module, _, name = NETWORKS[network].region.rpartition(".")
    region: Callable[..., RegionAnswer] = getattr(
        importlib.import_module(f"qcoord_hw.theory.regions.{module}"), name
    )
    return region


def _point(at: Mapping[str, float], rates: tuple[str, ...]) -> tuple[float, ...]:
    """Return the coordinates of a rate tuple.

    Raises:
        InputError: when a rate is missing, unknown or not a number.
    """
    for name, value in at.items():
        if name not in rates:
            raise InputError(f"at: {short_repr(name)}; allowed are {', '.join(rates)}")
        if not math.isfinite(value) or value < 0:
            raise InputError(f"at: {name} = {value!r}; allowed are rates of at least 0")
    if missing := [name for name in rates if name not in at]:
        raise InputError(f"at: {missing[0]} is missing; needed are {', '.join(rates)}")
    return tuple(float(at[name]) for name in rates)
