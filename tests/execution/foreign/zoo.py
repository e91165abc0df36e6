"""Backends and samplers as they are found in the wild, and some that are not found yet.

Each backend is Aer with one habit: `GOOD` ones are read rightly, `BAD` ones end in one line.
"""

from __future__ import annotations

import copy
from collections import Counter

from qiskit.circuit import Gate, Measure, Parameter
from qiskit.circuit.library import CXGate, CZGate, RGate, RZGate, SXGate, XGate
from qiskit.primitives import BaseSamplerV2, BitArray, DataBin, PrimitiveResult, SamplerPubResult
from qiskit.primitives.primitive_job import PrimitiveJob
from qiskit.providers import BackendV2, Options
from qiskit.transpiler import Target
from qiskit_aer import AerSimulator
from qiskit_aer.primitives import SamplerV2


class Done:
    """A job whose result is there."""

    def __init__(self, result):
        self._result = result

    def result(self):
        return self._result


class Aer(AerSimulator):
    """Aer, whose target is made once: a second of work a run otherwise."""

    made = AerSimulator().target

    @property
    def target(self):
        return self.made


class Habit(Aer):
    """Aer, whose results are changed before anybody reads them."""

    def run(self, circuits, **options):
        result = super().run(circuits, **options).result()
        self.change(result, list(circuits))
        return Done(result)

    def change(self, result, circuits): ...


def each(change):
    """Return a backend that changes every experiment's result: data, header, circuit."""

    class Each(Habit):
        def change(self, result, circuits):
            for entry, circuit in zip(result.results, circuits, strict=True):
                change(entry, circuit)

    return Each()


def whole(change):
    """Return a backend that changes its whole result."""

    class Whole(Habit):
        def change(self, result, circuits):
            change(result)

    return Whole()


def words(entry, circuit, separator=""):
    """Return counts by bit strings, the highest bit first, as Qiskit writes them."""
    found = {}
    for key, n in entry.data.counts.items():
        bits, parts = format(int(key, 16), f"0{circuit.num_clbits}b"), []
        for register in circuit.cregs:
            bits, part = bits[: len(bits) - register.size], bits[len(bits) - register.size :]
            parts.append(part)
        found[separator.join(reversed(parts))] = n
    return found


def counts(make, *, memory=False):
    """Return a backend whose counts are `make(entry, circuit)`, with or without the memory they came with."""

    def change(entry, circuit):
        entry.data.counts = make(entry, circuit)
        if not memory:
            entry.data.memory = []

    return each(change)


def memory(make):
    """Return a backend without counts, whose memory is `make(word)` of every shot."""

    def change(entry, circuit):
        entry.data.memory = [word for key, n in make(entry, circuit).items() for word in [key] * n]
        del entry.data.counts

    return each(change)


def no_header(entry, circuit):
    entry.header = {}


class NoMemory(Aer):
    """The issue's own."""

    def run(self, circuits, memory=False, **options):
        return Aer.run(self, circuits, **options)


class NoOptions(Aer):
    """Takes shots and nothing else."""

    def run(self, circuits, shots=1024):
        return Aer.run(self, circuits, shots=shots, seed_simulator=1)


class RefusesMemory(Aer):
    def run(self, circuits, **options):
        if "memory" in options:
            raise ValueError("option memory is not supported")
        return Aer.run(self, circuits, **options)


class OneCircuit(Aer):
    max_circuits = 1

    def run(self, circuits, **options):
        assert len(circuits) == 1
        return Aer.run(self, circuits, **options)


class ThreeCircuits(Aer):
    max_circuits = 3

    def run(self, circuits, **options):
        assert len(circuits) <= 3
        return Aer.run(self, circuits, **options)


class OwnResult:
    """A result of another class, with `get_counts` alone."""

    def __init__(self, result):
        self._result = result

    def get_counts(self, k):
        return self._result.get_counts(k)


class OwnResults(Aer):
    def run(self, circuits, **options):
        return Done(OwnResult(super().run(circuits, **options).result()))


class DdsimLike(BackendV2):
    """As mqt-ddsim's `qasm_simulator`: a target of gates on any qubits, counts in hexadecimal, no memory."""

    def __init__(self):
        super().__init__(name="qasm_simulator")
        self._target = Aer.made

    @property
    def target(self):
        return self._target

    @property
    def max_circuits(self):
        return None

    @classmethod
    def _default_options(cls):
        return Options(shots=1024, memory=False, seed_simulator=None)

    def run(self, circuits, **options):
        result = Aer().run(circuits, **options).result()
        for entry in result.results:
            entry.data.memory = []
        return Done(result)


