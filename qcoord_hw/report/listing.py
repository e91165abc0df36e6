"""What there is: experiments of the catalogue, runs, targets and named states."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import entry_points
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from qcoord_hw import record, registry
from qcoord_hw.answer import Answer, Row
from qcoord_hw.catalogue import catalogue_needs, catalogue_paths, outside_entries
from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.spec import check_integer, read_spec
from qcoord_hw.statistics.words import some
from qcoord_hw.text import meant
from qcoord_hw.watching import watching

if TYPE_CHECKING:
    from rich.console import Console

Entry = Mapping[str, Any]

STATES = ("sealed", "unfinished", "damaged")
"""States of a run: all its shots are counted; some are missing; its description cannot be read."""


MOST_NAMED = 12
"""Names that a refusal lists."""

PREFIX = len("20260101T000000Z-01234567")
"""Characters of a run's name that mostly tell it from all others."""


@dataclass(frozen=True, eq=False, repr=False)
class ListAnswer(Answer):
    """A list of things, one row each; subclasses name them and say which columns a person sees."""

    ALL_IN_ROWS = True

    NONE: ClassVar[str] = "none"
    """What is said where there is nothing."""

    def rows(self) -> Sequence[Row]:
        """Return a row for each of them."""
        return [dict(entry) for entry in self._entries()]

    def print_to(self, console: Console) -> None:
        """Print the list, as wide as the console is."""
        from qcoord_hw.report.tables import add_row, as_text, new_table

        if not self._entries():
            console.print(as_text(self.NONE))
        for number, (heading, columns, rows) in enumerate(self._parts()):
            if heading:
                console.print(as_text(f"{chr(10) if number else ''}{heading}", "bold"))
            table = new_table(*columns)
            for row in rows:
                add_row(table, *("" if cell is None else cell for cell in row))
            console.print(table)

    def _entries(self) -> Sequence[Entry]:
        """Return what is listed: the first field."""
        entries: Sequence[Entry] = next(iter(vars(self).values()))
        return entries

    @abstractmethod
    def _parts(self) -> Iterator[tuple[str, Sequence[str], Sequence[Sequence[object]]]]:
        """Yield heading, columns and rows of each table."""

    def _text(self) -> str:
        from qcoord_hw.report.tables import printed_text

        return printed_text(self.print_to)


@dataclass(frozen=True, eq=False, repr=False)
class Experiments(ListAnswer):
    """Experiments of the catalogue.

    Attributes:
        experiments: for each its name, title and family, and what it `needs` of a device, as
            `qcoord_hw.execution.needs` says; None where that is not known.
        named: name, title and family of what a family knows besides by name, with a parameter perhaps.
    """

    experiments: Sequence[Entry]
    named: Sequence[Entry]

    def rows(self) -> Sequence[Row]:
        """Return a row for each of them, what it needs in columns of its own."""
        return [
            {key: entry[key] for key in ("name", "title", "family")}
            | {key: value for key, value in (entry["needs"] or {}).items() if key != "fits"}
            for entry in self.experiments
        ]

    def _parts(self) -> Iterator[tuple[str, Sequence[str], Sequence[Sequence[object]]]]:
        columns = ("name", "qubits", "two-qubit\ngates", "what it is")
        for family, members in groupby(self.experiments, key=itemgetter("family")):
            rows = [_needed(entry) for entry in members]
            yield f"{family}: {len(rows)}", columns, rows
        for family, members in groupby(self.named, key=itemgetter("family")):
            known = [(entry["name"], entry["title"]) for entry in members]
            yield f"{family}, by name: {len(known)}", ("name", "what it is"), known


@dataclass(frozen=True, eq=False, repr=False)
class Runs(ListAnswer):
    """Runs that are in a folder.

    Attributes:
        runs: for each, the latest first, its folder `run`, `experiment`, `title`, `family`, `target`, `kind`,
            `state` (one of `STATES`), `created` (ISO 8601, UTC), `seed`, shots planned and `error`, why it is
            damaged. Nothing is verified: `qcoord verify RUN` does that.
    """

    NONE = "no run; `qcoord run` makes them"

    runs: Sequence[Entry]

    def _parts(self) -> Iterator[tuple[str, Sequence[str], Sequence[Sequence[object]]]]:
        names = [Path(e["run"]).name for e in self.runs]
        short = Counter(name[:PREFIX] for name in names)
        rows = [
            (
                name[:PREFIX] if short[name[:PREFIX]] == 1 else name,
                e["experiment"] or e["error"],
                *(e[key] for key in ("target", "shots", "state")),
            )
            for name, e in zip(names, self.runs, strict=True)
        ]
        yield "", ("run", "experiment", "target", "shots", "state"), rows


