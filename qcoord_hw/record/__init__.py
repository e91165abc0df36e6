"""A run's folder: what was decided before, what was counted, and the seal over both. Never estimates.

    <runs>/<utc>-<spec_id8>-<target>/
        circuits.qpy      the circuits as built
        executed.qpy      the circuits as executed
        circuits/000.qasm one OpenQASM 3 file a circuit, for people
        intent.json       everything decided before execution, with its own checksum
        counts.jsonl      one line a finished chunk, appended as it is counted
        seal.json         SHA-256 of every file above, once all chunks are there
        derived/          what reports derive; not part of the record

A run on a target `properties:` also has `chip.json`, the calibration of the whole device, since nothing else
here holds it.

A run on a backend, sampler or device that is compiled for by its provider also has `known.qpy`, the circuit
whose answer is known, `bound.qpy` where its provider compiles no parameters, and `notes.jsonl`: what came of
it, and counts that were not what was asked for (`qcoord_hw.record.notes`).

A run on one of them over links that cost also has `paulis.qpy`: X, Y and Z on each of its qubits, which make
the errors of its links.

A run that was imported has no circuits: the file that it was made of is kept as `counts-of-others.csv` or
`.json`, and what nobody knows of it (usage, network, layout, seeds) is null in its intent.

A run on a device also has `draft.json`, what was asked for before the device was known; `intent.json` and
`executed.qpy` come behind it, then the journal of its jobs (`qcoord_hw.record.journal`).

The folder appears at once, by renaming, with everything that is decided before execution. Without
`seal.json` it is unfinished and can be continued; a last line of `counts.jsonl` that was cut short is a chunk
that was never finished. A sealed folder whose files do not match its seal is refused.

`FORMAT` is raised when an older program could no longer read a new record rightly (a field renamed, its
meaning or unit changed); adding a field does not raise it. A record of a newer format is refused, older
ones are read as long as this module knows them.
"""

from qcoord_hw.record.counts import COUNTS, Counts
from qcoord_hw.record.files import exists, read_signed, signed
from qcoord_hw.record.journal import Job, journal_events
from qcoord_hw.record.lookup import check_outside, chip_in_path, every, find, name_in_path, runs_folder
from qcoord_hw.record.notes import BOUND, KNOWN, KNOWN_ANSWER, NOTES, PAULIS, REFUSED, note
from qcoord_hw.record.post_processing import PROCESSING, corrected, processed, processing_words
from qcoord_hw.record.reader import (
    CHIP,
    CIRCUITS,
    DERIVED,
    DRAFT,
    EXECUTED,
    FOREIGN,
    FORMAT,
    INTENT,
    SEAL,
    Chunk,
    RunRecord,
    derived,
    interpreting,
    read,
    read_description,
    reading,
)
from qcoord_hw.record.schema import IMPORTED, MAX_PLAN, UNKNOWN
from qcoord_hw.record.started import is_own, remember
from qcoord_hw.record.writer import append, create, derive, discard, seal, settle, writing

__all__ = [
    "BOUND",
    "CHIP",
    "CIRCUITS",
    "COUNTS",
    "DERIVED",
    "DRAFT",
    "EXECUTED",
    "FOREIGN",
    "FORMAT",
    "IMPORTED",
    "INTENT",
    "KNOWN",
    "KNOWN_ANSWER",
    "MAX_PLAN",
    "NOTES",
    "PAULIS",
    "PROCESSING",
    "REFUSED",
    "SEAL",
    "UNKNOWN",
    "Chunk",
    "Counts",
    "Job",
    "RunRecord",
    "append",
    "check_outside",
    "chip_in_path",
    "corrected",
    "create",
    "derive",
    "derived",
    "discard",
    "every",
    "exists",
    "find",
    "interpreting",
    "is_own",
    "journal_events",
    "name_in_path",
    "read_signed",
    "note",
    "processed",
    "processing_words",
    "read",
    "read_description",
    "reading",
    "remember",
    "runs_folder",
    "seal",
    "settle",
    "signed",
    "writing",
]
