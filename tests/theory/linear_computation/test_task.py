"""Task files: what is refused and how, and tasks without their redundancy."""

from __future__ import annotations

import json

import galois
import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.families.linear_computation.user_task import spec_of, task_of
from qcoord_hw.spec import ExperimentSpec
from qcoord_hw.theory.linear_computation.task import read_task, reduce_task, task_from_json

GOOD = {"name": "t", "field": 3, "servers": {"A": [[1, 0], [0, 2]], "B": [[1], [1]]}}

MALFORMED = [
    ([], "task"),
    (None, "task"),
    ("x", "task"),
    ({}, "field"),
    ({"field": 3}, "servers"),
    ({"servers": {"A": [[1]]}}, "field"),
    (GOOD | {"fields": 3}, "'fields'"),
    (GOOD | {"a\nb": 3}, r"'a\\nb'"),
    (GOOD | {"field": 6}, "field"),
    (GOOD | {"field": "3"}, "field"),
    (GOOD | {"field": 3.0}, "field"),
    (GOOD | {"field": True}, "field"),
    (GOOD | {"field": None}, "field"),
    (GOOD | {"field": [3]}, "field"),
    (GOOD | {"field": 10**3000}, "field"),
    (GOOD | {"name": ""}, "name"),
    (GOOD | {"name": "a\nb"}, "name"),
    (GOOD | {"name": 3}, "name"),
    (GOOD | {"name": None}, "name"),
    (GOOD | {"name": "x" * 300}, "name"),
    (GOOD | {"field": 9, "irreducible_poly": "101"}, "irreducible_poly"),
    (GOOD | {"field": 9, "irreducible_poly": 101}, "irreducible_poly"),
    (GOOD | {"field": 9, "irreducible_poly": [1, 0, 2]}, "irreducible_poly"),
    (GOOD | {"field": 9, "irreducible_poly": [1, 0]}, "irreducible_poly"),
    (GOOD | {"field": 9, "irreducible_poly": [1, 0, 3]}, r"irreducible_poly\[2\]"),
    (GOOD | {"field": 9, "irreducible_poly": [1, [0], 1]}, r"irreducible_poly\[1\]"),
    (GOOD | {"servers": {}}, "servers"),
    (GOOD | {"servers": [["A", [[1]]]]}, "servers"),
    (GOOD | {"servers": None}, "servers"),
    (GOOD | {"servers": {f"s{k}": [[1]] for k in range(33)}}, "servers"),
    (GOOD | {"servers": {"": [[1]]}}, "servers"),
    (GOOD | {"servers": {"a b": [[1]]}}, "servers"),
    (GOOD | {"servers": {"a_b": [[1]]}}, "servers"),
    (GOOD | {"servers": {"é": [[1]]}}, "servers"),
    (GOOD | {"servers": {"x" * 21: [[1]]}}, "servers"),
    (GOOD | {"servers": {"User": [[1]]}}, "servers"),
    (GOOD | {"servers": {"user": [[1]]}}, "servers"),
    (GOOD | {"servers": {"A": [[1]], "a": [[1]]}}, "servers"),
    (GOOD | {"servers": {"A": 1}}, "servers.A"),
    (GOOD | {"servers": {"A": None}}, "servers.A"),
    (GOOD | {"servers": {"A": {}}}, "servers.A"),
    (GOOD | {"servers": {"A": "11"}}, "servers.A"),
    (GOOD | {"servers": {"A": []}}, "servers.A"),  # K = 0
    (GOOD | {"servers": {"A": [1, 0]}}, "servers.A"),
    (GOOD | {"servers": {"A": [[1], 0]}}, "servers.A"),
    (GOOD | {"servers": {"A": [[]]}}, "servers.A"),
    (GOOD | {"servers": {"A": [[], []]}}, "servers.A"),
    (GOOD | {"servers": {"A": [[1, 0], [1]]}}, "servers.A"),
    (GOOD | {"servers": {"A": [[1], [1]], "B": [[1], []]}}, "servers.B"),
    (GOOD | {"servers": {"A": [[1]] * 65}}, "servers.A"),
    (GOOD | {"servers": {"A": [[1] * 65]}}, "servers.A"),
    (GOOD | {"servers": {"A": [[1, 0], [2, 0]]}}, "servers.A"),  # a column of zeros
    (GOOD | {"servers": {"A": [[1]], "B": [[0]]}}, "servers.B"),
    (GOOD | {"servers": {"A": [[1]], "B": [[1], [1]]}}, "servers.B"),
    (GOOD | {"servers": {"A": [[1], [3]]}}, r"servers.A\[1\]\[0\]"),
    (GOOD | {"servers": {"A": [[1, -1]]}}, r"servers.A\[0\]\[1\]"),
    (GOOD | {"servers": {"A": [[True]]}}, r"servers.A\[0\]\[0\]"),
    (GOOD | {"servers": {"A": [[1.0]]}}, r"servers.A\[0\]\[0\]"),
    (GOOD | {"servers": {"A": [["1"]]}}, r"servers.A\[0\]\[0\]"),
    (GOOD | {"servers": {"A": [[None]]}}, r"servers.A\[0\]\[0\]"),
    (GOOD | {"servers": {"A": [[[1]]]}}, r"servers.A\[0\]\[0\]"),
    (GOOD | {"servers": {"A": [[10**4000]]}}, r"servers.A\[0\]\[0\]"),
    (GOOD | {"servers": {"A": [[float("nan")]]}}, r"servers.A\[0\]\[0\]"),
]