@dataclass(frozen=True, eq=False, repr=False)
class Targets(ListAnswer):
    """Where an experiment can run.

    Attributes:
        targets: for each its `name`, `kind` (ideal, noise-model or device), `qubits`, `calibrated` (ISO 8601)
            and the medians `two_qubit_error`, `one_qubit_error`, `readout_error`, `t1_us`, `t2_us` over the
            device; None where it is not known, and for devices, none of which is asked.
    """

    targets: Sequence[Entry]

    def _parts(self) -> Iterator[tuple[str, Sequence[str], Sequence[Sequence[object]]]]:
        rows = [
            (
                e["name"],
                e["kind"],
                e["qubits"],
                (e["calibrated"] or "")[:10],
                *(e[k] and f"{e[k]:.4f}" for k in ("two_qubit_error", "readout_error")),
                e["t1_us"] and f"{e['t1_us']:.0f}",
            )
            for e in self.targets
        ]
        columns = ("target", "kind", "qubits", "calibrated", "two-qubit\nerror", "readout\nerror", "T1, us")
        yield "", columns, rows


@dataclass(frozen=True, eq=False, repr=False)
class States(ListAnswer):
    """States that have a name.

    Attributes:
        states: for each its `name`, `title`, `systems` (system -> dimension, by default) and `parameters`,
            a list of `name`, `type`, `default`, `low` and `high`.
    """

    states: Sequence[Entry]

    def _parts(self) -> Iterator[tuple[str, Sequence[str], Sequence[Sequence[object]]]]:
        rows = [
            (
                e["name"],
                e["title"],
                ", ".join(
                    f"{p['name']}={p['default']:.4g} ({p['low']:.4g}..{p['high']:.4g})"
                    for p in e["parameters"]
                ),
            )
            for e in self.states
        ]
        yield "", ("state", "what it is", "parameters"), rows


@watching("experiments")
def experiments(*, family: str | None = None, fits: str | None = None) -> Experiments:
    """Return the catalogue, in order of family and name.

    Args:
        family: only those of this family.
        fits: only those that find a place on this device snapshot: `fake_NAME`. What fits those in
            `circuits/needs.json` is known; for another one the circuits are placed, which takes a minute.

    Raises:
        InputError: naming the family or device.
    """
    needs = catalogue_needs()
    known = [*map(read_spec, catalogue_paths().values()), *outside_entries().values()]
    _check("family", family, sorted({spec.family for spec in known}))
    asked = [spec for spec in known if family in (None, spec.family)]
    if fits is not None:  # what a family of another package needs is not known
        fitting = _fitting(fits, {spec.name: needs[spec.name] for spec in asked if spec.name in needs})
        asked = [spec for spec in asked if spec.name in fitting]
    found = [
        {"name": spec.name, "title": spec.title, "family": spec.family, "needs": needs.get(spec.name)}
        for spec in asked
    ]
    named = [
        {"name": one.name, "title": one.title, "family": kind.name}
        for kind in registry.every()
        for one in kind.named()
        if family in (None, kind.name) and fits is None
    ]
    return Experiments(found, named)


def _fitting(device: str, needs: Mapping[str, Entry]) -> set[str]:
    """Return the experiments that find a place on a device snapshot, of those whose needs are given."""
    if all(device in needed["fits"] for needed in needs.values()):
        return {name for name, needed in needs.items() if needed["fits"][device] is None}
    _check("fits", device, [entry["name"] for entry in _targets() if entry["kind"] == "noise-model"])
    from qcoord_hw.execution.needs import fits
    from qcoord_hw.execution.run_description import program_of
    from qcoord_hw.execution.targets import fake_chip
    from qcoord_hw.families.experiment import build_experiment

    chip, found = fake_chip(device), set()
    for name, needed in needs.items():
        if needed["qubits"] <= len(chip.qubits):
            program = program_of(build_experiment(read_spec(catalogue_paths()[name])))
            if fits(program, {device: chip})[device] is None:
                found.add(name)
    return found


