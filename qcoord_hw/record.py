"""A run's folder: what was decided before, what was counted, and the seal over both. Never estimates.

    <runs>/<utc>-<spec_id8>-<target>/
        circuits.qpy      the circuits as built
        executed.qpy      the circuits as executed
        circuits/000.qasm one OpenQASM 3 file a circuit, for people
        intent.json       everything decided before execution, with its own checksum
        counts.jsonl      one line a finished chunk, appended as it is counted
        seal.json         SHA-256 of every file above, once all chunks are there
        derived/          what reports derive; not part of the record

The folder appears at once, by renaming, with everything that is decided before execution. Without
`seal.json` it is unfinished and can be continued; a last line of `counts.jsonl` that was cut short is a chunk
that was never finished. A sealed folder whose files do not match its seal is refused.

`FORMAT` is raised when an older program could no longer read a new record rightly (a field renamed, its
meaning or unit changed); adding a field does not raise it. A record of a newer format is refused, older
ones are read as long as this module knows them.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.spec import canonical_json, one_line

FORMAT = 1

INTENT = "intent.json"
COUNTS = "counts.jsonl"
SEAL = "seal.json"
CIRCUITS = "circuits.qpy"
EXECUTED = "executed.qpy"
DERIVED = "derived"

Counts = dict[str, int]


@dataclass(frozen=True)
class Chunk:
    """A part of the plan: one circuit's shots in one block.

    Attributes:
        id: its number in the plan; also part of its seed.
        block: in which block it is executed.
        circuit: index of the circuit.
        shots: how many.
        seed: seed of its draw.
    """

    id: int
    block: int
    circuit: int
    shots: int
    seed: int


@dataclass(frozen=True, eq=False)
class RunRecord:
    """A run as read from its folder.

    Attributes:
        path: the folder.
        intent: what was decided before execution.
        plan: the chunks, in the order of execution.
        counts: chunk id -> counts (outcome strings with classical bit 0 first), for finished chunks.
        sealed: whether all chunks are there and the record is closed.
    """

    path: Path
    intent: dict[str, Any]
    plan: tuple[Chunk, ...]
    counts: Mapping[int, Counts]
    sealed: bool

    @property
    def missing(self) -> tuple[Chunk, ...]:
        """The chunks that are not counted yet, in the order of execution."""
        return tuple(chunk for chunk in self.plan if chunk.id not in self.counts)

    def by_block(self) -> dict[tuple[int, int], Counts]:
        """Return (block, circuit) -> counts of the finished chunks."""
        return {(c.block, c.circuit): self.counts[c.id] for c in self.plan if c.id in self.counts}

    def file(self, name: str) -> bytes:
        """Return the content of one of the record's files."""
        return _read_bytes(self.path / name)


def runs_folder(given: str | Path | None = None) -> Path:
    """Return where runs live: the folder given, else `$QCOORD_RUNS`, else `./runs`."""
    return Path(given or os.environ.get("QCOORD_RUNS") or "runs")


def create(
    runs: Path, intent: Mapping[str, Any], files: Mapping[str, bytes], *, spec_id: str, target: str
) -> Path:
    """Write a new run folder and return it. Nothing that exists is overwritten.

    Args:
        runs: the folder of all runs; made if it does not exist.
        intent: plain JSON values; format, time of creation and the checksums of `files` are added.
        files: relative name -> content.
        spec_id: identity of the spec, of which eight digits stand in the folder's name.
        target: name of the target.

    Raises:
        InputError: when the folder cannot be written.
    """
    now = datetime.now(UTC)
    stem = f"{now:%Y%m%dT%H%M%S}Z-{spec_id[:8]}-{target}"
    whole = {
        "format": FORMAT,
        "created": now.isoformat(timespec="seconds"),
        "spec_id": spec_id,
        "files": {name: _digest(content) for name, content in files.items()},
        **intent,
    }
    whole["sha256"] = _digest(canonical_json(whole).encode())
    partial = runs / f".{stem}.{os.getpid()}.partial"
    try:
        runs.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
        for name, content in {**files, INTENT: _pretty(whole)}.items():
            (partial / name).parent.mkdir(exist_ok=True)
            _write(partial / name, content)
        return _rename(partial, stem)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise _unwritable(runs, error) from error


