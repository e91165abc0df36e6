"""What links that cost do to a run or a plan, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qcoord_hw.families.view import Section
from qcoord_hw.record import PAULIS, RunRecord
from qcoord_hw.spec import links_from_mapping
from qcoord_hw.statistics.words import number, number_exactly


def made_patterns(record: RunRecord) -> dict[str, Any]:
    """Return which patterns of errors a run executes how often, under `patterns`; nothing without any."""
    if PAULIS not in record.intent["files"]:
        return {}
    from qcoord_hw.network.link_patterns import patterns_told  # whose package loads Qiskit
    from qcoord_hw.network.links import read_links, route

    experiment = record.intent["experiment"]
    costs = read_links(links_from_mapping(record.intent["spec"]["links"]))
    routes = [route(circuit["events"], costs) for circuit in experiment["circuits"]]
    executed = ((c.setting, c.pattern, c.shots) for c in record.plan if c.tile == 0)
    circuits = [setting["circuit"] for setting in experiment["settings"]]
    return {"patterns": patterns_told(executed, routes, circuits)}


def links_section(links: Mapping[str, Any]) -> Section:
    """Return what links cost, what arrives, and where the verdict is lost.

    Args:
        links: what stands under `links` in a summary or plan.
    """
    lines = [f"{key}: {_stated(cost)}" for key, cost in links["costs"].items()]
    if links["expected"] is not None:
        words = f"{links['figure'].replace('_', ' ')} over these links {number_exactly(links['expected'])}"
        lines.append(f"expected {words} ({links['by']})" if "by" in links else f"exact {words}")
    lines.append(
        f"a shot succeeds with probability {links['success_probability']:.4g}: {links['rounds_per_s']:.4g} "
        f"rounds and {links['qubits_per_s']:.4g} qubits a second"
    )
    if (made := links.get("patterns")) is not None:
        crossed = "a qubit crosses" if made["crossings"] == 1 else f"{made['crossings']} qubits cross"
        lines.append(
            f"errors of these links are Pauli gates, put in where {crossed}: "
            f"{len(made['patterns'])} patterns of them, {made['circuits']} circuits, shots in proportion to "
            "their probabilities; what the device does to these gates comes on top"
        )
    lost = []
    if links["critical_visibility"] is not None:
        lost.append(f"at visibility {number(links['critical_visibility'])} on every crossing")
    if links["critical_km"] is not None:
        lost.append(f"at {links['critical_km']:.4g} km")
    if lost:
        lines.append(f"the figure meets its bound {', or '.join(lost)}")
    return Section("Links", tuple(lines))


def _stated(cost: Mapping[str, float | bool]) -> str:
    words = [
        f"{name} {('yes' if value else 'no') if isinstance(value, bool) else f'{value:g}'}"
        for name, value in cost.items()
    ]
    return ", ".join(words) or "nothing"
