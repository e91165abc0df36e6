"""From a spec of the family `coordination` to its experiment: one builder a network."""

from __future__ import annotations

import importlib

from qcoord_hw.families.coordination.experiment import coordination_experiment
from qcoord_hw.families.coordination.parameters import read_network
from qcoord_hw.families.coordination.preparation import Coordination
from qcoord_hw.families.experiment import Experiment
from qcoord_hw.spec import ExperimentSpec

FAMILY = "coordination"

BUILDERS = {
    "two-node": "two_node.build_two_node",
    "no-communication": "classical_links.no_communication.build_no_communication",
    "classical-broadcast": "classical_links.classical_links.build_classical_broadcast",
    "cascade": "cascade.protocols.build_cascade",
    "quantum-broadcast": "quantum_broadcast.protocols.build_quantum_broadcast",
    "multiple-access": "multiple_access.protocols.build_multiple_access",
}
"""Network -> its builder in this package, loaded when it is asked for; it is given the spec's parameters."""


def build(spec: ExperimentSpec) -> Experiment:
    """Build the circuits of a coordination protocol.

    Args:
        spec: its parameter `network` names the network; the others are those of the network's builder.

    Raises:
        InputError: when the network is unknown, a parameter is wrong, or the network cannot make the target.
    """
    options = dict(spec.parameters)
    module, _, name = BUILDERS[read_network(options)].rpartition(".")
    builder = getattr(importlib.import_module(f"qcoord_hw.families.coordination.{module}"), name)
    plan: Coordination = builder(options)
    return coordination_experiment(spec.name, spec.title, plan)
