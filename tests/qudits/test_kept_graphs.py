"""Graphs that were kept on disk: the same as found, found once, and proved before they are used."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.qudits import synthesis
from qcoord_hw.qudits.graph import GraphCode, computed, digit_code
from qcoord_hw.theory.linear_computation.task import reduce_task, task_from_json

TASKS = {
    "prime": {"field": 3, "servers": {"A": [[1], [0]], "B": [[0], [1]], "C": [[1], [1]], "D": [[1], [1]]}},
    "extension": {"field": 4, "servers": {"A": [[1], [0]], "B": [[2], [1]], "C": [[1], [3]]}},
}
STRANGE = (-1, 1.5, 10**30, None, "Z", [], float("nan"), True)
FIELDS = ("p", "degree", "adjacency", "holders", "x", "z", "decoder")


def same(one: GraphCode, other: GraphCode) -> bool:
    return all(np.array_equal(getattr(one, f), getattr(other, f)) for f in FIELDS)


def computes(code: GraphCode, task) -> bool:
    return np.array_equal(code.decoder @ code.transfer % code.p, computed(task))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("QCOORD_CACHE", str(tmp_path))
    return tmp_path


def leaves(data, where=()):
    """Yield the place of every number or word of an answer."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from leaves(value, (*where, key))
    if not isinstance(data, dict | list):
        yield where


def at(data, where):
    """Return what is at a place."""
    for key in where:
        data = data[key]
    return data


def changed(data, where, value):
    """Return a copy with another value at one place."""
    result = copy.deepcopy(data)
    part = result
    for key in where[:-1]:
        part = part[key]
    part[where[-1]] = value
    return result


@pytest.mark.slow
@pytest.mark.parametrize("name", ["prime", "extension"])
def test_kept_schemes(name, folder, monkeypatch):
    task = task_from_json(TASKS[name])
    reduction = reduce_task(task)
    scheme, code = synthesis.sparse_scheme(reduction)
    (file,) = folder.iterdir()
    whole = file.read_text()
    data = json.loads(whole)
    fresh, searches = (
        synthesis._search([digit_code(reduction, scheme)], 0, 0),
        [],
    )  # stands for a search below, which would take long for each place

    def no_search(*arguments):
        raise AssertionError("searched")

    with monkeypatch.context() as patch:
        patch.setattr(synthesis, "_search", no_search)
        patch.setattr(synthesis, "minimal_precodings", no_search)
        again, kept = synthesis.sparse_scheme(reduction)
        assert same(code, kept)
        assert again.holders == scheme.holders
        assert all(np.array_equal(a, b) for a, b in zip(again.precoders, scheme.precoders, strict=True))

    def counted(*arguments):
        searches.append(1)
        return fresh

    monkeypatch.setattr(synthesis, "_search", counted)
    monkeypatch.setattr(synthesis, "minimal_precodings", lambda *a, **k: [scheme.precoders])
    seen = set()
    for where in leaves(data["answer"]):
        first = where[0] not in seen  # of its field: every kind of value; of the others one other symbol
        seen.add(where[0])
        for value in STRANGE if first else ():
            file.write_text(json.dumps(changed(data, ("answer", *where), value)))
            before = len(searches)
            assert computes(synthesis.sparse_scheme(reduction)[1], task), (where, value)
            assert len(searches) > before, (where, value)
        file.write_text(whole)
        if where[0] in ("gamma", "frame"):
            spoilt = changed(data["answer"], where, 1 if at(data["answer"], where) == 0 else 0)
            with pytest.raises(ValueError, match="gamma|frame"):
                synthesis._Graph.from_json(spoilt, digit_code(reduction, scheme))
    assert seen == {"gamma", "frame", "P", "auxiliary"}


@pytest.mark.slow
def test_a_kept_graph_of_given_codes(folder, monkeypatch):
    reduction = reduce_task(task_from_json(TASKS["prime"]))
    scheme, _ = synthesis.sparse_scheme(reduction)
    codes = [digit_code(reduction, scheme)] * 2
    one, k = synthesis.synthesise(codes)
    assert len(list(folder.glob("graph-*.json"))) == 1
    with monkeypatch.context() as patch:
        patch.setattr(synthesis, "_search", None)
        again, same_k = synthesis.synthesise(codes)
        assert same(one, again)
        assert k == same_k
        with pytest.raises(TypeError):
            synthesis.synthesise(codes, seed=1)
        with pytest.raises(TypeError):
            synthesis.synthesise(codes[:1])


@pytest.mark.slow
def test_graphs_by_number_are_kept_apart(folder):
    reduction = reduce_task(task_from_json(TASKS["prime"]))
    found = [synthesis.sparse_scheme(reduction, number=k)[1] for k in (0, 1)]
    again = [synthesis.sparse_scheme(reduction, number=k)[1] for k in (0, 1)]
    assert all(map(same, found, again))
    assert not same(*found)
    with pytest.raises(InputError, match="graph"):
        synthesis.sparse_scheme(reduction, number=99)
    assert len(list(folder.iterdir())) == 2


@pytest.mark.slow
def test_who_holds_the_auxiliary_qudits_is_kept_apart(folder):
    reduction = reduce_task(task_from_json(TASKS["prime"]))
    for server in ("A", "D"):
        for _ in range(2):
            scheme, _ = synthesis.sparse_scheme(reduction, [server])
            assert scheme.download[server] == 2


@pytest.mark.slow
def test_a_graph_whose_digits_change_hands_is_refused():
    reduction = reduce_task(task_from_json(TASKS["prime"]))
    scheme, _ = synthesis.sparse_scheme(reduction)
    code = digit_code(reduction, scheme)
    graph, n = synthesis._search([code], 0, 0)[0], len(code.holders)
    refused = 0
    for a, b in np.argwhere(graph.outside):  # the same state, but two servers have changed places
        order = np.arange(n)
        order[[a, b]] = order[[b, a]]
        other = graph.copy()
        other.gamma = graph.gamma[np.ix_(order, order)]
        other.frame = graph.frame[np.concatenate([order, order + n])]
        if not other.gamma[~graph.outside].any():
            with pytest.raises(ValueError, match="frame: not local"):
                synthesis._Graph.from_json(other.to_json(), code)
            refused += 1
    assert refused
