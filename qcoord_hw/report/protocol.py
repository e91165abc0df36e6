"""A protocol before it is run: its steps with owners and link moves, counted usage, prediction."""

from __future__ import annotations

from typing import Any, TypedDict

from qcoord_hw import registry
from qcoord_hw.families.base import Prediction
from qcoord_hw.families.experiment import Experiment
from qcoord_hw.network import Event


class Protocol(TypedDict):
    """A protocol as `qcoord show --json` prints it; the family's prediction adds keys of its own."""

    experiment: str
    title: str
    topology: dict[str, Any]
    copies: int
    usage: dict[str, dict[str, float]]
    settings: int
    wires: list[str]
    two_qubit_gates: int
    circuits: list[dict[str, Any]]


def describe_protocol(experiment: Experiment) -> Protocol:
    """Return name, network, usage, prediction and the steps of every circuit as plain values."""
    first = experiment.circuits[0]
    return {
        "experiment": experiment.name,
        "title": experiment.title,
        "topology": first.topology.to_json(),
        "copies": experiment.copies,
        "usage": experiment.usage,
        **_prediction(experiment).values,  # type: ignore[typeddict-item]
        "settings": len(experiment.settings),
        "wires": list(first.wires),
        "two_qubit_gates": first.circuit.num_nonlocal_gates(),
        "circuits": [
            {"label": experiment.label(k), "events": [event.to_json() for event in net.events]}
            for k, net in enumerate(experiment.circuits)
        ],
    }


def protocol_text(experiment: Experiment, index: int = 0, width: int = 100) -> str:
    """Return the description of an experiment for a terminal, with one of its circuits drawn.

    Args:
        experiment: what is shown.
        index: which circuit is drawn.
        width: of the drawing, characters.
    """
    net = experiment.circuits[index]
    lines = [
        f"{experiment.name}: {experiment.title}",
        f"network   {net.topology.name}: {', '.join(map(str, net.topology.links)) or 'no links'}",
        *_prediction(experiment).lines,
        f"gates     {net.circuit.num_nonlocal_gates()} on two qubits, before any routing",
        f"usage     of one circuit, {experiment.copies} {'copy' if experiment.copies == 1 else 'copies'}:",
    ]
    for resource, used in experiment.usage.items():
        lines.append(
            f"          {resource}: " + ", ".join(f"{unit} {amount:g}" for unit, amount in used.items())
        )
    given = sum(setting.circuit == index for setting in experiment.settings)
    name = experiment.label(index) if given == 1 else f"with {given} settings of its parameters"
    lines += ["", f"circuit {index} ({name}), step by step:"]
    lines += [f"  {step}" for event in net.events if (step := _step(event, net.wires))]
    lines += ["", str(net.circuit.draw("text", fold=width))]
    return "\n".join(lines)


def _prediction(experiment: Experiment) -> Prediction:
    """Return what theory says."""
    return registry.family_of_kind(experiment.play.to_json().get("kind")).predict(experiment)


def _step(event: Event, wires: tuple[str, ...]) -> str:
    """Return one event in words; barriers inside a party are left out."""
    qubits = ", ".join(wires[q] for q in event.qubits)
    match event.kind:
        case "allocate":
            return f"{event.party} allocates {qubits}"
        case "share":
            holders = ", ".join(f"{wires[q]} to {o}" for q, o in zip(event.qubits, event.owners, strict=True))
            return f"shared resource {event.name}: {holders}"
        case "gate":
            return f"{event.party} applies {event.name} to {qubits}"
        case "send":
            return f"{event.party} -> {event.to}: {qubits} (now owned by {event.to})"
        case "bits":
            return f"{event.party} -> {event.to}: {event.name} bits"
        case "measure":
            return f"{event.party} measures {qubits}"
        case "random":
            return f"common randomness: {event.name} bits"
    return "barrier" if not event.party else ""
