"""Counts that somebody else measured: what is estimated, what is said to be unknown, what is refused."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import beta, binom

import qcoord_hw as qc
from qcoord_hw.catalogue import catalogue_names
from qcoord_hw.cli.program import main
from qcoord_hw.record.files import digest, signed
from qcoord_hw.spec import canonical_json
from tests.counts_of_others import (
    CHSH,
    COLUMNS,
    HANOI,
    chsh_rows,
    colouring,
    counted,
    csv_text,
    qiskit_result,
    runtime,
)

PUBLISHED = ["va", "vb", "ca", "cb", "win", "n", "job", "backend", "shots"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("others")
    (path / "chsh.json").write_text(json.dumps(CHSH))
    (path / "colouring.json").write_text(json.dumps(colouring(HANOI["rows"])))
    return path


def published(rows=HANOI["rows"]):
    """Return the table as it was published."""
    return [[x, y, a, b, int((a == b) == (x == y)), n, "j1", "ibm_hanoi", 1024] for x, y, a, b, n in rows]


def imported(folder, content, experiment="chsh.json", name="counts.csv", **how):
    (folder / name).write_text(content)
    game = folder / experiment if experiment.endswith(".json") else experiment
    return qc.import_counts(folder / name, experiment=game, runs=folder / "runs", **how)


@pytest.fixture(scope="module")
def hanoi(folder):
    return imported(folder, csv_text(published(), PUBLISHED), "colouring.json", "hanoi.csv")


def test_the_published_table_gives_the_published_value(hanoi, folder):
    expected = HANOI["expected"]
    win = hanoi["win_probability"]
    wins, shots = expected["wins"], expected["shots"]
    assert (win.shots, round(win.best * win.shots)) == (shots, wins)
    assert win.best == pytest.approx(expected["win_probability"], abs=1e-7)
    low, high = beta.ppf(0.025, wins, shots - wins + 1), beta.ppf(0.975, wins + 1, shots - wins)
    assert (win.low, win.high) == pytest.approx((low, high), abs=1e-9)
    assert Fraction(win.bound.value).limit_denominator(1000) == Fraction(expected["bound"])
    assert (win.verdict, win.method) == (expected["verdict"], "clopper-pearson")
    assert "schedule not attested" in win.assumes
    assert hanoi.checks["no_signalling"]["p_value"] > 0.05
    assert hanoi.checks["drift"] is None
    assert hanoi.summary["target"] == "ibm_hanoi"
    columns = {"columns": HANOI["columns"], "rows": HANOI["rows"]}
    again = imported(folder, json.dumps(columns), "colouring.json", "hanoi.json")
    assert [replace(e) for e in again.estimates] == list(hanoi.estimates)


def test_a_table_of_another_game_is_refused(folder):
    with pytest.raises(qc.InputError, match=r"^hanoi.csv: row \d+: question: .*; allowed"):
        qc.import_counts(folder / "hanoi.csv", experiment="g14", runs=folder / "none")
    rows = published()
    rows[7][4] = 1 - rows[7][4]
    with pytest.raises(qc.InputError, match=r"row 9: win: .*\(1 of 1408 rows disagree\)"):
        imported(folder, csv_text(rows, PUBLISHED), "colouring.json", "spoilt.csv")
    assert not (folder / "none").exists()


def test_a_file_of_several_devices_needs_one(folder):
    other = [[*row[:7], "ibm_other", 1024] for row in published()]
    content = csv_text(published() + other, PUBLISHED)
    with pytest.raises(qc.InputError, match="backend: ibm_hanoi, ibm_other; allowed"):
        imported(folder, content, "colouring.json", "two.csv")
    one = imported(folder, content, "colouring.json", "two.csv", backend="ibm_other")
    assert (one.summary["shots"], one.summary["target"]) == (90112, "ibm_other")


def test_what_is_not_known_is_null_and_listed(hanoi, capsys, runs_dir):
    summary, intent = hanoi.summary, hanoi.record.intent
    for key in ("layout", "calibrated", "locality", "usage", "gates", "seed"):
        assert summary[key] is None, key
    assert summary["unknown"] == ["layout", "calibration", "locality", "usage", "circuits", "seed"]
    assert hanoi.usage is None
    kept = hanoi.path / "counts-of-others.csv"
    assert summary["source"]["sha256"] == digest(kept.read_bytes())
    assert kept.read_text() == csv_text(published(), PUBLISHED)
    assert intent["source"]["kept"] == kept.name
    for known in (("experiment", "usage"), ("experiment", "topology"), ("target", "layout")):
        assert intent[known[0]][known[1]] is None
    assert main(["report", str(hanoi.path)]) == 0
    said = capsys.readouterr().out
    assert "unknown     layout, calibration, locality, usage, circuits, seed" in said
    assert "hanoi.csv (csv, 1408 rows)" in said
    page = (hanoi.path / "derived" / "report.html").read_text()
    assert "<dt>Unknown</dt><dd>layout, calibration, locality, usage, circuits, seed</dd>" in page
    assert "<h2>Circuits</h2>" not in page
    assert "seed None" not in page + said
    assert hanoi._repr_html_()


def test_what_needs_circuits_is_refused_and_what_needs_counts_works(hanoi, folder, tmp_path, capsys):
    for arguments in (["replay"], ["verify", "--execute"], ["submit"]):
        assert main([*arguments, str(hanoi.path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    for call in (qc.replay, lambda run: qc.verify(run, execute=True)):
        with pytest.raises(qc.InputError, match="was imported, and nobody here knows its circuits"):
            call(hanoi)
    found = qc.verify(hanoi)
    assert found.ok
    assert [found.locality, found.protocol] == [None, None]
    assert "these are the counts of the file that is kept" in found.table()
    assert hanoi.plot()
    assert not any("mitigated" in e.name for e in hanoi.estimates)
    both = qc.compare(hanoi, hanoi)
    assert [row.independent for row in both.differences] == [False]
    assert both.table()
    assert qc.export_csv(hanoi, tmp_path / "again.csv").written == 1408
    again = qc.import_counts(
        tmp_path / "again.csv", experiment=folder / "colouring.json", runs=tmp_path / "runs"
    )
    assert again.estimates == hanoi.estimates
    assert main(["play", str(hanoi.path), "--rounds", "2"]) == 0
    capsys.readouterr()
    assert main(["submit", str(hanoi.path)]) == 2
    assert f"submit: run {hanoi.path.name} was imported" in capsys.readouterr().err


def alter(path, change):
    """Change a record as a forger would, who computes all checksums anew."""
    intent = json.loads((path / "intent.json").read_text())
    del intent["sha256"]
    counts = [json.loads(line) for line in (path / "counts.jsonl").read_text().splitlines()]
    change(intent, counts, path)
    for name in intent["files"]:
        intent["files"][name] = digest((path / name).read_bytes())
    intent["source"]["sha256"] = intent["files"].get(intent["source"]["kept"], "0" * 64)
    (path / "intent.json").write_bytes(signed(intent))
    lines = []
    for line in counts:
        line.pop("sha256", None)
        lines.append(canonical_json({**line, "sha256": digest(canonical_json(line).encode())}))
    (path / "counts.jsonl").write_text("\n".join(lines) + "\n")
    seal = json.loads((path / "seal.json").read_text())
    del seal["sha256"]
    seal["files"] = {name: digest((path / name).read_bytes()) for name in seal["files"]}
    (path / "seal.json").write_bytes(signed(seal))


def more_wins(intent, counts, path):
    own = counts[0]["counts"]
    own["00"], own["01"] = own["00"] + 20, own["01"] - 20


def other_file(intent, counts, path):
    kept = path / "counts-of-others.csv"
    kept.write_text(kept.read_text().replace("0,0,0,0,430", "0,0,0,0,431"))


def no_file(intent, counts, path):
    (path / "counts-of-others.csv").write_text("nothing\n")


def other_bound(intent, counts, path):
    intent["experiment"]["play"]["bound"]["value"] = 0.5


def other_order(intent, counts, path):
    intent["experiment"]["play"]["answers"] = [[[1], [0]]]


def layout(intent, counts, path):
    intent["target"]["layout"] = [0, 1]


def usage(intent, counts, path):
    intent["experiment"]["usage"] = {}


def seed(intent, counts, path):
    intent["seed"] = 7


def executed(intent, counts, path):
    intent["target"]["kind"] = "ideal"


def unnamed(intent, counts, path):
    intent["source"]["kept"] = "circuits.qpy"


FORGERIES = [
    *(more_wins, other_file, no_file, other_bound, other_order, layout, usage, seed, executed, unnamed)
]


@pytest.mark.few(4)
@pytest.mark.parametrize("change", FORGERIES, ids=lambda change: change.__name__)
def test_verify_holds_every_count_against_the_file(folder, tmp_path, change):
    (tmp_path / "c.csv").write_text(csv_text(chsh_rows()))
    run = qc.import_counts(tmp_path / "c.csv", experiment=folder / "chsh.json", runs=tmp_path / "runs")
    assert qc.verify(run).ok
    alter(run.path, lambda intent, counts, path: None)
    assert qc.verify(run.path).ok
    alter(run.path, change)
    with pytest.raises(qc.RecordError):
        qc.verify(run.path)


def test_a_question_that_was_never_asked_widens_the_interval_by_its_weight(folder):
    rows = [row for row in chsh_rows(480, 20) if row[:2] != [1, 1]]
    found = imported(folder, csv_text(rows), name="missing.csv")
    win = found["win_probability"]
    whole = imported(folder, csv_text(chsh_rows(480, 20)), name="whole.csv")["win_probability"]
    assert win.best == pytest.approx(0.75 * 0.96 + 0.25 / 2)
    assert 0.25 < win.high - win.low < 0.25 + (whole.high - whole.low) * 1.5
    assert win.low < 0.75 * 0.96 < 0.75 * 0.96 + 0.25 < win.high
    assert found.summary["cautions"] == [
        "never asked: x=1,y=1; the interval is wider by their probability, 0.25"
    ]
    assert [row["label"] for row in found.summary["questions"]] == ["x=0,y=0", "x=0,y=1", "x=1,y=0"]
    # all that was asked may be won classically: there is no evidence, however many shots
    won = imported(folder, csv_text([r for r in chsh_rows(500, 0) if r[:2] != [1, 1]]), name="won.csv")
    assert won["win_probability"].p_value == 1
    assert won["win_probability"].verdict == "inconclusive"
    # nine tenths may be anything
    one = {"name": "biased", "prob": [["1/10", "9/10"]], "win": [[[[1, 0], [0, 0]], [[1, 0], [0, 1]]]]}
    (folder / "biased.json").write_text(json.dumps(one))
    part = imported(folder, csv_text([[0, 0, 0, 0, 50]]), "biased.json", "part.csv")["win_probability"]
    assert (part.low, part.high) == (pytest.approx(0.1 * 0.025 ** (1 / 50), rel=0.02), pytest.approx(1.0))


def test_shots_in_proportion_to_the_probabilities_are_pooled(folder):
    game = CHSH | {"name": "tilted", "prob": [["1/2", "1/4"], ["1/8", "1/8"]]}
    (folder / "tilted.json").write_text(json.dumps(game))
    share = {(0, 0): 4, (0, 1): 2, (1, 0): 1, (1, 1): 1}
    rows = [[x, y, a, b, n * share[x, y]] for x, y, a, b, n in chsh_rows(49, 1)]
    win = imported(folder, csv_text(rows), "tilted.json", "pooled.csv")["win_probability"]
    wins, shots = 98 * 8, 100 * 8
    assert (win.method, win.best, win.shots) == ("clopper-pearson", wins / shots, shots)
    assert win.low == pytest.approx(beta.ppf(0.025, wins, shots - wins + 1))
    assert win.p_value == pytest.approx(binom.sf(wins - 1, shots, win.bound.value))
    rows[0][4] += 1
    by_cell = imported(folder, csv_text(rows), "tilted.json", "cells.csv")["win_probability"]
    assert "stratified" in by_cell.method


def test_blocks_and_times_give_drift_and_nothing_else_does(folder):
    early, late = [[*r, 0] for r in chsh_rows(480, 20)], [[*r, 1] for r in chsh_rows(380, 120)]
    drifting = imported(folder, csv_text(early + late, [*COLUMNS, "block"]), name="b.csv")
    assert drifting.checks["drift"]["p_value"] < 1e-3
    times = {0: "2026-01-01T10:00:00+00:00", 1: "2026-01-01T12:00:00+01:00"}
    rows = [[*row[:5], times[row[5]]] for row in late + early]
    by_time = imported(folder, csv_text(rows, [*COLUMNS, "time"]), name="t.csv")
    assert by_time.checks["drift"] == drifting.checks["drift"]
    assert by_time.estimates == drifting.estimates
    jobs = imported(folder, csv_text(early + late, [*COLUMNS, "job"]), name="j.csv")
    assert jobs.checks["drift"] is None
    many = [[*row, k / 3] for k in range(200) for row in chsh_rows(2, 1)]
    assert len({chunk.block for chunk in imported(
        folder, csv_text(many, [*COLUMNS, "time"]), name="m.csv").record.plan}) == 8  # fmt: skip


def test_twins_are_added_and_unknown_columns_named(folder):
    rows = [[*row, "x"] for row in chsh_rows(215, 35)]
    found = imported(folder, csv_text(rows + rows, [*COLUMNS, "Mood\x1b"]), name="twice.csv")
    assert found.summary["shots"] == 4000
    assert found["win_probability"].best == 0.86
    assert found.summary["cautions"] == [
        "columns that were not read: mood?",
        "16 rows say the same as another one; their counts were added",
    ]


# Bit strings


def hexed(won=43, lost=7):
    wins = {"0x0": won, "0x3": won, "0x1": lost, "0x2": lost}
    loses = {"0x0": lost, "0x3": lost, "0x1": won, "0x2": won}
    return [wins, wins, wins, loses]


def test_results_of_qiskit_and_of_the_runtime_are_those_of_the_rows(folder):
    rows = imported(folder, csv_text(chsh_rows(43, 7)), name="rows.csv")
    asked = {"experiment": folder / "chsh.json", "runs": folder / "runs", "bit_order": "last"}
    result = qc.import_counts(qiskit_result(hexed()), **asked)
    assert result.estimates == rows.estimates
    assert [result.summary["target"], result.summary["source"]["file"]] == ["some_device", "(dict)"]
    shots = [[int(key, 16) for key, n in own.items() for _ in range(n)] for own in hexed()]
    pubs = [{"a": ([s & 1 for s in own], 1), "b": ([s >> 1 for s in own], 1)} for own in shots]
    assert qc.import_counts(runtime(pubs), **asked).estimates == rows.estimates
    one = [{"c": (own, 2)} for own in shots]
    assert qc.import_counts(runtime(one), **asked).estimates == rows.estimates


def test_what_the_runtime_writes_is_read(folder):
    from qiskit.primitives import BitArray, DataBin, PrimitiveResult, SamplerPubResult
    from qiskit_ibm_runtime import RuntimeEncoder

    words = [[f"{int(key, 16):02b}" for key, n in own.items() for _ in range(n)] for own in hexed()]
    alone = [SamplerPubResult(DataBin(c=BitArray.from_samples(own, 2), shape=())) for own in words]
    arrays = np.stack([BitArray.from_samples(own, 2).array for own in words])
    swept = [SamplerPubResult(DataBin(c=BitArray(arrays, 2), shape=(4,)))]
    found = []
    for pubs in (alone, swept):
        text = json.dumps(PrimitiveResult(pubs), cls=RuntimeEncoder)
        found.append(imported(folder, text, name="runtime.json", bit_order="last").estimates)
    assert found[0] == found[1] == imported(folder, csv_text(chsh_rows(43, 7)), name="rows.csv").estimates


def test_bits_are_those_of_the_circuits_and_a_reversal_shows_where_it_can(folder):
    run = qc.run("magic-square", shots=50, seed=3, runs=folder / "runs")
    counts = [{} for _ in run.record.intent["experiment"]["settings"]]
    for (_, setting), own in run.record.by_block().items():
        for outcome, n in own.items():
            key = hex(int(outcome[::-1], 2))
            counts[setting][key] = counts[setting].get(key, 0) + n
    result = qiskit_result(counts, size=4)
    asked = {"experiment": "magic-square", "runs": folder / "runs"}
    with pytest.raises(qc.InputError, match="bit-order: not declared; allowed are first"):
        qc.import_counts(result, **asked)
    same = qc.import_counts(result, bit_order="last", **asked)
    assert same["win_probability"].best == run["win_probability"].best == 1
    assert qc.import_counts(result, bit_order="first", **asked)["win_probability"].best < 0.8
    order = [*range(8, -1, -1)]
    shuffled = result | {"results": [result["results"][k] for k in order]}
    for k, one in zip(order, shuffled["results"], strict=True):
        one["header"]["name"] = f"magic_square_{k}"
    assert qc.import_counts(shuffled, bit_order="last", **asked)["win_probability"].best == 1
    for k, one in zip(order, shuffled["results"], strict=True):
        one["header"]["name"] = str(k)  # the column `circuit` of an export
    assert qc.import_counts(shuffled, bit_order="last", **asked)["win_probability"].best == 1
    shuffled["results"][0]["header"]["name"], shuffled["results"][1]["header"]["name"] = "mine", "x=0,y=0"
    with pytest.raises(qc.InputError, match="circuit 1: name: 'x=0,y=0'; allowed there is 'x=0,y=1'"):
        qc.import_counts(shuffled, bit_order="last", **asked)
    rows = [
        [setting // 3, setting % 3, outcome, n, 1]
        for setting, own in enumerate(counts)
        for outcome, n in ((f"{int(key, 16):04b}", n) for key, n in own.items())
    ]
    table = csv_text(rows, ["question_1", "question_2", "bits", "count", "win"])
    assert imported(folder, table, "magic-square", "w.csv", bit_order="last")["win_probability"].best == 1
    with pytest.raises(qc.InputError, match=r"win: 1, but .* is worth 0"):
        imported(folder, table, "magic-square", "w.csv", bit_order="first")


def test_an_order_in_which_players_answer_what_others_were_asked_is_refused(folder):
    """A colouring is won as often with the players exchanged, so that no column `win` shows it."""
    rows = [[x, y, f"{a:02b}{b:02b}", n, int((a == b) == (x == y))] for x, y, a, b, n in HANOI["rows"]]
    columns = ["question_1", "question_2", "bits", "count", "win"]
    for step, order, wrong in ((1, "first", "last"), (-1, "last", "first")):
        table = csv_text([[x, y, bits[::step], *rest] for x, y, bits, *rest in rows], columns)
        found = imported(folder, table, "colouring.json", "bits.csv", bit_order=order)
        assert found["win_probability"].best == HANOI["expected"]["wins"] / HANOI["expected"]["shots"]
        with pytest.raises(qc.InputError, match=f"bit-order: {wrong}, but .* allowed here is {order}"):
            imported(folder, table, "colouring.json", "bits.csv", bit_order=wrong)
    chsh = csv_text([[x, y, f"{a}{b}", n] for x, y, a, b, n in chsh_rows()], columns[:4])
    found = [imported(folder, chsh, name="bits.csv", bit_order=order) for order in ("first", "last")]
    assert found[0].estimates == found[1].estimates  # nothing shows it there


# Copies of exported runs


ENTRIES = [
    ("chsh", {}),
    ("chsh", {"random_questions": True}),
    ("ghz-3", {}),
    ("cglmp-3", {}),
    ("ffl", {}),
    ("sequential-chsh", {}),
    ("chsh", {"parameters": {"rounds": 2, "rate": 0.5}}),
    ("example-1-f2", {"parameters": {"inputs": 5}}),
    ("broadcast-epr", {}),
]


def check_copy(name, how, seed, folder):
    given = {key: value for key, value in how.items() if key == "parameters" and "inputs" not in value}
    run = qc.run(name, shots=30, seed=seed, runs=folder / "runs", **how)
    qc.export_csv(run, folder / "run.csv")
    copy = qc.import_counts(folder / "run.csv", experiment=name, runs=folder / "copies", **given)
    assert counted(copy) == counted(run)
    assert copy.summary["shots"] == run.summary["shots"]
    assert copy.summary["cautions"] == []
    assert qc.verify(copy).ok
    return run, copy


@pytest.mark.few(
    (
        *("chsh-{}", "chsh-{'random_questions': True}", "sequential-chsh-{}"),
        *("example-1-f2-{'parameters': {'inputs': 5}}", "broadcast-epr-{}"),
    )
)
@pytest.mark.parametrize(("name", "how"), ENTRIES, ids=lambda value: str(value))
def test_an_imported_copy_has_the_same_estimates_to_the_last_digit(name, how, tmp_path, rng):
    run, copy = check_copy(name, how, int(rng.integers(10**6)), tmp_path)
    compared = qc.compare(run, copy)
    assert all(math.isclose(row.best, 0, abs_tol=0) for row in compared.differences)


@pytest.mark.few(0, slow=("g14", "magic-square", "sum-2-f4", "example-1-f3", "cascade-ghz2", "two-node-n2"))
@pytest.mark.parametrize("name", catalogue_names())
def test_copies_of_the_whole_catalogue(name, tmp_path, rng):
    for _ in range(2):
        check_copy(name, {}, int(rng.integers(10**6)), tmp_path)


def test_a_copy_of_a_game_of_ones_own_needs_no_search(folder, tmp_path):
    """Where an outcome may stand for no answer, the table says so."""
    run = qc.run(folder / "chsh.json", target="aer", shots=30, seed=1, runs=tmp_path)
    qc.export_csv(run, tmp_path / "own.csv")
    copy = qc.import_counts(tmp_path / "own.csv", experiment=folder / "chsh.json", runs=tmp_path)
    a, b = counted(copy)[0], counted(run)[0]
    assert [e["theory"] for e in a] == [None]
    assert [e | {"theory": None} for e in b] == a
    assert "strategy" not in copy.summary["parameters"]
    assert qc.compare(run, copy).differences[0].best == 0


def test_tiles_are_tiles(tmp_path):
    run = qc.run("chsh", target="fake_manila", shots=40, seed=1, runs=tmp_path, options={"tiles": 2})
    qc.export_csv(run, tmp_path / "tiles.csv")
    copy = qc.import_counts(tmp_path / "tiles.csv", experiment="chsh", runs=tmp_path)
    for a, b in zip(run.summary["tiles"], copy.summary["tiles"], strict=True):
        best = [[e["best"] for e in one["estimates"] if e["origin"] == "counted"] for one in (a, b)]
        assert best[0] == best[1]
    assert copy.table()


def test_a_data_frame_is_a_table(folder, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(chsh_rows(43, 7), columns=COLUMNS)
    asked = {"experiment": folder / "chsh.json", "runs": tmp_path}
    found = qc.import_counts(frame, **asked)
    assert found["win_probability"].best == 0.86
    assert found.summary["source"]["file"] == "(DataFrame)"
    assert qc.verify(found).ok
    for wrong in (
        frame.assign(count=1.5),
        frame.assign(count=float("nan")),
        frame.assign(answer_1=[None] * 16),
    ):
        with pytest.raises(qc.InputError, match=r"^\(DataFrame\): "):
            qc.import_counts(wrong, **asked)
    for wrong in (7, None, {"count": object()}, {"count": {1, 2}}):
        with pytest.raises(qc.InputError):
            qc.import_counts(wrong, **asked)


def test_a_bell_expression_is_in_its_own_units(folder):
    (folder / "ch.json").write_text(
        json.dumps(
            {
                "name": "ch",
                "outcomes": [[2, 2], [2, 2]],
                "expression": {"collins-gisin": [[0, -1, 0], [-1, 1, 1], [0, 1, -1]]},
            }
        )
    )
    found = imported(folder, csv_text(chsh_rows(43, 7)), "ch.json", "ch.csv")
    own = found.summary["expression"]
    assert (own["local_bound"], own["lower"], own["upper"]) == (0, None, None)
    assert found["expression"].best == pytest.approx((8 * 0.86 - 4 - 2) / 4)
    assert found["expression"].theory is None
    assert found.table()


def test_what_is_cut_off_leaves_nothing(folder, tmp_path, monkeypatch):
    from qcoord_hw import record

    (tmp_path / "c.csv").write_text(csv_text(chsh_rows()))
    for step in ("append", "seal"):

        def broken(*arguments, **named):
            raise OSError(28, "no space")

        with monkeypatch.context() as patch:
            patch.setattr(record, step, broken)
            with pytest.raises(OSError, match="no space"):
                qc.import_counts(tmp_path / "c.csv", experiment=folder / "chsh.json", runs=tmp_path / "runs")
        assert list((tmp_path / "runs").iterdir()) == []


def test_a_family_that_reads_no_rows_says_so(folder):
    from qcoord_hw.families.base import Family
    from qcoord_hw.registry import family

    games = family("nonlocal-game")
    with pytest.raises(qc.InputError, match="family: nonlocal-game does not say what rows of counts mean"):
        Family.counted(games, None, None)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"columns": 5}, "columns: 5; allowed is a mapping of our names to the table's"),
        ({"columns": {"count": 7}}, "columns: 7; the file has"),
        ({"columns": {7: "count"}}, "columns: 7; allowed are question_1"),
        ({"parameters": 5}, "parameters: 5; allowed is a mapping"),
    ],
)
def test_arguments_of_another_kind_are_refused_in_words(how, says, folder):
    table = {name: [0] for name in COLUMNS} | {"count": [3]}
    with pytest.raises(qc.InputError, match=says):
        qc.import_counts(table, experiment="chsh", runs=folder / "runs", **how)


@pytest.mark.parametrize("results", [[], None])
def test_a_result_without_circuits_names_the_field(results, folder):
    given = qiskit_result(hexed()) | {"results": results}
    with pytest.raises(qc.InputError, match="results: .*; allowed is a list of one or more"):
        qc.import_counts(given, experiment="chsh", bit_order="last", runs=folder / "runs")


@pytest.mark.parametrize(
    ("experiment", "says"),
    [
        ("chsh", "answer_1: no such column, nor bits"),
        ("sum-2-f3", "w1: no such column, nor bits"),
        ("broadcast-epr", "basis: no such column, nor bits"),
    ],
)
def test_the_column_that_is_missed_is_that_of_the_family(experiment, says, folder):
    table = {"question_1": [0], "count": [3]}
    with pytest.raises(qc.InputError, match=f"{says}; the file has question_1, count"):
        qc.import_counts(table, experiment=experiment, runs=folder / "runs")


def test_a_column_in_which_nothing_stands_is_called_empty(folder):
    table = {name: [0] for name in COLUMNS} | {"count": [3], "answer_2": [None]}
    with pytest.raises(qc.InputError, match="answer_2: empty in every row; the file has"):
        qc.import_counts(table, experiment="chsh", runs=folder / "runs")
