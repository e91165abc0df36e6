"""A protocol before it is run: its steps with owners and link moves, counted usage, prediction."""

from __future__ import annotations

from typing import Any

from qcoord_hw.network import Event
from qcoord_hw.protocols import Experiment
from qcoord_hw.theory.value import Value


def describe_protocol(experiment: Experiment) -> dict[str, Any]:
    """Return name, network, usage, prediction and the steps of every circuit as plain values."""
    first = experiment.circuits[0]
    return {
        "experiment": experiment.name,
        "title": experiment.title,
        "topology": first.topology.to_json(),
        "copies": experiment.copies,
        "usage": experiment.usage,
        "theory": experiment.play.theory.to_json() if experiment.play.theory else None,
        "bound": experiment.play.bound.to_json(),
        "wires": list(first.wires),
        "circuits": [
            {"label": label, "events": [event.to_json() for event in net.events]}
            for label, net in zip(experiment.labels, experiment.circuits, strict=True)
        ],
    }


def protocol_text(experiment: Experiment, index: int = 0) -> str:
    """Return the description of an experiment for a terminal, with one of its circuits drawn.

    Args:
        experiment: what is shown.
        index: which circuit is drawn.
    """
    net = experiment.circuits[index]
    play = experiment.play
    lines = [
        f"{experiment.name}: {experiment.title}",
        f"network   {net.topology.name}: {', '.join(map(str, net.topology.links)) or 'no links'}",
        f"circuits  {len(experiment.circuits)}, one a question: {', '.join(experiment.labels[:8])}"
        + (", .." if len(experiment.labels) > 8 else ""),
        f"theory    win probability {_stated(play.theory)}",
        f"bound     {_stated(play.bound)}, classical",
        f"usage     of one circuit, {experiment.copies} {'copy' if experiment.copies == 1 else 'copies'}:",
    ]
    for resource, used in experiment.usage.items():
        lines.append(
            f"          {resource}: " + ", ".join(f"{unit} {amount:g}" for unit, amount in used.items())
        )
    lines += ["", f"circuit {index} ({experiment.labels[index]}), step by step:"]
    lines += [f"  {step}" for event in net.events if (step := _step(event, net.wires))]
    lines += ["", str(net.circuit.draw("text", fold=100))]
    return "\n".join(lines)


def _stated(value: Value | None) -> str:
    return f"{value.value:.6g} ({value.kind}; {value.source})" if value else "not stated"


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
