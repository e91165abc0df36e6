"""Reading a run: its plan, its counts, and whether it is whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.inputs import parse_json
from qcoord_hw.record.calibration import as_executed
from qcoord_hw.record.counts import COUNTS, Counts, read_counts
from qcoord_hw.record.files import MAX_VALUES, check_digests, exists, read_bytes, read_signed
from qcoord_hw.record.journal import JOBS, Job, read_journal
from qcoord_hw.record.notes import answered, read_notes
from qcoord_hw.record.schema import IMPORTED, INTENT_SHAPE, SEAL_SHAPE, SNAPSHOT, check_intent
from qcoord_hw.record.shape import Misfit
from qcoord_hw.spec import one_line

FORMAT = 2

DRAFT = "draft.json"
INTENT = "intent.json"
SEAL = "seal.json"
CIRCUITS = "circuits.qpy"
EXECUTED = "executed.qpy"
DERIVED = "derived"
CHIP = "chip.json"
"""The calibration of a whole device, where no package has it: of a target `properties:`."""


FOREIGN = ("backend", "sampler")
"""The kinds of targets that somebody else wrote."""


@dataclass(frozen=True)
class Chunk:
    """A part of the plan: one setting's shots in one block.

    Attributes:
        id: its number in the plan; also part of its seed.
        block: in which block it is executed.
        setting: index of the setting.
        shots: how many.
        seed: seed of its draw; 0 of imported counts.
        tile: on which of the copies of the circuits that run side by side; 0 where there is one.
        pattern: which Pauli errors of links are executed with it (`network.link_patterns`); 0 where none are.
    """

    id: int
    block: int
    setting: int
    shots: int
    seed: int = 0
    tile: int = 0
    pattern: int = 0


CHUNK = tuple(one.name for one in fields(Chunk))
"""Its fields in a record; those of value 0 may be left out."""


@dataclass(frozen=True, eq=False)
class RunRecord:
    """A run as read from its folder.

    Attributes:
        path: the folder.
        intent: what was decided before execution.
        plan: the chunks, in the order of execution.
        counts: chunk id -> counts (outcome strings with classical bit 0 first), for finished chunks.
        sealed: whether all chunks are there and the record is closed.
        jobs: the jobs of a run on a device, as the journal tells them.
        asked: whether jobs are to be sent that are not written down yet, as the journal tells it.
        stopped: the error with which the last submission ended; empty if it ended well or was cut off.
        notes: what a target returned beside what it was asked for; never counted.
    """

    path: Path
    intent: dict[str, Any]
    plan: tuple[Chunk, ...]
    counts: Mapping[int, Counts]
    sealed: bool
    jobs: tuple[Job, ...] = ()
    asked: bool = False
    stopped: str = ""
    notes: tuple[dict[str, Any], ...] = ()

    def __repr__(self) -> str:
        """Return which run it is in one short line."""
        return f"<RunRecord: {self.path.name}>"

    @property
    def tiles(self) -> int:
        """How many copies of the circuits run side by side, each on qubits of its own."""
        return 1 + len(self.intent["target"].get("tiles", ()))

    @cached_property
    def batches(self) -> tuple[tuple[int, ...], ...]:
        """The tiles that one circuit of a device executes: all of them, or those of a batch of couplings."""
        target = self.intent["target"]
        found: dict[int | None, list[int]] = {}
        for number, place in enumerate((target, *target.get("tiles", ()))):
            found.setdefault(place.get("batch"), []).append(number)
        return tuple(map(tuple, found.values()))

    def executed_with(self, chunk: int) -> list[int]:
        """Return the chunks that a job executes where it names this one: of every tile of its batch."""
        each = len(self.plan) // self.tiles
        tile, first = divmod(chunk, each)
        batch = next((own for own in self.batches if tile in own), ())
        return [first + number * each for number in batch]

    def tile(self, number: int) -> RunRecord:
        """Return the run as if one of its tiles were all of it."""
        target, experiment = self.intent["target"], self.intent["experiment"]
        plan = tuple(chunk for chunk in self.plan if chunk.tile == number)
        counts = {chunk.id: self.counts[chunk.id] for chunk in plan if chunk.id in self.counts}
        stated = ({} if number == 0 else target["tiles"][number - 1]) | {"tiles": []}
        if "measured" in stated:
            pairs = zip(experiment["circuits"], stated.pop("measured"), strict=True)
            experiment = experiment | {"circuits": [c | {"measured": m} for c, m in pairs]}
        intent = self.intent | {"target": target | stated, "experiment": experiment}
        return replace(self, intent=intent, plan=plan, counts=counts)

    @property
    def is_on_device(self) -> bool:
        """Whether it is made of jobs on a device."""
        with interpreting(self.path):
            return "options" in self.intent["target"]

    @property
    def is_imported(self) -> bool:
        """Whether somebody else measured the counts."""
        with interpreting(self.path):
            return bool(self.intent["target"].get("kind") == IMPORTED)

    @property
    def is_answered(self) -> bool:
        """Whether the target gave the known answer, or is not asked for one."""
        with interpreting(self.path):
            expected = self.intent["target"].get("known_answer")
            return expected is None or answered(expected, self.notes)

    @property
    def is_draft(self) -> bool:
        """Whether the device is not known yet, so that nothing is planned."""
        return not self.plan

    @cached_property
    def calibration(self) -> dict[str, Any] | None:
        """The snapshot of the qubits that were used, as it was at execution; None where there is none."""
        return as_executed(self.path, self.intent["target"]["snapshot"], self.jobs)

    @cached_property
    def chip(self) -> dict[str, Any] | None:
        """The snapshot of the whole device, without a noise scale; None where the record does not keep it.

        Raises:
            RecordError: when it is none.
        """
        if CHIP not in self.intent["files"]:
            return None
        with reading(self.path, CHIP):
            found: dict[str, Any] = parse_json(self.file(CHIP), MAX_VALUES)
            SNAPSHOT(found, "")
            return found

    @property
    def rules(self) -> int:
        """Version of the rules of analysis that its program followed."""
        with interpreting(self.path):
            return int(self.intent["provenance"].get("rules", 1))

    @property
    def missing(self) -> tuple[Chunk, ...]:
        """The chunks that are not counted yet, in the order of execution."""
        return tuple(chunk for chunk in self.plan if chunk.id not in self.counts)

    @property
    def how_to_finish(self) -> str:
        """What finishes an unfinished run, in words; of a foreign target a record keeps the name only."""
        if self.is_imported:
            return "its import was cut off: remove the folder and import the file again"
        if self.intent["target"]["kind"] in FOREIGN and ":" not in self.intent["target"]["name"]:
            return "in Python, `qc.collect(run, target=..)` with the same object finishes it"
        return "`qcoord collect` finishes it"

    def by_block(self) -> dict[tuple[int, int], Counts]:
        """Return (block, setting) -> counts of the finished chunks: those of the record where it is one."""
        found: dict[tuple[int, int], Counts] = {}
        for chunk in self.plan:
            if (counts := self.counts.get(chunk.id)) is not None:
                key = chunk.block, chunk.setting
                found[key] = _added(found[key], counts) if key in found else counts
        return found

    def file(self, name: str) -> bytes:
        """Return the content of one of the record's files."""
        return read_bytes(self.path, name)


