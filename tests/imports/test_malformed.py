"""Files that are no table of counts, or not of this game: one line, exit 2, and nothing is left on disk."""

from __future__ import annotations

import base64
import copy
import json
import zlib

import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw.cli.program import main
from qcoord_hw.imports.runtime_json import MAX_UNPACKED
from tests.counts_of_others import CHSH, COLUMNS, chsh_rows, csv_text, packed, qiskit_result, runtime

ROWS = chsh_rows()
GOOD = csv_text(ROWS)
CELLS = [
    *("", " ", "-1", "-0", "+1", "1.0", "1.5", "1e0", "0x1", "1_0", "2", "99", "9" * 18, "9" * 400),
    *("nan", "NaN", "inf", "-inf", "None", "null", "true", "x", "'0", "=1", "\x000", "\x1b[31m0", "٣", "𝟘"),
    *("0 1", "[0]", "leek"),
]
"""What is no question, answer or count anywhere in the table; `0 1` and the like are lists elsewhere."""

COUNTS = ["-4", "1.5", "-0", "1e3", "", "nan", "inf", "99999999999", "1,000", "0x10", " ", "many", "1.", "４"]


def with_cell(column, cell, row=5):
    rows = [list(map(str, one)) for one in ROWS]
    rows[row][column] = f'"{cell}"' if "," in cell else cell
    return csv_text(rows).encode()


def with_column(name, cells):
    rows = [[*row, cell] for row, cell in zip(ROWS, cells, strict=True)]
    return csv_text(rows, [*COLUMNS, name]).encode()


def wins():
    return [int(CHSH["win"][x][y][a][b]) for x, y, a, b, _ in ROWS]


def json_of(data):
    return json.dumps(data).encode()


HEXED = [{"0x0": 40, "0x3": 40, "0x1": 10, "0x2": 10}] * 4


def spoilt(change):
    data = copy.deepcopy(qiskit_result(HEXED))
    change(data["results"][1], data)
    return json_of(data)


def pubs(text=None, registers=None):
    return runtime(registers or [{"a": ([0, 1, 1], 1), "b": ([0, 1, 0], 1)}] * 4, text)


def spoilt_pub(change):
    data = copy.deepcopy(pubs())
    own = data["__value__"]["pub_results"][1]["__value__"]["data"]["__value__"]
    change(own["fields"]["a"]["__value__"], own, data)
    return json_of(data)


