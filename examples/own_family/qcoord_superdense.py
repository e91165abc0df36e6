"""Superdense coding: two bits per qubit, against what a qubit without entanglement carries."""

from collections import Counter
from dataclasses import dataclass

from qcoord_hw.families.base import Family
from qcoord_hw.schema import Flag, Parameter, read
from qcoord_hw.spec import ExperimentSpec
from qcoord_hw.statistics.analysis import Analysis
from qcoord_hw.statistics.binomial import check_confidence, clopper_pearson, tail
from qcoord_hw.statistics.estimate import Estimate
from qcoord_hw.theory.value import Value


@dataclass(frozen=True)
class Messages:
    """How counts are scored: the message of each setting, as the outcome that reads it, bit 0 first."""

    messages: tuple[str, ...]
    bound: float

    def to_json(self):
        """Return the description as plain JSON values."""
        return {"kind": "superdense-coding", "messages": list(self.messages), "bound": self.bound}


class SuperdenseCoding(Family):
    """Alice sends 2n bits in n qubits, with n pairs shared beforehand."""

    name = kind = "superdense-coding"
    parameters = (Parameter("pairs", "integer", "pairs", 1, low=1, high=2, flags=(Flag("--pairs"),)),)

    def catalogue(self):
        """Return the experiments that come with the package."""
        return (ExperimentSpec(name="superdense", title="Two bits in one qubit", family=self.name),)

    def build(self, spec):
        """Build one circuit per message; the parameter `pairs` is n."""
        from qcoord_hw.families.experiment import Experiment, one_setting_each

        n = read(self.parameters, spec.options, "for superdense coding")["pairs"]
        messages = tuple(f"{k:0{2 * n}b}" for k in range(4**n))
        circuits, play = tuple(_circuit(m, n) for m in messages), Messages(messages, 0.5**n)
        return Experiment(spec.name, spec.title, circuits, one_setting_each(messages), play, copies=n)

    def scoring(self, play):
        """Build how counts are scored from what `Messages.to_json` returned."""
        return Messages(tuple(play["messages"]), play["bound"])

    def analyse(self, record, confidence):
        """Return the share of messages that were read right."""
        check_confidence(confidence)
        play, read = self.scoring(record.intent["experiment"]["play"]), Counter()
        for (_, setting), counts in record.by_block().items():
            for outcome, shots in counts.items():
                read[outcome == play.messages[setting]] += shots
        low, best, high = clopper_pearson(read[True], read.total(), confidence)
        right = Estimate(
            *("message_probability", low, best, high, "clopper-pearson", confidence, read.total()),
            theory=Value(1.0, "exact", "superdense coding [BennettWiesner1992]"),
            bound=Value(play.bound, "exact", "n qubits without entanglement carry n bits [Holevo1973]"),
            p_value=tail(read[True], read.total(), play.bound),
            assumes="shots independent",
            title="Message read right",
            bound_label="bound without entanglement",
            headline=True,
        )
        return Analysis((right,), {})


def _circuit(message, n):
    """Return the protocol that sends a message: bit 2k as a phase, bit 2k + 1 as a flip of qubit k."""
    from qiskit.circuit.library import CXGate, HGate, XGate, ZGate

    from qcoord_hw.network import Link, NetworkCircuit, Topology

    both = ("Alice", "Bob")
    net = NetworkCircuit(
        Topology("superdense", both, (Link(*both, qubits=True),), (both,)), f"send_{message}"
    )
    alice, bob = net.share_ebits(*both, n)
    for k, bit in enumerate(message):
        if bit == "1":
            net.local("Alice", (ZGate(), XGate())[k % 2], [alice[k // 2]])
    net.send(*both, alice)
    for a, b in zip(alice, bob, strict=True):
        net.local("Bob", CXGate(), [a, b])
        net.local("Bob", HGate(), [a])
    net.measure("Bob", [q for pair in zip(alice, bob, strict=True) for q in pair], "message")
    return net
