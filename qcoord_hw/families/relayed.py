"""Any experiment at a distance: how circuits, settings and scoring change with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qiskit.circuit import QuantumCircuit

from qcoord_hw.families.distance import DISTANCE
from qcoord_hw.families.experiment import Experiment
from qcoord_hw.network import NetworkCircuit
from qcoord_hw.network.links import LinkCost, route
from qcoord_hw.network.relays import POST_PROCESSED, Left, Relays, with_relays
from qcoord_hw.network.unfed import processing
from qcoord_hw.schema import read
from qcoord_hw.spec import ExperimentSpec


def at_distance(experiment: Experiment, spec: ExperimentSpec) -> Experiment:
    """Return an experiment in which all that is sent or shared crosses relay qubits.

    Args:
        experiment: as its family built it.
        spec: of the experiment, which states a distance.

    Raises:
        InputError: when nothing is sent or shared, or the parameters of the distance are wrong.
    """
    own = [one.name for one in DISTANCE]
    values = read(DISTANCE, {k: v for k, v in spec.options.items() if k in own}, "of a distance")
    relays = Relays(values["distance"], values["transport"])
    told = [with_relays(net, relays) for net in experiment.circuits]
    circuits = tuple(net for net, _ in told)
    before, now = experiment.circuits[0].circuit, circuits[0].circuit
    names = {register.name: register for register in now.cregs}
    where = [now.find_bit(bit).index for register in before.cregs for bit in names[register.name]]
    settings = tuple(
        replace(one, flips=None if one.flips is None else _moved(one.flips, where))
        for one in experiment.settings
    )
    play = experiment.play
    if where != list(range(len(where))):
        play = play.read_at(where)
    made = replace(experiment, circuits=circuits, settings=settings, play=play)
    if relays.transport != POST_PROCESSED:
        return made
    arrivals = [_arrivals(net, left) for net, (_, left) in zip(experiment.circuits, told, strict=True)]
    rules = (
        processing(_bound(experiment.circuits[s.circuit].circuit, s.values), arrivals[s.circuit], where)
        for s in settings
    )
    return replace(made, processing=tuple(rules))


def _bound(circuit: QuantumCircuit, values: Sequence[float]) -> QuantumCircuit:
    return circuit.assign_parameters(list(values)) if values else circuit


def _arrivals(net: NetworkCircuit, left: Sequence[Left]) -> list[tuple[Left, int]]:
    """Return behind which instruction of a protocol without relays each qubit is delivered."""
    keys = [key for key, used in net.usage.items() if any(used.get(u) for u in ("qubits", "ebits", "qudits"))]
    crossings = route([event.to_json() for event in net.events], dict.fromkeys(keys, LinkCost())).crossings
    places: dict[int, list[int]] = {}
    for one in crossings:
        qubit = net.circuit.qubits[one.qubit]
        own = [
            k for k, i in enumerate(net.circuit.data) if i.operation.name == "barrier" and qubit in i.qubits
        ]
        places.setdefault(one.qubit, []).append(own[one.barrier - 1] if one.barrier else -1)
    return [(one, places[one.qubit].pop(0)) for one in left]


def _moved(bits: Sequence[int], where: Sequence[int]) -> tuple[int, ...]:
    return tuple(where[bit] for bit in bits)
