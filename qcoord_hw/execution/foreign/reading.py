"""The one reader of what foreign targets return: checks shots, width and registers of every outcome.

A backend's result is read from its counts where they can be read, else from its per-shot memory, which is
the same histogram shot by shot and is often missing. Outcomes may be hexadecimal, integers, or bit strings
with or without spaces between registers; the registers that the result states need not be in the circuit's
order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from qiskit.circuit import QuantumCircuit

from qcoord_hw.execution.foreign.guard import stated
from qcoord_hw.record import Counts
from qcoord_hw.spec import short_repr

MAX_KEPT = 4096
"""Outcomes that cannot be read of which a record keeps how often they came."""


@dataclass(frozen=True)
class Read:
    """What was read of one circuit's result.

    Attributes:
        counts: outcome (classical bit 0 first) -> shots; as it came where it cannot be read.
        fault: what is wrong with it, as a sentence without the target as its subject; empty if nothing is.
        nameless: whether its job states no name of a circuit, so that its place alone says whose it is.
    """

    counts: Counts
    fault: str = ""
    nameless: bool = False


class _UnfitError(Exception):
    """An outcome, or a number of shots, is none of those that a circuit can give."""


def read_result(result: Any, circuits: Sequence[QuantumCircuit], shots: int) -> list[Read]:
    """Return what a backend counted of each circuit of a job.

    Results are told apart by the names of the circuits where the result states them, else by their order.

    Args:
        result: what `job.result()` returned.
        circuits: as they were sent, each with a name of its own.
        shots: of each of them.
    """
    entries = stated(result, "results")
    if not isinstance(entries, (list, tuple)):  # a result of another class: its methods are asked
        entries = [None] * len(circuits)
    names = [circuit.name for circuit in circuits]
    places = _places(entries, names)
    nameless = {_name(entry) for entry in entries}.isdisjoint(names)
    marked = any(stated(entry, "success") is False for entry in entries)
    if stated(result, "success") is False and not marked:
        fault = f"says that the job failed ({short_repr(stated(result, 'status'))})"
        return [
            Read(one.counts, one.fault or fault)
            for one in _read_all(result, entries, places, circuits, shots)
        ]
    reads = _read_all(result, entries, places, circuits, shots)
    return [replace(one, nameless=nameless) for one in reads]


def read_pub(pub: Any, circuit: QuantumCircuit, shots: int) -> Read:
    """Return what a sampler counted of one PUB: the bits of every register, shot by shot."""
    data = stated(pub, "data")
    columns: list[list[str]] = []
    for register in circuit.cregs:
        bits = _field(data, register.name)
        if bits is None or not callable(stated(bits, "get_bitstrings")):
            return Read({}, f"returned no shots of register {register.name!r}; it returned {_names(data)}")
        if tuple(stated(bits, "shape") or ()) != ():
            return Read({}, f"returned an array of shape {short_repr(bits.shape)} for one circuit")
        words = [str(word) for word in bits.get_bitstrings()]
        if any(len(word) != register.size or set(word) - {"0", "1"} for word in words):
            fault = f"returned outcomes of register {register.name!r} that are not of {register.size} bits"
            return Read({}, fault)
        columns.append(words)
    if len(sizes := {len(words) for words in columns}) > 1:
        return Read({}, f"returned registers of different numbers of shots ({_several(sorted(sizes))})")
    counts = Counter("".join(word[::-1] for word in words) for words in zip(*columns, strict=True))
    return _judged(dict(sorted(counts.items())), circuit.name, shots)


def _read_all(
    result: Any,
    entries: Sequence[Any],
    places: Sequence[int | None],
    circuits: Sequence[QuantumCircuit],
    shots: int,
) -> list[Read]:
    missing = Read({}, _missing(entries, circuits) if None in places else "")
    return [
        missing if place is None else _read(result, entries[place], place, circuit, shots)
        for circuit, place in zip(circuits, places, strict=True)
    ]


def _missing(entries: Sequence[Any], circuits: Sequence[QuantumCircuit]) -> str:
    """Say why the result of a circuit is not found."""
    if len(entries) != len(circuits):
        return f"returned {len(entries)} results where {len(circuits)} circuits were sent"
    names = Counter(str(_name(entry)) for entry in entries)
    name, times = names.most_common(1)[0]
    if times > 1:
        return f"returned {times} results by the name {short_repr(name)}: whose they are cannot be told"
    missing = [circuit.name for circuit in circuits if circuit.name not in names]
    return f"returned no result by the name {short_repr(missing[0])}; it returned {short_repr(sorted(names))}"


def _places(entries: Sequence[Any], names: Sequence[str]) -> list[int | None]:
    """Return the place of each circuit's result; None where there is none, or it cannot be told."""
    found = [_name(entry) for entry in entries]
    if set(found).isdisjoint(names):
        same = len(entries) == len(names)
        return [k if same else None for k in range(len(names))]
    return [found.index(name) if found.count(name) == 1 else None for name in names]


def _name(entry: Any) -> Any:
    """Return the name that a result states of its circuit; None where it states none."""
    name = _field(stated(entry, "header"), "name")
    return name if isinstance(name, str) else None


