"""The command line for stabilizer files: what is said, run, exported and refused; fields up to F_256."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from qcoord_hw.api.theory import check_answer, theory_linear
from qcoord_hw.theory.linear_computation.stabilizer_files import read_box
from tests.calls import call, call_json
from tests.theory.linear_computation.pauli_oracle import (
    FIVE_QUBIT,
    STEANE,
    letters,
    outcome,
    random_generators,
    ring,
    split,
)

pytestmark = pytest.mark.usefixtures("work_clock")

DATA = Path(__file__).parents[1] / "data"
PAIR = {"servers": {"A": [0], "B": [1]}, "stabilizers": ["XX", "ZZ"]}


def written(folder: Path, data: object, name: str = "box.json") -> Path:
    (folder / name).write_text(data if isinstance(data, str) else json.dumps(data))
    return folder / name


def run(capsys, folder: Path, path: Path, inputs: list[list[list[int]]]) -> dict:
    """Run a file for these inputs, [w1, ..] each."""
    rows = [{f"w{k + 1}": w for k, w in enumerate(given)} for given in inputs]
    where = written(folder, rows, "inputs.json")
    return call_json(capsys, "run", path, "--inputs-file", where, "--shots", 20, "--seed", 3)


def theory(capsys, *arguments: object) -> dict:
    return call_json(capsys, "theory", "linear", *arguments, "--time-limit", 4)


CASES = {
    "ring-5": (ring(5), {f"S{k}": [k] for k in range(5)}),
    "five-qubit": (FIVE_QUBIT, {"A": [0, 1], "B": [2, 3], "C": [4]}),
    "steane": ([*STEANE[:5], "-Z_Z_Z_Z"], {"A": [6, 0, 1], "B": [2, 4], "C": [3], "D": [5]}),
}


@pytest.mark.parametrize("name", CASES)
def test_theory_of_known_codes(capsys, tmp_path, name):
    generators, servers = CASES[name]
    path = written(tmp_path, {"stabilizers": generators, "servers": servers})
    found = theory(capsys, path)
    box = found["stabilizers"]
    n = len(generators[0].lstrip("+-"))
    assert box["self_orthogonal"] is True
    assert box["strongly_self_orthogonal"] is (len(generators) == n)
    assert box["generators"] == [g if g[0] in "+-" else f"+{g}" for g in generators]
    assert box["server_order"] == list(servers)
    assert (box["qudits"], box["rate"]) == (n, str(Fraction(len(generators), n)))
    assert Fraction(box["least"]["lower"]) <= Fraction(box["least"]["cost"]) <= n
    for server, own in servers.items():  # column j of V_s: which outcomes a single X or Z there flips
        for half in range(2):
            for k, q in enumerate(own):
                one = "".join("XZ"[half] if j == q else "_" for j in range(n))
                column = [row[half * len(own) + k] for row in box["V"][server]]
                assert column == [outcome(g, one) ^ outcome(g, "_" * n) for g in generators]
    verdict = check_answer(json.loads(json.dumps(found)))
    assert verdict.violations == ()
    assert not [path for path in verdict.not_checked if path.startswith("stabilizers")]
    text = call(capsys, "theory", "linear", path, "--time-limit", 4)[1]
    assert "self-orthogonal" in text
    assert all(g in text for g in box["generators"])


def test_the_ring_is_the_task_of_the_handed_case(capsys, tmp_path):
    path = written(tmp_path, {"stabilizers": ring(5), "servers": CASES["ring-5"][1]})
    own, handed = (theory(capsys, p) for p in (path, DATA / "lin-nsum-ring5.json"))
    assert own["V"] == own["stabilizers"]["V"] == handed["V"]
    assert (handed["c"], handed["rate"], own["c"], own["rate"]) == (0, "1", 0, "1")
    assert own["stabilizers"]["least"] == {"cost": "5", "source": "the stabilizers as given", "lower": "5"}


def test_every_number_of_the_box_is_checked(tmp_path):
    path = written(tmp_path, {"stabilizers": ["-XX_", "ZZ_"], "servers": {"A": [0, 2], "B": [1]}})
    answer = json.loads(json.dumps(theory_linear(path, time_limit=4).to_json()))
    changes = {
        "M": lambda b: b["M"][0].__setitem__(0, 1),
        "V": lambda b: b["V"]["A"][0].__setitem__(0, 1),
        "offset": lambda b: b.update(offset=[0, 0]),
        "completion": lambda b: b["completion"][0].__setitem__(3, 1 - b["completion"][0][3]),
        "idle": lambda b: b.update(idle=[]),
        "qudits": lambda b: b.update(qudits=3),
        "rate": lambda b: b.update(rate="2/3"),
        "least": lambda b: b["least"].update(cost="1"),
        "lower": lambda b: b["least"].update(lower="1"),
        "servers": lambda b: b["servers"].update(A=[0, 1], B=[2]),
        "generators": lambda b: b.update(generators=["+XX_", "+ZZ_"]),
        "strongly": lambda b: b.update(strongly_self_orthogonal=True),
        "self": lambda b: b.update(self_orthogonal=False),
    }
    assert check_answer(answer).holds
    for name, change in changes.items():
        spoilt = json.loads(json.dumps(answer))
        change(spoilt["stabilizers"])
        assert not check_answer(spoilt).holds, name


@pytest.mark.parametrize("name", ["five-qubit", "dependent", "task"])
def test_what_was_reduced_says_how_to_what_was_written(capsys, tmp_path, name):
    """The matrices above are of fewer symbols; those written are made of them, and the checker knows."""
    data = {
        "five-qubit": {"stabilizers": [*FIVE_QUBIT, "XXXXX"], "servers": {"A": [0], "B": [1, 4, 2, 3]}},
        "dependent": {"stabilizers": ["XXI", "-ZZI", "XXI"], "servers": {"A": [0, 2], "B": [1]}},
        "task": {"field": 5, "servers": {"A": [[1, 2], [2, 4], [3, 1]], "B": [[0], [0], [1]]}},
    }[name]
    path = written(tmp_path, {"name": "own", **data})
    found = theory(capsys, path)
    made = found["reduction"]
    outputs, order = np.array(made["outputs"]), found["field"]
    for server, v in made["V"].items():
        assert (outputs @ found["V"][server] @ made["inputs"][server] % order).tolist() == v
        assert len(made["inputs"][server]) == found["servers"][server]
    assert found["reduced"]
    if name == "task":
        assert made["V"] == data["servers"]
    assert check_answer(found).holds
    assert not [p for p in check_answer(found).not_checked if p.startswith("reduction")]
    text = call(capsys, "theory", "linear", path, "--time-limit", 4)[1]
    assert "as written          " in text
    for key in ("inputs", "V"):
        spoilt = json.loads(json.dumps(found))
        spoilt["reduction"][key]["A"][0][0] = (spoilt["reduction"][key]["A"][0][0] + 1) % order
        assert not check_answer(spoilt).holds
    assert "reduction" not in theory(capsys, written(tmp_path, PAIR))


def test_a_box_of_another_task_is_refused(tmp_path):
    """Each part holds alone, but not beside the other."""
    both = [
        theory_linear(written(tmp_path, PAIR | {"stabilizers": strings}), time_limit=4)
        for strings in (["XX", "ZZ"], ["XZ", "ZX"])
    ]
    one, two = (json.loads(json.dumps(answer.to_json())) for answer in both)
    assert check_answer(one).holds
    assert check_answer(two).holds
    found = check_answer(one | {"stabilizers": two["stabilizers"]})
    assert found.violations == ("V: is not what the stabilizers compute",)


def test_runs_as_given(capsys, tmp_path, rng):
    """All right without noise, and right means what letters say: random states, codes, and holders."""
    cases = list(CASES.values())
    for n, rows in ((2, 2), (4, 4), (4, 2), (6, 5)):
        cases.append((random_generators(n, rows, rng), split(n, min(n, 3), rng)))
    for generators, servers in cases:
        path = written(tmp_path, {"stabilizers": generators, "servers": servers})
        box = read_box(path)
        task, exponents = box.computation()
        found = run(capsys, tmp_path, path, rng.integers(0, 2, (12, 1, sum(task.sizes))).tolist())
        assert found["usage"]["shared"]["qudits"] == box.size - len(box.idle)
        for row in found["outputs"]:
            assert row["success"] == 1.0
            x, z, w = [0] * box.size, [0] * box.size, iter(row["w1"])
            for server, names in exponents:
                own = [q for q in servers[server] if q not in box.idle]
                for name in names:
                    (x if name[0] == "x" else z)[own[int(name[1:])]] = next(w)
            string = letters(x, z)
            none = "_" * box.size
            assert row["y1"] == [outcome(g, string) ^ outcome(g, none) for g in generators]


def test_qutrits_run_as_given(capsys, tmp_path, rng):
    data = {"field": 3, "servers": {"A": [0], "B": [1]}, "stabilizers": ["X(1) X(2)", "Z(1) Z(1)"]}
    path = written(tmp_path, data)
    found = run(capsys, tmp_path, path, rng.integers(0, 3, (9, 1, 4)).tolist())
    for row in found["outputs"]:
        (a0, b0, a1, b1), y = row["w1"], row["y1"]
        assert y == [(-b0 - 2 * b1) % 3, (a0 + a1) % 3]  # Z X = w X Z


def test_a_run_replays_and_verifies(capsys, tmp_path):
    path = written(tmp_path, {"stabilizers": ["-XX", "ZZ"], "servers": {"A": [0], "B": [1]}})
    run = call_json(capsys, "run", path, "--shots", 50, "--seed", 3)["run"]
    assert call_json(capsys, "verify", run)["ok"] is True
    assert call_json(capsys, "replay", run)["ok"] is True
    shown = call(capsys, "show", path)[1]
    assert "the stabilizers as given" in shown
    assert "for one instance" in shown


OCTAL = {"name": "octal", "field": 8, "servers": {"A": [[3], [1]], "B": [[5], [6]], "C": [[7], [2]]}}


@pytest.mark.parametrize("name", ["example-1-f2", "example-1-f3", "octal", "sum-2-f5"])
def test_our_own_schemes_are_exported_and_read_again(capsys, tmp_path, rng, name):
    target = tmp_path / "out.json"
    asked = written(tmp_path, OCTAL) if name == "octal" else name  # F_8: of F_4 a wrong basis commutes too
    found = theory(capsys, asked, "--export-stabilizers", target)
    kind = ".chp" if found["field"] % 2 else ".stim"
    assert found["exported"] == [str(target), str(target.with_suffix(kind))]
    box = read_box(target)
    p = box.field.order
    degree = round(np.log(found["field"]) / np.log(p))
    assert box.size == degree * found["qudits"]
    assert {s: len(own) for s, own in zip(box.servers, box.qudits, strict=True)} == {
        s: degree * n for s, n in found["download"].items()
    }
    if degree == 1:
        assert box.M.tolist() == found["M"]
    made = read_box(target.with_suffix(kind))
    joint = np.vstack([made.M, box.M])
    assert made.complete
    assert box.field.rank(joint) == box.size
    if p > 3:
        return
    task, _ = box.computation()
    again = run(capsys, tmp_path, target, rng.integers(0, p, (2, 1, sum(task.sizes))).tolist())
    assert all(row["success"] == 1.0 for row in again["outputs"])


def test_a_given_box_is_exported_with_its_signs(capsys, tmp_path):
    path = written(tmp_path, {"stabilizers": ["-XX", "-YY"], "servers": {"A": [0], "B": [1]}})
    theory(capsys, path, "--export-stabilizers", tmp_path / "out.stim")
    assert json.loads((tmp_path / "out.json").read_text())["stabilizers"] == ["-XX", "-YY"]
    both = read_box(tmp_path / "out.stim")
    assert both.complete


@pytest.mark.parametrize("name", ["lin-aes256", "lin-conway256", "lin-f9"])
def test_large_fields(capsys, name):
    found = theory(capsys, DATA / f"{name}.json")
    assert (found["c"], found["c_lower"], found["rate"]) == (1, 1, "4/5")
    asked = json.loads((DATA / f"{name}.json").read_text())
    if "irreducible_poly" in asked:
        assert found["irreducible_poly"] == asked["irreducible_poly"]


def test_a_reducible_polynomial_is_refused(capsys):
    status, out, err = call(capsys, "theory", "linear", DATA / "lin-reducible8.json")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "irreducible_poly: [1, 0, 0, 1] is reducible over F_2" in err


def test_primes_too_large_for_circuits_are_refused_at_once(capsys, tmp_path):
    for order in (67, 127, 251):
        task = {"field": order, "servers": {"A": [[1]], "B": [[2]]}}
        assert theory(capsys, written(tmp_path, task))["c"] == 0
        box = {"field": order, "servers": {"A": [0], "B": [1]}, "M": [[1, 1, 0, 0]]}
        for data in (task, box):
            status, out, err = call(capsys, "run", written(tmp_path, data), "--shots", 5)
            assert (status, out, err.count("\n")) == (2, "", 1)
            assert f"field: {order}; allowed for circuits are fields of characteristic up to 61" in err


def test_a_sum_over_f256_is_run(capsys, tmp_path, rng):
    import galois

    poly = [1, 0, 0, 0, 1, 1, 0, 1, 1]
    task = {"name": "sum", "field": 256, "irreducible_poly": poly, "servers": {"A": [[83]], "B": [[202]]}}
    path = written(tmp_path, task)
    found = run(capsys, tmp_path, path, rng.integers(0, 256, (4, 2, 2)).tolist())
    field = galois.GF(2, 8, irreducible_poly=galois.Poly(poly), primitive_element=3, verify=False,
                      compile="python-calculate")  # fmt: skip
    for row in found["outputs"]:
        assert row["success"] == 1.0
        for k in ("1", "2"):
            a, b = field(row[f"w{k}"])
            assert row[f"y{k}"] == [int(field(83) * a + field(202) * b)]


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"stabilizers": ["XX", "ZZ"]}, "servers: missing"),
    (PAIR | {"servers": {}}, "servers: "),
    (PAIR | {"servers": [["A", [0]]]}, "servers: "),
    (PAIR | {"servers": {"A": [0]}}, "servers: nobody holds qudit 1"),
    (PAIR | {"servers": {"A": [0], "B": [1, 0]}}, "servers.B[1]: qudit 0 is held by A"),
    (PAIR | {"servers": {"A": [0], "B": [2]}}, "servers.B[0]: 2"),
    (PAIR | {"servers": {"A": [0], "B": [-1]}}, "servers.B[0]: -1"),
    (PAIR | {"servers": {"A": [0], "B": [1.0]}}, "servers.B[0]: 1.0"),
    (PAIR | {"servers": {"A": [0], "B": [True]}}, "servers.B[0]: True"),
    (PAIR | {"servers": {"A": [0], "B": 1}}, "servers.B: 1"),
    (PAIR | {"servers": {"A": [0], "B": []}}, "servers.B: []"),
    (PAIR | {"servers": {"A": [0, 1], "B": []}}, "servers.B: []"),
    (PAIR | {"servers": {"A b": [0], "B": [1]}}, "servers: 'A b'"),
    (PAIR | {"servers": {"User": [0], "B": [1]}}, "servers: 'User'"),
    (PAIR | {"servers": {"b": [0], "B": [1]}}, "servers: 'b'"),
    (PAIR | {"M": [[1, 1, 0, 0]]}, "stabilizers and M: "),
    (PAIR | {"holders": {}}, "holders: unknown"),
    (PAIR | {"name": 3}, "name: "),
    (PAIR | {"field": 6}, "field: 6"),
    (PAIR | {"field": "2"}, "field: '2'"),
    (PAIR | {"field": 4, "irreducible_poly": "x"}, "irreducible_poly: "),
    (PAIR | {"field": 4, "irreducible_poly": [1, 0, 1]}, "irreducible_poly: "),
    (PAIR | {"field": 3}, "stabilizers[0]: 'XX'"),
    (PAIR | {"stabilizers": "XX"}, "stabilizers: 'XX'"),
    (PAIR | {"stabilizers": []}, "stabilizers: []"),
    (PAIR | {"stabilizers": [["X", "X"]]}, "stabilizers: "),
    (PAIR | {"stabilizers": ["XX", "ZZZ"]}, "stabilizers[1]: 3 qudits"),
    (PAIR | {"stabilizers": ["XX", "ZA"]}, "stabilizers[1]: 'ZA'"),
    (PAIR | {"stabilizers": ["xx", "ZZ"]}, "stabilizers[0]: 'xx'"),
    (PAIR | {"stabilizers": ["iXX", "ZZ"]}, "stabilizers[0]: 'iXX'"),
    (PAIR | {"stabilizers": ["", "ZZ"]}, "stabilizers[0]: ''"),
    (PAIR | {"stabilizers": ["XX", "__"]}, "stabilizers[1]: the identity"),
    (PAIR | {"stabilizers": ["XX", "ZI"]}, "stabilizers[0] and stabilizers[1]: do not commute"),
    (PAIR | {"stabilizers": ["XX", "ZZ", "YY"]}, "stabilizers[0], stabilizers[1], stabilizers[2]: multiply"),
    (PAIR | {"stabilizers": ["XX", "-XX"]}, "stabilizers[0], stabilizers[1]: multiply"),
    (PAIR | {"stabilizers": 65 * ["XX"]}, "stabilizers: 65 generators"),
    (PAIR | {"stabilizers": ["X" * 300]}, "stabilizers: 1 generators of 300"),
    ({"servers": {"A": [0]}, "field": 3, "stabilizers": ["X(3)"]}, "stabilizers[0]: 'X(3)'"),
    ({"servers": {"A": [0]}, "field": 3, "stabilizers": ["X(1)*X(1)"]}, "stabilizers[0]: "),
    ({"servers": {"A": [0]}, "field": 3, "stabilizers": ["-X(1)"]}, "stabilizers[0]: "),
    ({"servers": {"A": [0]}, "check_matrix": [[1]]}, "check_matrix[0]: 1 columns"),
    ({"servers": {"A": [0]}, "check_matrix": [[1, 0], [1]]}, "check_matrix[1]: 1 columns"),
    ({"servers": {"A": [0]}, "check_matrix": [[2, 0]]}, "check_matrix[0][0]: 2"),
    ({"servers": {"A": [0]}, "check_matrix": [[0.5, 0]]}, "check_matrix[0][0]: 0.5"),
    ({"servers": {"A": [0]}, "check_matrix": [[]]}, "check_matrix: "),
    ({"servers": {"A": [0]}, "check_matrix": {}}, "check_matrix: "),
    ({"servers": {"A": [0]}, "check_matrix": [[0, 0]]}, "check_matrix[0]: the identity"),
    ({"servers": {"A": [0]}, "M": [[1, 0], [0, 1]]}, "M[0] and M[1]: do not commute"),
    ({"servers": {"A": [0]}, "M": [[True, 0]]}, "M[0][0]: True"),
    ({"servers": {"A": [0]}, "M": None}, "M: None"),
    ({"servers": {"A": [0]}, "field": 4, "tableau": "+-xz-"}, "field: 4; allowed with tableau"),
    ({"servers": {"A": [0]}, "tableau": "+-xz-"}, "tableau: "),
    ({"servers": {"A": [0]}, "tableau": "+-xz-\n| ++\n| ZX\n| ZX"}, "tableau: "),
    ({"servers": {"A": [0]}, "tableau": "+-xz-\n| ++\n| ZZ"}, "tableau: xs[0] and zs[0] commute"),
    ({"servers": {"A": [0]}, "tableau": {"xs": ["X"]}}, "tableau.zs: None"),
    ({"servers": {"A": [0]}, "tableau": {"xs": ["X"], "zs": ["Z"], "ys": []}}, "tableau.ys: unknown"),
    ({"servers": {"A": [0]}, "tableau": {"xs": ["X"], "zs": ["Z", "Z"]}}, "tableau: 1 xs and 2 zs"),
    ({"servers": {"A": [0]}, "tableau": "stim.Tableau(3)"}, "tableau: "),
    ({"servers": {"A": [0]}, "tableau": 3}, "tableau: 3"),
    ({"servers": {"A": [0]}, "circuit": ["H 0", "M 0"]}, "circuit: line 2: 'M' is no unitary gate"),
    ({"servers": {"A": [0]}, "circuit": "DEPOLARIZE1(0.1) 0"}, "circuit: line 1: 'DEPOLARIZE1'"),
    ({"servers": {"A": [0]}, "circuit": "H X0"}, "circuit: line 1: H 'X0'"),
    ({"servers": {"A": [0]}, "circuit": "CX rec[-1] 0"}, "circuit: line 1: CX 'rec[-1]'"),
    ({"servers": {"A": [0]}, "circuit": "CX 0"}, "circuit: line 1: CX with 1 targets"),
    ({"servers": {"A": [0]}, "circuit": "CX 0 0"}, "circuit: line 1: CX 0 0"),
    ({"servers": {"A": [0]}, "circuit": "H 99999"}, "circuit: line 1: H '99999'"),
    ({"servers": {"A": [0]}, "circuit": "REPEAT 0 {\nH 0\n}"}, "circuit: line 1: "),
    ({"servers": {"A": [0]}, "circuit": "}"}, "circuit: line 1: '}'"),
    ({"servers": {"A": [0]}, "circuit": ""}, "circuit: 0 qudits"),
    ({"servers": {"A": [0]}, "circuit": {"file": "nowhere.stim"}}, "cannot be read"),
    ({"servers": {"A": [0]}, "circuit": {"path": "x"}}, "circuit: "),
    ({"servers": {"A": [0]}, "circuit": ["H 0", 3]}, "circuit: "),
    ({"servers": {"A": [0]}, "chp": "H 0"}, "chp: no line with #"),
    ({"servers": {"A": [0]}, "chp": "#\nd 4\nH 0"}, "chp: line 2: "),
    ({"servers": {"A": [0]}, "chp": "#\nd 3 qudits=1\nH 1"}, "chp: qudit 1"),
    ({"servers": {"A": [0]}, "chp": "#\nH 0\nM 0"}, "chp: line 3: 'M' is no unitary gate"),
    ({"servers": {"A": [0]}, "chp": "#\nH 0 1"}, "chp: line 2: H with 2 targets"),
    ({"servers": {"A": [0]}, "chp": "#\nH -1"}, "chp: line 2: H '-1'"),
    ({"servers": {"A": [0]}, "field": 5, "chp": "#\nd 3\nH 0"}, "field: 5"),
    ({"servers": {"A": [0]}, "alist": "2 1"}, "alist: "),
    ({"servers": {"A": [0]}, "alist": "2 1\n1 1\n1 0\n1\n1\n0\nx"}, "alist: "),
    ({"servers": {"A": [0]}, "alist": "2 1\n1 1\n1 0\n1\n1\n0\n2"}, "alist: row 1 and column 1"),
    ({"servers": {"A": [0]}, "alist": "2 1\n1 1\n1 0\n1\n2\n0\n1"}, "alist: [2]"),
    ({"servers": {"A": [0]}, "alist": "1 1\n1 1\n1\n1\n1\n1"}, "alist: 1 columns"),
    ({"servers": {"A": [0]}, "alist": {"x": "1 1\n1 1\n1\n1\n1\n1"}}, "alist.z: None"),
    ("{", "not valid JSON"),
    ('{"servers": {"A": [0]}, "M": [[1, 0]], "M": [[0, 1]]}', "'M' stands there twice"),
]


@pytest.mark.parametrize("command", [("theory", "linear"), ("run",)])
def test_malformed_files_get_one_line(capsys, tmp_path, command):
    assert len(REFUSED) >= 60
    for data, line in REFUSED:
        path = written(tmp_path, data)
        status, out, err = call(capsys, *command, path, "--json")
        assert (status, out) == (2, ""), (data, err)
        assert err.count("\n") == 1, err
        assert line in err, (data, err)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("bad.stim", "H 0\nMPP X0*X1", "bad.stim: circuit: line 2: 'MPP'"),
        ("bad.stim", "H 0\nMZZ 0 1", "bad.stim: circuit: line 2: 'MZZ'"),
        ("bad.chp", "# H 0", "bad.chp: chp: no line with #"),
        ("bad.alist", "\x00", "bad.alist: alist: "),
        ("none.stim", None, "none.stim: cannot be read"),
    ],
)
def test_malformed_files_of_others_get_one_line(capsys, tmp_path, name, text, line):
    if text is not None:
        written(tmp_path, text, name)
    for command in (("theory", "linear"), ("run",)):
        status, out, err = call(capsys, *command, tmp_path / name)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert line in err


def test_what_a_spec_may_not_say_of_a_box(capsys, tmp_path):
    head = 'name = "x"\ntitle = "x"\nfamily = "linear-computation"\n[parameters]\nfield = 2\n'
    right = 'servers = [["A", [[0, 1], [1, 0]]], ["B", [[0, 1], [1, 0]]]]\nscheme = "n-sum-box"\n'
    good = head + right + 'exponents = [["A", ["x0", "z0"]], ["B", ["x0", "z0"]]]\n'
    found = run(capsys, tmp_path, written(tmp_path, good, "x.toml"), [[[1, 0, 1, 1]]])
    assert all(row["success"] == 1.0 for row in found["outputs"])
    for text, line in (
        (head + right, "parameters.exponents: missing; allowed is a list of [server, [x0, .., z0, ..]]"),
        (good.replace("n-sum-box", "beyond"), "parameters.exponents: "),
        (good.replace('"x0", "z0"]], ["B"', '"x0", "x0"]], ["B"'), "parameters.exponents: A: "),
        (good.replace('["B", ["x0"', '["C", ["x0"'), "parameters.exponents: allowed are those of A, B"),
        (good.replace('["A", ["x0"', '["A", ["y0"'), "parameters.exponents: "),
        (good.replace('["x0", "z0"]], ["B"', '["x0", "z1"]], ["B"'), "do not commute"),
        (good + "batch = 2\n", "parameters.scheme: n-sum-box; allowed without batch"),
        (good + 'auxiliary = ["A"]\n', "parameters.scheme: n-sum-box; allowed without batch"),
        (good.replace("n-sum-box", "other"), "parameters.scheme: 'other'; allowed are "),
    ):
        status, out, err = call(capsys, "run", written(tmp_path, text, "x.toml"), "--shots", 5)
        assert (status, err.count("\n")) == (2, 1), text
        assert line in err, (text, err)


def test_an_export_goes_to_a_file_with_a_name(capsys, tmp_path):
    for name, line in (("out.txt", "ends with .json"), ("none/out.json", "a file in a folder that exists")):
        target = tmp_path / name
        status, out, err = call(capsys, "theory", "linear", "sum-2-f2", "--export-stabilizers", target)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert "export-stabilizers: " in err
        assert line in err
