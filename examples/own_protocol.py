"""A protocol of your own: CHSH on a partially entangled pair, checked, counted, run and judged."""

from math import atan, pi, sin, sqrt

from qiskit.circuit.library import CXGate, RYGate

import qcoord_hw as qc
from qcoord_hw.network import QUANTUM_BROADCAST
from qcoord_hw.theory.value import Value

THETA = pi / 6  # the pair is cos(THETA)|00> + sin(THETA)|11>


def protocol(x, y):
    """Return the circuit in which Bob is asked x and Charlie y."""
    net = qc.NetworkCircuit(QUANTUM_BROADCAST)
    b, c = net.allocate("Alice", 2)
    net.local("Alice", RYGate(2 * THETA), [b])
    net.local("Alice", CXGate(), [b, c])
    net.send("Alice", "Bob", [b])
    net.send("Alice", "Charlie", [c])  # from here on, Bob's gate on c would raise LocalityError
    net.local("Bob", RYGate(-x * pi / 2), [b])
    net.local("Charlie", RYGate((2 * y - 1) * atan(sin(2 * THETA))), [c])
    net.measure("Bob", [b], "bob")
    net.measure("Charlie", [c], "charlie")
    return net


theory = Value(1 / 2 + sqrt(1 + sin(2 * THETA) ** 2) / 4, "exact", "two-qubit pure states [Horodecki1995]")
game = qc.theory.games.chsh()
experiment = qc.game_experiment(game, protocol, name="partial", title="CHSH, partial pair", theory=theory)
print(experiment.usage)
print(qc.run(experiment, target="fake_torino", shots=2000, seed=1))