@contextmanager
def writing(path: Path) -> Iterator[RunRecord]:
    """Hold an unfinished run for writing, and yield it as it is then.

    A last line that was never finished is cut off first. Where the system has no file locks (Windows),
    it is up to the user not to write to one run from two processes.

    Raises:
        RecordError: when another process writes to it, or the record is damaged.
        InputError: when the folder cannot be written.
    """
    try:
        file = (path / COUNTS).open("ab")
    except OSError as error:
        raise _unwritable(path, error) from error
    with file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RecordError(f"run {path.name}: another process is writing to it; wait for it") from None
        content = _read_bytes(path / COUNTS)
        if not content.endswith(b"\n"):
            os.truncate(path / COUNTS, content.rfind(b"\n") + 1)
        yield read(path)


def append(path: Path, chunk: Chunk, counts: Counts) -> None:
    """Add a finished chunk to a run; when this returns, the line is on the disk.

    Raises:
        InputError: when the folder cannot be written.
    """
    body = {"chunk": chunk.id, "counts": counts}
    line = canonical_json(body | {"sha256": _digest(canonical_json(body).encode())}) + "\n"
    try:
        with (path / COUNTS).open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _unwritable(path, error) from error


def seal(path: Path) -> None:
    """Close a run whose chunks are all there: write the checksum of every file.

    Raises:
        RecordError: when a chunk is missing or the run is sealed already.
        InputError: when the folder cannot be written.
    """
    record = read(path)
    if record.sealed or record.missing:
        raise RecordError(
            f"run {path.name}: {'sealed already' if record.sealed else 'not all chunks are counted'}"
        )
    names = [*record.intent["files"], INTENT, COUNTS]
    body = {"sealed": datetime.now(UTC).isoformat(timespec="seconds")}
    files = {name: _digest(_read_bytes(path / name)) for name in names}
    content = {**body, "files": files}
    content["sha256"] = _digest(canonical_json(content).encode())
    try:
        _write(path / SEAL, _pretty(content))
    except OSError as error:
        raise _unwritable(path, error) from error


def read(path: Path) -> RunRecord:
    """Read a run and check every checksum.

    Raises:
        RecordError: naming the file that is missing, damaged or of an unknown format.
    """
    sealed = (path / SEAL).exists()
    if sealed:
        _check_seal(path)
    intent = _signed(path / INTENT)
    if intent.get("format") != FORMAT:
        raise RecordError(
            f"run {path.name}: {INTENT}: format {intent.get('format')!r}; this program reads format {FORMAT}"
        )
    with interpreting(path):
        files = dict(intent["files"])
        plan = tuple(Chunk(**chunk) for chunk in intent["plan"])
        width = len(intent["experiment"]["circuits"][0]["measured"])
    for name, expected in files.items():
        if not (path / name).resolve().is_relative_to(path.resolve()):
            raise RecordError(f"run {path.name}: {INTENT} names {name!r}, which is not in the folder")
        if _digest(_read_bytes(path / name)) != expected:
            raise RecordError(f"run {path.name}: {name} does not match its checksum; the record is damaged")
    counts = _read_counts(path, plan, width)
    if sealed and len(counts) != len(plan):
        raise RecordError(f"run {path.name}: {COUNTS} lacks chunks although the run is sealed")
    return RunRecord(path, intent, plan, counts, sealed)


@contextmanager
def interpreting(path: Path) -> Iterator[None]:
    """Turn what a record of another shape runs into, although its checksums match, into a `RecordError`."""
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


def check_outside(path: Path) -> None:
    """Check that a file to be written is no part of a record.

    Raises:
        InputError: when it lies in a run's folder, outside `derived/`.
    """
    inside = path.resolve()
    for folder in inside.parents:
        if (folder / INTENT).exists() and not inside.is_relative_to(folder / DERIVED):
            raise InputError(
                f"html: {str(path)!r} lies in a record; allowed is its {DERIVED}/ or another folder"
            )