class Harm:
    """What a pickle could do."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('unpickled')",))


def arrays():
    """Yield the text of arrays that are none, or not what their header says, or far too large."""
    yield "not base64!"
    yield base64.b64encode(b"not zlib").decode()
    yield base64.b64encode(zlib.compress(b"not npy")).decode()
    yield packed(np.array([Harm()], dtype=object), allow_pickle=True)
    yield packed(np.array([0, 1, 1], dtype=np.int64)[:, None])
    yield packed(np.array([0.0, 1.0])[:, None])
    yield packed(np.array([2, 3, 4], dtype=np.uint8)[:, None])  # more than one bit
    yield packed(np.zeros((3, 2), dtype=np.uint8))  # two bytes for one bit
    yield packed(np.zeros((0, 1), dtype=np.uint8))
    yield packed(np.zeros(3, dtype=np.uint8))
    yield packed(np.zeros((), dtype=np.uint8))
    head = b"\x93NUMPY\x01\x00"
    for text in (
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000, 1000000000), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, -3), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (3, 1), }",
        "{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (3, 1), }",
        "[" * 300,
        "{}",
    ):
        body = text.encode().ljust(117) + b"\n"
        yield base64.b64encode(
            zlib.compress(head + len(body).to_bytes(2, "little") + body + b"\0\1\1")
        ).decode()
    yield base64.b64encode(zlib.compress(b"\x93NUMPY\x09\x00" + b"\0" * 100)).decode()


def malformed():
    """Yield (name, file, options): each is to be refused."""
    for column in range(4):
        for cell in CELLS:
            yield f"{COLUMNS[column]}={cell[:9]!r}", with_cell(column, cell), ()
    for cell in COUNTS:
        yield f"count={cell!r}", with_cell(4, cell), ()
    for name, content in {
        "empty": b"",
        "blank": b" \n\r\n",
        "bom alone": b"\xef\xbb\xbf",
        "heading alone": csv_text([]).encode(),
        "no heading": GOOD.partition("\n")[2].encode(),
        "other heading": GOOD.replace("question", "frage").replace("answer", "antwort").encode(),
        "count missing": GOOD.replace("count", "often").encode(),
        "question missing": GOOD.replace("question_2", "q").encode(),
        "answer missing": GOOD.replace("answer_1", "q").encode(),
        "twice": GOOD.replace("answer_2", "answer_1", 1).encode(),
        "twice in other letters": GOOD.replace("answer_2", "Answer_1", 1).encode(),
        "short row": GOOD.replace("0,0,0,1,70", "0,0,0,1").encode(),
        "long row": GOOD.replace("0,0,0,1,70", "0,0,0,1,70,9").encode(),
        "open quote": GOOD.replace("0,0,0,1,70", '"0,0,0,1,70').encode(),
        "zeros": csv_text([[*row[:4], 0] for row in ROWS]).encode(),
        "binary": bytes(range(256)) * 9,
        "utf-16": GOOD.encode("utf-16"),
        "latin-1": GOOD.replace("count", "z\xe4hler").encode("latin-1"),
        "zip": b"PK\x03\x04" + b"\0" * 200,
        "pickle": b"\x80\x04\x95\x0b\0\0\0\0\0\0\0cposix\nsystem\n.",
        "long cell": GOOD.replace("430", "4" * 200_000, 1).encode(),
        "many columns": csv_text([[0] * 300], [f"c{k}" for k in range(300)]).encode(),
        "control heading": GOOD.replace("question_1", "\x1b[2Jquestion_1\x07").encode(),
        "three players": with_column("question_3", [0] * 16),
        "three answers": with_column("answer_3", [0] * 16),
        "win": with_column("win", [1 - win for win in wins()]),
        "one win": with_column("win", [*wins()[:-1], 1 - wins()[-1]]),
        "win 2": with_column("win", [2] * 16),
        "win x": with_column("win", ["x"] * 16),
        "win nan": with_column("win", ["nan"] * 16),
        "shots": with_column("shots", [1001] * 16),
        "shots differ": with_column("shots", [1000] * 15 + [999]),
        "block": with_column("block", [-1] * 16),
        "block 1000": with_column("block", [1000] * 16),
        "block empty": with_column("block", [0] * 15 + [""]),
        "time": with_column("time", ["noon"] * 16),
        "time inf": with_column("time", ["inf"] * 16),
        "times": with_column("time", ["2026-01-01T00:00:00", *["2026-01-01T00:00:00Z"] * 15]),
        "backends": with_column("backend", ["a", *["b"] * 15]),
        "long backend": with_column("backend", ["b" * 101] * 16),
        "runs": with_column("run", ["a", *["b"] * 15]),
        "setting": with_column("setting", [0] * 16),
        "setting 4": with_column("setting", [4] * 16),
        "schedule": with_column("schedule", ["chance"] * 16),
        "tiles": with_column("tile", [0] * 15 + [1]),
        "bits alone": b"question_1,question_2,bits,count\n0,0,00,5\n",
        "no json": b'{"rows": ',
        "json number": b"[1, 2, 3]",
        "json empty": b"[]",
        "json empty object": b"{}",
        "json deep": b"[" * 5000 + b"]" * 5000,
        "json twice": b'{"count": [1], "count": [2]}',
        "json ragged": json_of([dict(zip(COLUMNS, ROWS[0], strict=True)), {"count": 1}]),
        "json no columns": json_of({"rows": ROWS}),
        "json columns": json_of({"columns": [1, 2, 3, 4, 5], "rows": ROWS}),
        "json short row": json_of({"columns": COLUMNS, "rows": [*ROWS, [0]]}),
        "json nested": json_of({"columns": COLUMNS, "rows": [*ROWS, [0, 0, 0, 0, {"n": 1}]]}),
        "json list in list": json_of({"columns": COLUMNS, "rows": [*ROWS, [0, 0, 0, 0, [[1]]]]}),
        "json lengths": json_of({"count": [1, 2], "question_1": [0]}),
        "json big": b'{"count": [' + b"9" * 5000 + b"]}",
        "json true": json_of({"columns": COLUMNS, "rows": [*ROWS, [0, 0, 0, 0, True]]}),
        "json minus zero": json_of({"columns": COLUMNS, "rows": [*ROWS, [0, 0, 0, 0, -0.0]]}),
        "json nan": json_of({"columns": COLUMNS, "rows": [*ROWS, [0, 0, 0, 0, float("nan")]]}),
    }.items():
        yield name, content, ()
    bits = csv_text([[x, y, f"{a}{b}", n] for x, y, a, b, n in ROWS], [*COLUMNS[:2], "bits", "count"])
    yield "bits undeclared", bits.encode(), ()
    for old, new in (("00,", "0,"), ("00,", "000,"), ("00,", "0x,"), ("00,", "02,")):
        yield f"bits {new}", bits.replace(f"1,1,{old}", f"1,1,{new}").encode(), ("--bit-order", "last")
    last = ("--bit-order", "last")
    for name, change in {
        "hex": lambda one, _: one["data"]["counts"].update({"0xg": 1}),
        "decimal": lambda one, _: one["data"]["counts"].update({"3": 1}),
        "wide": lambda one, _: one["data"]["counts"].update({"0x4": 1}),
        "counted": lambda one, _: one["data"]["counts"].update({"0x0": 1.5}),
        "less": lambda one, _: one["data"]["counts"].update({"0x0": -4}),
        "shots": lambda one, _: one.update(shots=99),
        "no shots": lambda one, _: one.pop("shots"),
        "failed": lambda one, _: one.update(success=False),
        "no counts": lambda one, _: one["data"].clear(),
        "counts list": lambda one, _: one["data"].update(counts=[1]),
        "registers": lambda one, _: one["header"].update(creg_sizes=[["a", 9]]),
        "register": lambda one, _: one["header"].update(creg_sizes=[["a"]]),
        "slots": lambda one, _: one["header"].update(memory_slots="2"),
        "no width": lambda one, _: one["header"].clear(),
        "result": lambda one, data: data["results"].append(7),
        "more": lambda one, data: data["results"].append(one),
        "fewer": lambda one, data: data["results"].pop(),
        "three bits": lambda one, data: [
            r["header"].update(memory_slots=3, creg_sizes=[["a", 3]]) for r in data["results"]
        ],
    }.items():
        yield f"result {name}", spoilt(change), last
    yield "result undeclared", json_of(qiskit_result(HEXED)), ()
    for k, text in enumerate(arrays()):
        yield f"array {k}", json_of(pubs(text)), last
    bomb = packed(np.zeros((MAX_UNPACKED + 8192, 1), dtype=np.uint8))
    yield "bomb", json_of(pubs(bomb, [{"a": ([0], 1)}])), last
    for name, change in {
        "type": lambda own, data, file: file.update({"__type__": "EstimatorResult"}),
        "value": lambda own, data, file: file.update({"__value__": []}),
        "no pubs": lambda own, data, file: file["__value__"].update(pub_results=[]),
        "pub": lambda own, data, file: file["__value__"]["pub_results"].append({}),
        "names": lambda own, data, file: data.update(field_names=["b", "a"]),
        "no fields": lambda own, data, file: data.update(field_names=[], fields={}),
        "bits": lambda own, data, file: own.update(num_bits=9),
        "no bits": lambda own, data, file: own.update(num_bits=0),
        "many bits": lambda own, data, file: own.update(num_bits=10**9),
        "array": lambda own, data, file: own.update(array=[0, 1, 1]),
        "settings": lambda own, data, file: own.update(array={"__type__": "settings", "__value__": "os"}),
    }.items():
        yield f"runtime {name}", spoilt_pub(change), last
    yield "runtime lengths", json_of(pubs(None, [{"a": ([0], 1), "b": ([0, 1], 1)}] * 4)), last
    yield "runtime undeclared", json_of(pubs()), ()
    for option in ("count", "count=often", "zahl=count", "count=count,count=count", "=", "count="):
        yield f"columns {option}", GOOD.encode(), ("--columns", option)
    yield "backend", GOOD.encode(), ("--backend", "ibm_x")
    yield "other backend", with_column("backend", ["a"] * 16), ("--backend", "ibm_x")
    yield "order", GOOD.encode(), ("--bit-order", "middle")
    yield "experiment", GOOD.encode(), ("--experiment", "no-such-thing")


CASES = list(malformed())


@pytest.fixture(scope="module")
def game(tmp_path_factory):
    path = tmp_path_factory.mktemp("game") / "chsh.json"
    path.write_text(json.dumps(CHSH))
    return path


def test_there_are_many():
    assert len(CASES) > 250
    assert len({content for _, content, _ in CASES}) > 240


def test_each_is_refused_in_one_line_and_leaves_nothing(game, tmp_path, runs_dir):
    wrong, file = [], tmp_path / "file.dat"
    for name, content, options in CASES:
        file.write_bytes(content)
        try:
            qc.import_counts(file, **arguments(game, options))
            wrong.append((name, "taken"))
        except qc.QcoordError as error:
            if not is_one_line(str(error)) or error.exit_code != 2:
                wrong.append((name, str(error)))
        if runs_dir.exists() and list(runs_dir.iterdir()):
            wrong.append((name, "left something"))
    assert wrong == []


def arguments(game, options):
    """Return what the command line would make of options; what argparse refuses is left to it."""
    given = dict(zip(options[::2], options[1::2], strict=True))
    found = {"experiment": given.get("--experiment", str(game))}
    found |= {key: given[f"--{key}"] for key in ("backend",) if f"--{key}" in given}
    if "--columns" in given:
        found["columns"] = dict([tuple(given["--columns"].partition("=")[::2])])
    return found | ({"bit_order": given["--bit-order"]} if "--bit-order" in given else {})


def is_one_line(text):
    said = any(word in text for word in ("allowed", "the file has", "sum to", "shape"))
    return said and text.isprintable()


def test_the_command_says_so_with_exit_2(game, tmp_path, runs_dir, capsys):
    file = tmp_path / "file.dat"
    for name, content, options in [*CASES[::30], *(case for case in CASES if "--columns" in case[2])]:
        file.write_bytes(content)
        try:
            status = main(["import", str(file), "--experiment", str(game), "--json", *options])
        except SystemExit as end:  # of argparse
            status = end.code
        out, error = capsys.readouterr()
        assert (status, out, error.count("\n")) == (2, "", 1), name
        assert is_one_line(error.rstrip("\n")), name
    assert not runs_dir.exists()


def test_a_bomb_is_not_unpacked(game, tmp_path, runs_dir):
    ((_, content, _),) = (case for case in CASES if case[0] == "bomb")
    assert len(content) < MAX_UNPACKED // 500
    (tmp_path / "bomb.json").write_bytes(content)
    with pytest.raises(qc.InputError, match="more than [0-9]+ bytes unpacked; allowed"):
        qc.import_counts(tmp_path / "bomb.json", experiment=game, bit_order="last")


@pytest.mark.parametrize("what", ["folder", "pipe", "missing"])
def test_what_is_no_file_is_refused(game, tmp_path, runs_dir, capsys, what):
    import os

    place = tmp_path / what
    if what == "folder":
        place.mkdir()
    if what == "pipe":
        os.mkfifo(place)
    assert main(["import", str(place), "--experiment", str(game)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not runs_dir.exists()


def test_the_unspoilt_ones_are_taken(game, tmp_path, runs_dir):
    good = [
        (GOOD.encode(), ()),
        (b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode(), ()),
        (csv_text(ROWS, delimiter=";").encode(), ()),
        (csv_text(ROWS, delimiter="\t").encode(), ()),
        (GOOD.replace("count", " Count ").encode(), ()),
        (with_column("win", wins()), ()),
        (with_column("shots", [1000] * 16), ()),
        (json_of({"columns": COLUMNS, "rows": ROWS}), ()),
        (json_of([dict(zip(COLUMNS, row, strict=True)) for row in ROWS]), ()),
        (json_of(dict(zip(COLUMNS, zip(*ROWS, strict=True), strict=True))), ()),
        (GOOD.replace("count", "hits").encode(), ("--columns", "count=hits")),
        (json_of(qiskit_result([{"0x0": 430, "0x3": 430, "0x1": 70, "0x2": 70}] * 3
                               + [{"0x0": 70, "0x3": 70, "0x1": 430, "0x2": 430}])), ("--bit-order", "last")),
    ]  # fmt: skip
    for content, options in good:
        file = tmp_path / "file.dat"
        file.write_bytes(content)
        found = qc.import_counts(file, **arguments(game, options)).summary
        assert (found["estimates"][0]["best"], found["shots"]) == (0.86, 4000)
        assert [found["cautions"], found["kind"]] == [[], "imported"]


@pytest.mark.parametrize(
    "first",
    ["0,0,0,0,431", "0;0;0;0;431", "0\t1\t1\t0\t7", "00,00,5", " 0 ,0, 0,12", "0.5,0.5,1,1,3", ",,,,"],
)
def test_a_heading_that_is_not_there_is_called_missing(first, game, tmp_path, runs_dir):
    for content in (first, first + "\n" + first, "\n" + first + "\n"):
        (tmp_path / "none.csv").write_text(content)
        with pytest.raises(
            qc.InputError, match=r"^none.csv: header: .*; allowed is a heading with names such as"
        ):
            qc.import_counts(tmp_path / "none.csv", experiment=game)
    with pytest.raises(qc.InputError, match="header: 'count' stands there twice; allowed is once"):
        qc.import_counts({"columns": ["count", "count"], "rows": [[1, 2]]}, experiment=game)