class IqmLike(DdsimLike):
    """As IQM's star devices: bits with spaces, `r` and `cz`, no options but shots."""

    def __init__(self):
        super().__init__()
        target = Target(num_qubits=6)
        target.add_instruction(RGate(Parameter("t"), Parameter("p")), {(q,): None for q in range(6)})
        pairs = [(a, b) for a in range(6) for b in range(6) if a != b]
        target.add_instruction(CZGate(), dict.fromkeys(pairs))
        target.add_instruction(Measure(), {(q,): None for q in range(6)})
        self._target = target

    @classmethod
    def _default_options(cls):
        return Options(shots=1024)

    def run(self, circuits, shots=1024):
        result = Aer().run(circuits, shots=shots, seed_simulator=3, memory=True).result()
        for entry, circuit in zip(result.results, circuits, strict=True):
            entry.data.counts = words(entry, circuit, " ")
            entry.data.memory = [key for key, n in entry.data.counts.items() for _ in range(n)]
            entry.header = {"name": circuit.name}
        return Done(result)


def on_a_line():
    """Aer's results on a device with one-way couplings and a gate that nobody knows."""
    backend = DdsimLike()
    target = Target(num_qubits=5)
    for gate in (RZGate(Parameter("t")), SXGate(), XGate(), Measure()):
        target.add_instruction(gate, {(q,): None for q in range(5)})
    target.add_instruction(CXGate(), {(q, q + 1): None for q in range(4)})
    target.add_instruction(Gate("own", 2, []), {(q, q + 1): None for q in range(4)})
    backend._target = target
    return backend


def reversed_header(entry, circuit):
    """The registers in the other order, and the bits as the header says."""
    found = words(entry, circuit, " ")
    entry.data.counts = {" ".join(reversed(key.split())): n for key, n in found.items()}
    entry.data.memory = []
    entry.header = {**entry.header, "creg_sizes": [[r.name, r.size] for r in reversed(circuit.cregs)]}


def shuffled(result):
    result.results.reverse()


GOOD = {
    "no memory": NoMemory,
    "no options": NoOptions,
    "memory refused": RefusesMemory,
    "one circuit per job": OneCircuit,
    "three circuits per job": ThreeCircuits,
    "result of its own class": OwnResults,
    "as mqt-ddsim": DdsimLike,
    "as IQM": IqmLike,
    "one-way couplings and a gate of its own": on_a_line,
    "no header": lambda: each(no_header),
    "results in another order": lambda: whole(shuffled),
    "registers in another order, which the header tells": lambda: each(reversed_header),
    "bits with spaces": lambda: counts(lambda e, c: words(e, c, " ")),
    "bits without spaces": lambda: counts(words),
    "integers": lambda: counts(lambda e, c: {int(k, 16): n for k, n in e.data.counts.items()}),
    "padded hexadecimal": lambda: counts(lambda e, c: {"0x0" + k[2:]: n for k, n in e.data.counts.items()}),
    "padded bits": lambda: counts(lambda e, c: {"000" + k: n for k, n in words(e, c).items()}),
    "whole floats": lambda: counts(lambda e, c: {k: float(n) for k, n in e.data.counts.items()}),
    "memory of bits with spaces": lambda: memory(lambda e, c: words(e, c, " ")),
    "memory of bits": lambda: memory(words),
    "memory of hexadecimal": lambda: memory(lambda e, c: e.data.counts),
    "zeros where memory should be": lambda: each(
        lambda e, c: setattr(e.data, "memory", ["0x0"] * len(e.data.memory))
    ),
    "counts of floats beside a memory": lambda: counts(
        lambda e, c: {k: n / 1000 for k, n in e.data.counts.items()}, memory=True
    ),
}


class Raises:
    """What raises the moment somebody touches it."""

    def __getattr__(self, name):
        raise RuntimeError(f"no {name}\nhere")


def raising(method, error=None):
    """Return a backend of which one method or property raises."""

    def broken(self, *args, **options):
        raise error or RuntimeError("queue\nclosed")

    made = property(broken) if method in ("target", "max_circuits", "num_qubits") else broken
    return type("Broken", (Aer,), {method: made})


class Returns(Aer):
    """Returns what it was made with instead of a job."""

    def __init__(self, what):
        super().__init__()
        self.what = what

    def run(self, circuits, **options):
        return self.what


class Panic(BaseException):
    """As compiled code raises where it gives up."""


class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("no words")


def lost_register(entry, circuit):
    mask = (1 << circuit.cregs[0].size) - 1
    found = Counter(hex(int(word, 16) & mask) for word in entry.data.memory)
    entry.data.counts, entry.data.memory = dict(found), []


def fewer(entry, circuit):
    key = next(iter(entry.data.counts))
    entry.data.counts[key] -= 1
    entry.data.memory = []


def more(entry, circuit):
    key = next(iter(entry.data.counts))
    entry.data.counts[key] += 7
    entry.data.memory = []


def failed(result):
    for entry in result.results:
        entry.success = False


def job_failed(result):
    result.success = False
    result.status = "PARTIAL COMPLETED"