def runs(
    folder: str | Path | None = None,
    *,
    experiment: str | None = None,
    target: str | None = None,
    state: str | None = None,
    last: int | None = None,
) -> Runs:
    """Return the runs in a folder, the latest first.

    Args:
        folder: of runs.
        experiment: only those of this name.
        target: only those on this target.
        state: only those in this state, one of `STATES`.
        last: at most so many, of those that are asked for.

    Raises:
        InputError: naming the argument.
        RecordError: when the folder cannot be read.
    """
    _check("state", state, STATES)
    if last is not None:
        check_integer("last", last, 1, 10**6)
    wanted = {"experiment": experiment, "target": target, "state": state}
    every = map(_run, reversed(record.every(record.runs_folder(folder))))
    chosen = (e for e in every if all(value in (None, e[key]) for key, value in wanted.items()))
    return Runs(list(islice(chosen, last)))


def targets(*, qubits: int = 0) -> Targets:
    """Return where an experiment can run: the simulator, the snapshots of devices, and devices.

    Args:
        qubits: only those known to have at least so many, if it is not 0.

    Raises:
        InputError: naming the argument.
    """
    check_integer("qubits", qubits, 0, 10**6)
    return Targets([e for e in _targets() if not qubits or (e["qubits"] or 0) >= qubits])


def states() -> States:
    """Return the named states and their parameters."""
    from qcoord_hw.theory.named_states import FAMILIES, named_state

    found: list[Entry] = []
    for name, one in FAMILIES.items():
        state = named_state(name)
        declared = [
            {"name": key, "type": "integer" if isinstance(default, int) else "number"}
            | {"default": default, "low": low, "high": high}
            for key, default, low, high in one.parameters
        ]
        systems = {system: state.dimension(system) for system in state.systems}
        found.append({"name": name, "title": one.title, "systems": systems, "parameters": declared})
    return States(found)


def _check(field: str, value: str | None, allowed: Sequence[str]) -> None:
    if value is not None and value not in allowed:
        raise InputError(
            f"{field}: {value!r}{meant(value, allowed)}; allowed are {some(allowed, MOST_NAMED)}"
        )


def _needed(entry: Entry) -> tuple[object, ...]:
    needs = entry["needs"] or {"fits": {"": None}}
    nowhere = "" if None in needs["fits"].values() else " (simulators only: fits no device)"
    return entry["name"], needs.get("qubits"), needs.get("two_qubit_gates"), f"{entry['title']}{nowhere}"


def _run(path: Path) -> Entry:
    about: dict[str, Any] = dict.fromkeys(
        ("experiment", "title", "family", "target", "kind", "created", "seed", "shots")
    )
    try:
        intent, sealed = record.read_description(path)
    except RecordError as error:
        return {"run": str(path), "state": "damaged"} | about | {"error": str(error)}
    about |= {
        "experiment": intent["experiment"]["name"],
        "title": intent["experiment"]["title"],
        "family": intent["spec"]["family"],
        "target": intent["target"]["name"],
        "kind": intent["target"]["kind"],
        "created": intent["created"],
        "seed": intent["seed"],
        "shots": sum(chunk["shots"] for chunk in intent["plan"]),
    }
    return {"run": str(path), "state": "sealed" if sealed else "unfinished"} | about | {"error": None}


def _targets() -> Iterator[Entry]:
    from qcoord_hw.execution.devices import registry as devices
    from qcoord_hw.execution.devices.base import Summary

    nothing = asdict(Summary())
    yield {"name": "aer", "kind": "ideal"} | nothing
    for module in devices.snapshots():
        for name, summary in module.summaries().items():
            yield {"name": name, "kind": "noise-model"} | asdict(summary)
    for vendor in devices.OURS:
        yield {"name": f"{vendor.prefix}NAME", "kind": "device"} | nothing
    for point in sorted(entry_points(group=devices.GROUP), key=lambda point: point.name):
        yield {"name": f"{point.name}:DEVICE", "kind": "device"} | nothing