def _added(one: Counts, other: Counts) -> Counts:
    return one | {outcome: one.get(outcome, 0) + n for outcome, n in other.items()}


def read(path: Path) -> RunRecord:
    """Read a run and check every checksum.

    Raises:
        RecordError: naming the file that is missing, damaged or of an unknown format.
    """
    sealed = exists(path, SEAL)
    if sealed:
        _check_seal(path)
    stated, intent = _read_intent(path)
    with reading(path, stated):
        check_intent(intent)
    check_digests(path, intent["files"], "its checksum")
    plan = tuple(Chunk(**chunk) for chunk in _chunks(intent["plan"]))
    return _as_it_stands(RunRecord(path, intent, plan, {}, sealed), stated)


def read_again(run: RunRecord) -> RunRecord:
    """Return an unfinished run with what is counted by now: what was to be done is known, and not read again.

    Raises:
        RecordError: as `read`.
    """
    check_digests(run.path, run.intent["files"], "its checksum")
    return _as_it_stands(run, DRAFT if run.is_draft else INTENT)


def _chunks(plan: list[dict[str, int]]) -> list[dict[str, int]]:
    """Return the chunks of a recorded plan without fields that newer programs may have added."""
    known = set(CHUNK)
    return (
        plan
        if known.issuperset(chain.from_iterable(plan))
        else [{k: c[k] for k in CHUNK if k in c} for c in plan]
    )