def _read(result: Any, entry: Any, place: int, circuit: QuantumCircuit, shots: int) -> Read:
    """Return the first of the ways to read a result that leads to as many shots as asked for."""
    if stated(entry, "success") is False:
        return Read({}, f"says that circuit {circuit.name!r} failed ({short_repr(stated(entry, 'status'))})")
    data = stated(entry, "data")
    slots = _Slots.of(circuit, _field(stated(entry, "header"), "creg_sizes"))
    ways: tuple[Callable[[], Any], ...] = (
        lambda: _field(data, "counts"),
        lambda: result.get_counts(place),
        lambda: _histogram(_field(data, "memory")),
        lambda: _histogram(result.get_memory(place)),
    )
    failed = Read({}, f"returned no shots of circuit {circuit.name!r}: neither counts nor per-shot memory")
    for number, way in enumerate(ways):
        try:
            came = way()
        except Exception:  # it has no such method, or that has nothing: there may be another way
            continue
        if not isinstance(came, Mapping) or not came:
            continue
        read = _counted(came, slots, circuit.name, shots)
        if not read.fault:
            return read
        if number == 0 or not failed.counts:
            failed = read
    return failed


def _counted(came: Mapping[Any, Any], slots: _Slots, name: str, shots: int) -> Read:
    counts: Counts = {}
    try:
        for key, times in came.items():
            if n := _whole(times):
                word = slots.word(key)
                counts[word] = counts.get(word, 0) + n
    except _UnfitError as unfit:
        kept = {str(key)[:80]: _plain(times) for key, times in list(came.items())[:MAX_KEPT]}
        return Read(kept, f"returned {unfit} for circuit {name!r}")
    return _judged(dict(sorted(counts.items())), name, shots)


def _judged(counts: Counts, name: str, shots: int) -> Read:
    came = sum(counts.values())
    fault = "" if came == shots else f"returned {came} shots of circuit {name!r} where {shots} were asked for"
    return Read(counts, fault)


@dataclass(frozen=True)
class _Slots:
    """Where the bits of a circuit's registers stand in an outcome.

    Attributes:
        sizes: of the registers of the outcome, the least significant first.
        own: (start, end) of each of the circuit's registers, in their order, from the least significant bit.
    """

    sizes: tuple[int, ...]
    own: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, circuit: QuantumCircuit, creg_sizes: Any) -> _Slots:
        """Take the registers that a result states, if the circuit's are among them; else the circuit's."""
        ours = [(register.name, register.size) for register in circuit.cregs]
        try:
            theirs = [(str(name), int(size)) for name, size in creg_sizes]
        except (TypeError, ValueError):
            theirs = ours
        if not set(ours) <= set(theirs) or len(set(theirs)) != len(theirs):
            theirs = ours
        starts = {one: sum(size for _, size in theirs[:k]) for k, one in enumerate(theirs)}
        own = tuple((starts[one], starts[one] + one[1]) for one in ours)
        return cls(tuple(size for _, size in theirs), own)

    def word(self, key: Any) -> str:
        """Return an outcome with classical bit 0 first.

        Raises:
            _UnfitError: when it is no outcome of these registers.
        """
        bits = self._bits(key)[::-1]
        return "".join(bits[start:end] for start, end in self.own)

    def _bits(self, key: Any) -> str:
        """Return the bits of an outcome, the most significant first."""
        width = sum(self.sizes)
        if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
            text = format(int(key), "b")
        elif not isinstance(key, str):
            raise _UnfitError(f"outcome {short_repr(key)}, which is neither a number nor bits")
        elif key[:2] in ("0x", "0X"):
            try:
                text = format(int(key, 16), "b")
            except ValueError:
                raise _UnfitError(f"outcome {short_repr(key)}, which is no number") from None
        else:
            groups = key.split()
            text = "".join(groups)
            if len(groups) > 1 and [len(group) for group in reversed(groups)] != list(self.sizes):
                widths, sizes = ([len(g) for g in reversed(groups)], list(self.sizes))
                raise _UnfitError(
                    f"outcome {short_repr(key)}: registers of {_several(widths)} bits instead of "
                    f"{_several(sizes)}"
                )
            if len(text) < width:
                raise _UnfitError(f"outcome {short_repr(key)} of {len(text)} bits instead of {width}")
        if set(text) - {"0", "1"} or len(text.lstrip("0")) > width:
            raise _UnfitError(f"outcome {short_repr(key)}, which is not of {width} bits")
        return text.lstrip("0").rjust(width, "0")


def _whole(times: Any) -> int:
    """Return how often an outcome came; some providers count in floats.

    Raises:
        _UnfitError: when it is no whole number of at least 0.
    """
    if isinstance(times, (int, float, np.integer, np.floating)) and not isinstance(times, bool):
        if times >= 0 and float(times).is_integer():
            return int(times)
    raise _UnfitError(f"an outcome {short_repr(times)} times, which is no number of shots,")


def _plain(times: Any) -> Any:
    """Return a number as it came if JSON can hold it, else its text."""
    try:
        return _whole(times)
    except (_UnfitError, OverflowError, ValueError):
        return short_repr(times)


def _histogram(memory: Any) -> Counter[Any] | None:
    if isinstance(memory, str) or not isinstance(memory, Iterable):
        return None
    return Counter(memory)


def _field(holder: Any, name: str) -> Any:
    """Return a field of a mapping or an object; None where it has none."""
    return holder.get(name) if isinstance(holder, Mapping) else stated(holder, name)


def _names(data: Any) -> str:
    """Return the names of the registers that a PUB's data has."""
    try:
        names = sorted(str(name) for name in data)
    except Exception:
        names = []
    return ", ".join(names)[:120] or "none"


def _several(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