BAD = {
    "run raises": raising("run"),
    "run panics": raising("run", Panic("at rust")),
    "run leaves the program": raising("run", SystemExit(3)),
    "run raises what cannot be said": raising("run", Unspeakable()),
    "target raises": raising("target"),
    "returns nothing": lambda: Returns(None),
    "returns a number": lambda: Returns(7),
    "job raises": lambda: Returns(Raises()),
    "result is nothing": lambda: Returns(Done(None)),
    "result raises": lambda: Returns(Done(Raises())),
    "result is text": lambda: Returns(Done("done")),
    "no results": lambda: whole(lambda r: r.results.clear()),
    "one result too few": lambda: whole(
        lambda r: [no_header(e, None) for e in r.results] and r.results.pop()
    ),
    "one result twice": lambda: whole(lambda r: r.results.append(copy.deepcopy(r.results[0]))),
    "fewer shots": lambda: each(fewer),
    "more shots": lambda: each(more),
    "no shots": lambda: counts(lambda e, c: {}),
    "every circuit failed": lambda: whole(failed),
    "the job failed": lambda: whole(job_failed),
    "probabilities": lambda: counts(lambda e, c: {k: n / 1e4 for k, n in e.data.counts.items()}),
    "negative counts": lambda: counts(lambda e, c: {k: -n for k, n in e.data.counts.items()}),
    "counts of NaN": lambda: counts(lambda e, c: dict.fromkeys(e.data.counts, float("nan"))),
    "counts of text": lambda: counts(lambda e, c: {k: str(n) for k, n in e.data.counts.items()}),
    "too narrow": lambda: counts(lambda e, c: {k[1:]: n for k, n in words(e, c).items()}),
    "too wide": lambda: counts(lambda e, c: {"1" + k: n for k, n in words(e, c).items()}),
    "too wide in hexadecimal": lambda: counts(lambda e, c: {"0xff": sum(e.data.counts.values())}),
    "three registers": lambda: counts(lambda e, c: {k + " 0": n for k, n in words(e, c, " ").items()}),
    "letters": lambda: counts(lambda e, c: {"ab": sum(e.data.counts.values())}),
    "tuples": lambda: counts(lambda e, c: {(0, 1): sum(e.data.counts.values())}),
    "reversed bits": lambda: counts(lambda e, c: {k[::-1]: n for k, n in words(e, c).items()}),
    "all zeros": lambda: counts(lambda e, c: {"0x0": sum(e.data.counts.values())}),
    "all ones": lambda: counts(lambda e, c: {"1" * c.num_clbits: sum(e.data.counts.values())}),
    "complement": lambda: counts(
        lambda e, c: {k.translate({48: 49, 49: 48}): n for k, n in words(e, c).items()}
    ),
    "a register lost in hexadecimal": lambda: each(lost_register),
}


class Sampling(BaseSamplerV2):
    """Aer's sampler with one habit: `change(register -> BitArray) -> the same` of every PUB."""

    def __init__(self, change=None, results=None):
        self._change, self._results = change, results

    def run(self, pubs, *, shots=None):
        pubs = list(pubs)
        job = PrimitiveJob(self._run, pubs, shots)
        job._submit()
        return job

    def _run(self, pubs, shots):
        made = []
        for pub in SamplerV2(seed=5).run(pubs, shots=shots).result():
            registers = {name: pub.data[name] for name in pub.data}
            if self._change:
                registers = self._change(registers)
            made.append(SamplerPubResult(DataBin(**registers, shape=())))
        return PrimitiveResult(self._results(made) if self._results else made)


def cut(bits, shots):
    return BitArray(bits.array[:shots], bits.num_bits)


def narrowed(registers):
    return {name: cut(bits, bits.num_shots - 1) for name, bits in registers.items()}


def one_short(registers):
    (name, bits), *others = registers.items()
    return {name: cut(bits, bits.num_shots - 1), **dict(others)}


def swapped(registers):
    names = list(registers)
    return dict(zip(names, reversed(list(registers.values())), strict=True))


def zeros(registers):
    return {name: BitArray(0 * bits.array, bits.num_bits) for name, bits in registers.items()}


def wider(registers):
    return {name: BitArray(bits.array, bits.num_bits + 1) for name, bits in registers.items()}


def shaped(registers):
    return {name: BitArray(bits.array[None], bits.num_bits) for name, bits in registers.items()}


BAD_SAMPLERS = {
    "fewer shots": lambda: Sampling(narrowed),
    "fewer shots in one register": lambda: Sampling(one_short),
    "a register missing": lambda: Sampling(lambda r: dict(list(r.items())[:-1])),
    "a register renamed": lambda: Sampling(lambda r: {f"{name}_0": bits for name, bits in r.items()}),
    "registers swapped": lambda: Sampling(swapped),
    "zeros": lambda: Sampling(zeros),
    "another width": lambda: Sampling(wider),
    "another shape": lambda: Sampling(shaped),
    "numbers for bits": lambda: Sampling(lambda r: dict.fromkeys(r, 7)),
    "one result too few": lambda: Sampling(results=lambda made: made[:-1]),
    "no results": lambda: Sampling(results=lambda made: []),
    "results reversed": lambda: Sampling(results=lambda made: made[::-1]),
    "raises": lambda: Sampling(results=lambda made: 1 / 0),
}
