"""Circuits of strangers: a file that lies about its sizes, and circuits that never end."""

from __future__ import annotations

import random
import sys

import pytest
from qiskit.circuit import IfElseOp, QuantumCircuit

from qcoord_hw.errors import RecordError
from qcoord_hw.execution import formats, untrusted
from qcoord_hw.execution.formats import from_qpy
from tests.execution.forgeries import to_qpy

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="no child process that shares this one's memory"
)


@pytest.fixture
def data(monkeypatch):
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    written = to_qpy([circuit])
    monkeypatch.setattr(formats, "_harmless", set())  # as if another process had written it
    return written


def test_what_was_written_is_read(data):
    assert [circuit.num_qubits for circuit in from_qpy(data)] == [2]


def try_sizes(data, rng, times):
    """Overwrite bytes by large numbers: this process must not end, whatever Qiskit does."""
    refused = 0
    for _ in range(times):
        size = rng.choice([b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x00\x0f\xff\xff", b"\xff" * 8])
        place = rng.randrange(20, len(data) - len(size))
        try:
            from_qpy(data[:place] + size + data[place + len(size) :])
        except RecordError:
            refused += 1
    return refused


def test_sizes_that_are_not_so(data, capfd):
    assert try_sizes(data, random.Random(1), 20) > 5
    assert capfd.readouterr() == ("", "")  # Qiskit's panic has a page to say


@pytest.mark.slow
def test_many_sizes_that_are_not_so(data):
    assert try_sizes(data, random.Random(2), 1000) > 300


def test_a_version_that_holds_objects_of_python_is_not_read(data):
    with pytest.raises(RecordError, match="no QPY of version"):
        from_qpy(data[:6] + bytes([12]) + data[7:])
    with pytest.raises(RecordError, match="no QPY of version"):
        from_qpy(b"")


def test_what_the_least_version_cannot_hold_is_written_in_a_newer_one():
    plain, waiting = QuantumCircuit(1), QuantumCircuit(1)
    waiting.delay(waiting.add_stretch("s"), 0)
    for circuits, newer in (([plain], False), ([plain, waiting], True)):
        written = formats.to_qpy(circuits)
        assert (written[6] > formats.LEAST_VERSION) == newer  # the byte behind QISKIT
        assert list(from_qpy(written)) == circuits


def test_circuits_that_may_never_end():
    for begin in ("while_loop", "for_loop"):
        circuit = QuantumCircuit(1, 1)
        arguments = [(circuit.clbits[0], 0)] if begin == "while_loop" else [range(10**12)]
        with getattr(circuit, begin)(*arguments):
            circuit.x(0)
        with pytest.raises(RecordError, match="allowed of control flow is if_else"):
            from_qpy(to_qpy([circuit]))
        outer = QuantumCircuit(1, 1)
        outer.append(IfElseOp((outer.clbits[0], 1), circuit), [0], [0])
        with pytest.raises(RecordError, match="allowed of control flow is if_else"):
            from_qpy(to_qpy([outer]))


@pytest.mark.slow
def test_operations_within_operations_are_counted(monkeypatch):
    monkeypatch.setattr(untrusted, "MAX_OPERATIONS", 1000)
    gate = QuantumCircuit(1, name="g")
    gate.x(0)
    for level in range(10):
        twice = QuantumCircuit(1, name=f"g{level}")
        for _ in range(2):
            twice.append(gate.to_gate(), [0])
        gate = twice
    with pytest.raises(RecordError, match="operations; allowed are at most 1000"):
        from_qpy(to_qpy([gate]))