def find(reference: str, runs: Path) -> Path:
    """Return the run folder that a reference means.

    Args:
        reference: a folder, a unique prefix of a run's name, or `latest`.
        runs: the folder of all runs.

    Raises:
        RecordError: when no run or more than one fits.
    """
    try:
        if reference != "latest":
            for path in (Path(reference), runs / reference):
                if path.is_dir() and _looks_like_run(path):
                    return path
        names = []
        if runs.is_dir():
            names = sorted(p.name for p in runs.iterdir() if p.is_dir() and _NAME.match(p.name))
    except (OSError, ValueError) as error:  # a name that is too long, or holds a zero byte
        raise RecordError(f"run: {reference[:40]!r} in {str(runs)[:40]!r}: {one_line(error)[:80]}") from None
    if reference == "latest" and names:
        return runs / max(names, key=lambda name: (name[:16], _written(runs / name)))
    fits = [name for name in names if reference and name.startswith(reference)]
    if len(fits) == 1:
        return runs / fits[0]
    if fits:
        raise RecordError(f"run: {reference!r} fits {len(fits)} runs; allowed is one of {', '.join(fits)}")
    raise RecordError(
        f"run: nothing fits {reference!r} in {str(runs)!r}; allowed are a run's folder, "
        "a unique prefix or 'latest'"
    )


_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}-")


def _written(path: Path) -> int:
    """Return when a run was written, for telling runs of one second apart."""
    intent = path / INTENT
    return intent.stat().st_mtime_ns if intent.exists() else 0


def _looks_like_run(path: Path) -> bool:
    return bool(_NAME.match(path.resolve().name)) or (path / INTENT).exists() or (path / SEAL).exists()


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"runs: cannot write in {str(path)!r} ({error.strerror}); allowed is a writable folder")


def _rename(partial: Path, stem: str) -> Path:
    """Give a complete folder its name, or that name with the first free number behind it."""
    for number in itertools.count(1):
        path = partial.with_name(stem if number == 1 else f"{stem}-{number}")
        try:
            if not path.exists():
                return partial.rename(path)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):  # another process took the name just now
                raise
    raise AssertionError("there is always a free number")


def _write(path: Path, content: bytes) -> None:
    """Write a new file at once: it is there whole or not at all, and never replaces another."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with partial.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        partial.unlink()
        raise FileExistsError(errno.EEXIST, "exists already", str(path))
    partial.rename(path)


def _check_seal(path: Path) -> None:
    for name, digest in _signed(path / SEAL)["files"].items():
        if _digest(_read_bytes(path / name)) != digest:
            raise RecordError(f"run {path.name}: {name} does not match the seal; the record is damaged")


def _signed(path: Path) -> dict[str, Any]:
    """Return the content of a file that holds its own checksum and is written in one way only."""
    content = _parse(path)
    expected = content.pop("sha256", None)
    try:
        intact = _digest(canonical_json(content).encode()) == expected
    except (ValueError, RecursionError):
        intact = False
    if not intact or _read_bytes(path) != _pretty(content | {"sha256": expected}):
        raise RecordError(
            f"run {path.parent.name}: {path.name} does not match its own checksum; the record is damaged"
        )
    return content


def _read_counts(path: Path, plan: tuple[Chunk, ...], width: int) -> dict[int, Counts]:
    """Read the finished chunks; `width` is the number of classical bits."""
    file = path / COUNTS
    if not file.exists():
        return {}
    lines = _read_bytes(file).split(b"\n")
    shots = {chunk.id: chunk.shots for chunk in plan}
    outcome = re.compile(rf"[01]{{{width}}}")
    found: dict[int, Counts] = {}
    for number, line in enumerate(lines[:-1], start=1):  # behind the last line break: a line cut short
        where = f"run {path.name}: {COUNTS} line {number}"
        try:
            body = json.loads(line)
            expected = body.pop("sha256")
            chunk, counts = body["chunk"], body["counts"]
            intact = _digest(canonical_json(body).encode()) == expected and chunk in shots
            fits = all(outcome.fullmatch(k) and type(n) is int and n > 0 for k, n in counts.items())
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise RecordError(f"{where} is not a chunk; the record is damaged") from None
        if not intact:
            raise RecordError(f"{where} does not match its checksum; the record is damaged")
        if chunk in found or not fits or sum(counts.values()) != shots[chunk]:
            raise RecordError(f"{where}: chunk {chunk} is there twice or is not what was planned")
        found[chunk] = counts
    return found


def _parse(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(_read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise RecordError(
            f"run {path.parent.name}: {path.name} is not valid JSON ({one_line(error)})"
        ) from None
    if not isinstance(value, dict):
        raise RecordError(f"run {path.parent.name}: {path.name} is not a JSON object")
    return value


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordError(f"run file {str(path)!r} cannot be read ({error.strerror})") from None


def _pretty(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