@pytest.mark.parametrize(("data", "named"), MALFORMED, ids=lambda x: str(x)[:60])
def test_malformed_tasks_are_refused_by_name(data, named, tmp_path):
    with pytest.raises(
        InputError, match=rf"^{named}[: ].*allowed|^{named}: missing|^{named}: unknown"
    ) as caught:
        task_from_json(data)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    path = tmp_path / "file.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(InputError, match=rf"^file\.json: {named}") as again:
        read_task(path)
    assert "\n" not in str(again.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"field": 3, "servers": {"A": [[1]], "A": [[2]]}}',
        '{"field": 3, "field": 3, "servers": {"A": [[1]]}}',
        "",
        "{",
        '{"field": 3, "servers": {"A": [[1]]}} x',
        '{"field": 3, "servers": {"A": [[1]]},}',
        '{"field": 3, "servers": {"A": [[' + "9" * 5000 + "]]}}",
        '{"field": ' + "9" * 5000 + ', "servers": {"A": [[1]]}}',
        "[" * 100_000 + "]" * 100_000,
        '{"field": 3, "servers": {"A": ' + "[" * 100_000 + "]" * 100_000 + "}}",
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        "\ufeff{}",
        "\x00",
    ],
    ids=lambda text: text[:40].replace("\x00", "nul"),
)
def test_bad_files_are_refused_in_one_line(text, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="bad") as caught:
        read_task(path)
    assert "\n" not in str(caught.value)


def test_any_depth_is_refused_in_one_line(tmp_path):
    """Depths that JSON still reads and that `repr` may not."""
    path = tmp_path / "deep.json"
    for depth in range(500, 1000, 3):
        path.write_text('{"field":3,"servers":{"A":' + "[" * depth + "]" * depth + "}}", encoding="utf-8")
        with pytest.raises(InputError):
            read_task(path)


def test_a_server_twice_is_named(tmp_path):
    path = tmp_path / "t.json"
    path.write_text('{"field": 3, "servers": {"A": [[1]], "B": [[1]], "B": [[2]]}}', encoding="utf-8")
    with pytest.raises(InputError, match=r"^t\.json: 'B' stands there twice"):
        read_task(path)


def test_files_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_task(path)
    path = tmp_path / "latin.json"
    path.write_bytes(b'{"name": "\xfc"}')
    with pytest.raises(InputError, match="not valid JSON"):
        read_task(path)


