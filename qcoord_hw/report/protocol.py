"""A protocol before it is run: its steps with owners and link moves, counted usage, prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qcoord_hw.families.coordination.scoring import CoordinationPlay
from qcoord_hw.families.coordination.view import cell
from qcoord_hw.families.experiment import Experiment
from qcoord_hw.families.games.scoring import GamePlay
from qcoord_hw.families.linear_computation.scoring import LinearPlay
from qcoord_hw.network import Event
from qcoord_hw.report.format import number, number_exactly, short_words
from qcoord_hw.statistics.shots import shots_for_verdict
from qcoord_hw.theory.value import Value

SHOWN = 8
"""Settings that are named; of thousands nobody reads more."""


def describe_protocol(experiment: Experiment) -> dict[str, Any]:
    """Return name, network, usage, prediction and the steps of every circuit as plain values."""
    first = experiment.circuits[0]
    return {
        "experiment": experiment.name,
        "title": experiment.title,
        "topology": first.topology.to_json(),
        "copies": experiment.copies,
        "usage": experiment.usage,
        **_prediction(experiment),
        "settings": len(experiment.settings),
        "wires": list(first.wires),
        "two_qubit_gates": first.circuit.num_nonlocal_gates(),
        "circuits": [
            {"label": experiment.label(k), "events": [event.to_json() for event in net.events]}
            for k, net in enumerate(experiment.circuits)
        ],
    }


def protocol_text(experiment: Experiment, index: int = 0) -> str:
    """Return the description of an experiment for a terminal, with one of its circuits drawn.

    Args:
        experiment: what is shown.
        index: which circuit is drawn.
    """
    net = experiment.circuits[index]
    lines = [
        f"{experiment.name}: {experiment.title}",
        f"network   {net.topology.name}: {', '.join(map(str, net.topology.links)) or 'no links'}",
        *_facts(experiment),
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
    lines += ["", str(net.circuit.draw("text", fold=100))]
    return "\n".join(lines)


def _prediction(experiment: Experiment) -> dict[str, Any]:
    """Return what theory says, as plain values."""
    match experiment.play:
        case GamePlay() as play:
            return {
                "theory": play.theory.to_json() if play.theory else None,
                "bound": play.bound.to_json(),
                "shots_for_verdict": shots_for_verdict(play.theory.value, play.bound.value)
                if play.theory and play.game.score is None
                else None,
            }
        case LinearPlay() as play:
            return {
                "task": play.task.to_json(),
                "qudits": play.qudits,
                "scheme": play.scheme,
                "rates": {name: {"value": v, "source": s} for name, (v, s) in play.baselines.items()},
            }
        case CoordinationPlay() as play:
            return {
                "network": play.network,
                "cases": [case.label for case in play.cases],
                "exact": play.exact,
                "rates": play.rates,
                "notes": list(play.notes),
                "holders": play.holders,
            }
    return {}


def _facts(experiment: Experiment) -> list[str]:
    """Return what is asked, and what theory says of it, line by line."""
    some = _some([setting.label for setting in experiment.settings])
    match experiment.play:
        case GamePlay() as play:
            return [
                f"circuits  {len(experiment.circuits)}, one a question: {some}",
                f"theory    win probability {_stated(play.theory)}",
                f"bound     {_stated(play.bound)}, classical",
                *_shots_needed(play),
            ]
        case LinearPlay() as play:
            task = play.task
            field = task.field
            instances = "one instance" if play.instances == 1 else f"{play.instances} instances"
            modulus = f", modulus {list(field.irreducible_poly)}" if field.degree > 1 else ""
            matrices = [f"V {s:<8}{v.tolist()}" for s, v in zip(task.servers, task.matrices, strict=True)]
            rates = [
                f"{'rates' if k == 0 else '':<10}{number(value):<8}{name.replace('_', ' ')} ({source})"
                for k, (name, (value, source)) in enumerate(play.baselines.items())
            ]
            return [
                f"field     F_{field.order}{modulus}",
                f"task      y = V w for {instances}, {task.rows} symbols each",
                f"scheme    {play.scheme.get('source', '')}",
                *matrices,
                f"qudits    N = {play.qudits} of {field.order} levels{_auxiliary(play)}",
                *(f"P {s:<8}{p}" for s, p in play.scheme.get("P", {}).items()),
                *(f"reduced   {note}" for note in play.scheme.get("reduced", [])),
                f"inputs    {len(experiment.settings)}: {some}",
                *rates,
            ]
        case CoordinationPlay() as play:
            named = list(dict.fromkeys(setting.label for setting in experiment.settings))
            rates = [
                f"{'rates' if k == 0 else '':<10}{name}: {cell(rate)} ({rate['source']})"
                for k, (name, rate) in enumerate(play.rates.items())
            ]
            return [
                *(
                    f"{'' if k else 'systems':<10}{s}: {words}"
                    for k, (s, words) in enumerate(play.holders.items())
                ),
                f"circuits  {len(experiment.circuits)}, one a preparation",
                f"settings  {len(experiment.settings)}, in Pauli bases: {_some(named)}",
                *([f"cases     {_some([c.label for c in play.cases])}"] if len(play.cases) > 1 else []),
                *rates,
                *(f"ideal     {short_words(name)}: {number_exactly(v)}" for name, v in play.exact.items()),
                *(f"note      {note}" for note in play.notes),
            ]
    return []


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", .." if len(names) > SHOWN else "")


def _auxiliary(play: LinearPlay) -> str:
    """Return how many of the scheme's qudits are auxiliary, if it is one of Theorem 1."""
    if "c" not in play.scheme:
        return ""
    batched = play.scheme["field"] != play.task.field.order
    return f", c = {play.scheme['c']} of them auxiliary" + (
        f" (batched: counted in qudits of {play.scheme['field']} levels)" if batched else ""
    )


def _shots_needed(play: GamePlay) -> list[str]:
    """Return how many shots a verdict takes at what theory predicts; nothing if the bound is not beaten."""
    if play.theory is None or play.game.score is not None:
        return []
    shots = shots_for_verdict(play.theory.value, play.bound.value)
    return [] if shots is None else [f"shots     {shots} in all for p < 1e-6, if it wins as theory says"]


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