def _as_it_stands(run: RunRecord, stated: str) -> RunRecord:
    """Return a run with its counts, notes and jobs as they are on the disk.

    Args:
        run: of which intent, plan and seal are read.
        stated: name of the file with the intent.
    """
    path, intent, plan, sealed = run.path, run.intent, run.plan, run.sealed
    width = len(intent["experiment"]["circuits"][0]["measured"]) if plan else 0
    counts = read_counts(path, {chunk.id: chunk.shots for chunk in plan}, width)
    if sealed and len(counts) != len(plan):
        raise RecordError(f"run {path.name}: {COUNTS} lacks chunks although the run is sealed")
    notes = read_notes(path)
    journal = read_journal(path)
    if journal.empty and stated == INTENT and exists(path, DRAFT):
        read_bytes(path, DRAFT)  # or it is that which is no file
        raise RecordError(f"run {path.name}: {JOBS} is missing or empty; the record is damaged")
    for job in journal.jobs:
        if unknown := set(job.files) - {job.result, job.properties}:
            name = min(unknown)
            raise RecordError(f"run {path.name}: {name} does not match the journal; the record is damaged")
    check_digests(path, {n: sha for job in journal.jobs for n, sha in job.files.items()}, "the journal")
    found = RunRecord(path, intent, plan, counts, sealed, journal.jobs, journal.asked, journal.stopped, notes)
    if sealed and not found.is_answered:
        expected = intent["target"]["known_answer"]
        raise RecordError(
            f"run {path.name}: sealed without the known answer {expected!r}; the record is damaged"
        )
    return found


def read_description(path: Path) -> tuple[dict[str, Any], bool]:
    """Return what a run was to do, and whether it is sealed; counts and files are neither read nor checked.

    Raises:
        RecordError: as `read`.
    """
    stated, intent = _read_intent(path)
    with reading(path, stated):
        INTENT_SHAPE(intent, "")
    return intent, exists(path, SEAL)


def _read_intent(path: Path) -> tuple[str, dict[str, Any]]:
    """Return the name and the content of the file that says what a run was to do."""
    stated = INTENT if exists(path, INTENT) or not exists(path, DRAFT) else DRAFT
    intent = read_signed(path, stated)
    if intent.get("format") != FORMAT:
        raise RecordError(
            f"run {path.name}: {stated}: format {intent.get('format')!r}; this program reads format {FORMAT}"
        )
    return stated, intent


def derived(path: Path, name: str) -> bytes | None:
    """Return a file that was derived from a run; None where there is none.

    Raises:
        RecordError: when it cannot be read.
    """
    return read_bytes(path, f"{DERIVED}/{name}") if exists(path, f"{DERIVED}/{name}") else None


@contextmanager
def reading(path: Path, name: str) -> Iterator[None]:
    """Turn what a file of a record of another shape runs into, although its checksum is right, into one line.

    Raises:
        RecordError: naming the file and, where that is known, the field.
    """
    try:
        yield
    except (InputError, Misfit) as error:
        raise RecordError(
            f"run {path.name}: {name}: {error}; it was altered or made by another program"
        ) from error
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise RecordError(
            f"run {path.name}: {name} cannot be interpreted ({type(error).__name__}: {one_line(error, 160)})"
            "; it was altered or made by another program"
        ) from error


@contextmanager
def interpreting(path: Path) -> Iterator[None]:
    """Turn what a record of another shape runs into, although its checksums match, into a `RecordError`.

    For reading and decoding alone: what is computed of values that were read is no business of the record's.
    """
    try:
        yield
    except (
        AttributeError,
        IndexError,
        KeyError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise RecordError(
            f"run {path.name}: the record cannot be interpreted ({type(error).__name__}: {one_line(error)}); "
            "it was altered or made by another program"
        ) from error


def _check_seal(path: Path) -> None:
    stated = read_signed(path, SEAL)
    with reading(path, SEAL):
        SEAL_SHAPE(stated, "")
    check_digests(path, stated["files"], "the seal")