def test_a_task_is_what_was_written(tmp_path):
    path = tmp_path / "my-task.json"
    path.write_text('{"servers": {"B": [[1, 8]], "A": [[2]]}, "field": 9, "irreducible_poly": [1, 0, 1]}')
    task = read_task(path)
    assert (task.name, task.servers, task.sizes, task.rows) == ("my-task", ("B", "A"), (2, 1), 1)
    assert task.matrix.tolist() == [[1, 8, 2]]
    assert task.field.irreducible_poly == (1, 0, 1)
    for again in (task_from_json(json.loads(json.dumps(task.to_json()))), task_of(spec_of(task))):
        assert again.to_json() == task.to_json()
        assert again.servers == task.servers
        assert (again.field.mul == task.field.mul).all()
    prime = task_from_json(GOOD)
    assert task_of(spec_of(prime)).to_json() == prime.to_json()


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, "field"),
        ({"field": 3}, "servers"),
        ({"field": 3, "servers": "A"}, "parameters.servers"),
        ({"field": 3, "servers": (("A",),)}, "parameters.servers"),
        ({"field": 3, "servers": ((1, ((1,),)),)}, "parameters.servers"),
        ({"field": 3, "servers": (("A", ((1,),)), ("A", ((1,),)))}, "parameters.servers"),
        ({"field": 3, "servers": (("A", ((1,),)),), "fields": 3}, "parameters.fields"),
        ({"field": 3, "servers": (("A", ((3,),)),)}, r"servers.A\[0\]\[0\]"),
        ({"field": 6, "servers": (("A", ((1,),)),)}, "field"),
    ],
    ids=str,
)
def test_malformed_specs_are_refused_by_name(parameters, named):
    spec = ExperimentSpec(
        name="n", title="t", family="linear-computation", parameters=tuple(sorted(parameters.items()))
    )
    with pytest.raises(InputError, match=rf"^(parameters\.)?{named}") as caught:
        task_of(spec)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("order", [2, 3, 4, 5, 9])
def test_redundancy_is_removed_and_said(rng, order):
    ref = galois.GF(order, compile="python-calculate")
    for trial in range(12):
        k, sizes = int(rng.integers(1, 5)), rng.integers(1, 4, int(rng.integers(1, 5))).tolist()
        v = [ref(rng.integers(0, order, (k, m))) for m in sizes]
        if trial % 3 == 0 and k > 1:  # a dependent row
            factor = ref(int(rng.integers(0, order)))
            for block in v:
                block[-1] = block[0] * factor
        if trial % 2 == 0:  # a dependent column
            v[0] = ref(np.column_stack([v[0], v[0] @ ref(rng.integers(0, order, v[0].shape[1]))]))
        for block in v:
            block[0][np.asarray(block == 0).all(axis=0)] = 1  # no columns of zeros
        servers = {f"S{s}": block.tolist() for s, block in enumerate(v)}
        task = task_from_json({"field": order, "servers": servers})
        found = reduce_task(task)
        whole = ref(np.hstack(v))
        rank = int(np.linalg.matrix_rank(whole))
        small = ref(found.task.matrix)
        assert found.task.servers == task.servers
        assert found.task.rows == len(found.rows) == rank == np.linalg.matrix_rank(small)
        for block, combine, full in zip(found.task.matrices, found.inputs, v, strict=True):
            assert np.linalg.matrix_rank(ref(block)) == block.shape[1] == len(combine)
            np.testing.assert_array_equal(ref(block) @ ref(combine), full[list(found.rows)])
        np.testing.assert_array_equal(ref(found.outputs)[list(found.rows)], np.eye(rank))
        np.testing.assert_array_equal(ref(found.outputs) @ whole[list(found.rows)], whole)
        ranks = [int(np.linalg.matrix_rank(block)) for block in v]
        assert found.task.sizes == tuple(ranks)
        redundant = [rank < task.rows, *(r < m for r, m in zip(ranks, task.sizes, strict=True))]
        assert len(found.notes) == sum(redundant)
        assert ("depend" in "".join(found.notes)) == redundant[0]
        for s, dropped in enumerate(redundant[1:]):
            assert any(note.startswith(f"server S{s}:") for note in found.notes) == dropped
