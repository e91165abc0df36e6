"""What is estimated of a table of counts hangs neither on the order of its rows nor on the form it has."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

import qcoord_hw as qc
from qcoord_hw.catalogue import catalogue_names
from qcoord_hw.report.export import count_columns, count_rows, csv_lines
from tests.counts_of_others import counted

CH = {
    "name": "ch",
    "outcomes": [[2, 2], [2, 2]],
    "expression": {"collins-gisin": [["1/3", -1, 0], ["-2/7", 1, 1], [0, "3/5", -1]]},
}
ENTRIES = [
    ("sum-2-f3", {"parameters": {"inputs": 12}, "shots": 400}),
    ("sum-2-f3", {"parameters": {"inputs": [[[k, 1], [2, k]] for k in range(3)]}, "shots": 150}),
    ("chsh", {"parameters": {"rounds": 2, "rate": 0.5}}),
    ("ffl", {}),
    ("broadcast-epr", {}),
    (CH, {}),
]
FURTHER = [
    ("example-1-f4", {"parameters": {"inputs": 40}}),
    ("sum-3-f3", {"parameters": {"inputs": 23}}),
    ("example-1-f2-batched", {"parameters": {"inputs": 9}}),
    ("chsh", {"random_questions": True}),
    ("sum-3-f3", {"parameters": {"inputs": "all"}}),
    *((name, {}) for name in catalogue_names()),
]


def noisy(run, rng, share=0.07):
    """Return the record with each bit of each shot flipped now and then, so that everything occurs."""
    counts = {}
    for chunk, own in run.record.counts.items():
        words = [word for word, n in own.items() for _ in range(n)]
        bits = rng.random((len(words), len(words[0]))) < share * rng.random((len(words), 1))
        flipped = [
            "".join(str(int(c) ^ int(f)) for c, f in zip(w, row, strict=True))
            for w, row in zip(words, bits, strict=True)
        ]
        counts[chunk] = {word: flipped.count(word) for word in dict.fromkeys(flipped)}
    return replace(run.record, counts=counts)


def forms(record, rng):
    """Yield the export of a record as it is, and in another order and other forms."""
    lines = list(csv_lines(count_columns([record]), count_rows(record)))
    heading, *rows = csv.reader(io.StringIO("".join(lines)))
    yield "export", "".join(lines)
    mixed = [lines[0], *(lines[1 + k] for k in rng.permutation(len(lines) - 1))]
    yield "rows mixed", "".join(mixed)
    columns, order = rng.permutation(len(heading)), rng.permutation(len(rows))
    yield "json rows, columns mixed", table(heading, rows, columns, order)
    words = [c for c, name in enumerate(heading) if name in ("w1", "w2")]
    told = {(row[heading.index("setting")], *(row[c] for c in words)) for row in rows}
    if words and len({own[1:] for own in told}) == len(told):  # inputs tell the settings apart
        columns = [c for c in columns if heading[c] not in ("setting", "chunk", "label")]
        yield "no numbers of settings", table(heading, rows, columns, order)
    yield "json objects", json.dumps([dict(zip(heading, row, strict=True)) for row in reversed(rows)])


def table(heading, rows, columns, order):
    """Return a table in JSON: these of its columns, and its rows, in this order."""
    cells = [[rows[r][c] for c in columns] for r in order]
    return json.dumps({"columns": [heading[c] for c in columns], "rows": cells})


def check(name, how, folder, rng, draws=1, shots=20):
    experiment = folder / "own.json" if isinstance(name, dict) else name
    if isinstance(name, dict):
        experiment.write_text(json.dumps(name))
    how = {"shots": shots, **how}
    given = {k: v for k, v in how.get("parameters", {}).items() if k != "inputs"}
    run = qc.run(experiment, seed=int(rng.integers(10**6)), runs=folder / "runs", **how)
    for _ in range(draws):
        record = noisy(run, rng)
        wanted = counted(qc.Result(record), unknown=isinstance(name, dict))
        for form, text in forms(record, rng):
            (folder / "counts.txt").write_text(text)
            copy = qc.import_counts(
                folder / "counts.txt", experiment=experiment, runs=folder / "copies", parameters=given
            )
            assert counted(copy, unknown=isinstance(name, dict)) == wanted, form


@pytest.mark.parametrize(("name", "how"), ENTRIES, ids=lambda value: str(value)[:40])
def test_estimates_are_those_of_the_run_in_any_order_and_form(name, how, tmp_path, rng):
    check(name, how, tmp_path, rng)


@pytest.mark.few(
    0, slow=("ghz-4-{}", "tilted-{}", "sum-3-f2-{}", "cascade-ghz2-{}", "two-node-n1-{}", "mac-n2-{}")
)
@pytest.mark.parametrize(("name", "how"), FURTHER, ids=lambda value: str(value)[:40])
def test_of_the_whole_catalogue(name, how, tmp_path, rng):
    check(name, how, tmp_path, rng, draws=3, shots=40)
