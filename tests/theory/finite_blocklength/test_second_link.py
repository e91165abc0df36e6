"""One copy over Bob's link to Charlie: no code beats the dual, and the checker refuses what is spoilt."""

from __future__ import annotations

import copy
import json
import math

import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw import cli
from qcoord_hw.api.theory import check_answer
from qcoord_hw.theory.finite_blocklength.converses import SecondLink, second_link_bracket
from qcoord_hw.theory.finite_blocklength.converses.checker.second_link import second_link_reached
from qcoord_hw.theory.finite_blocklength.converses.second_link_code import _start
from qcoord_hw.theory.finite_blocklength.converses.task import entries_of
from qcoord_hw.theory.named_states import named_state

pytestmark = pytest.mark.usefixtures("work_clock")


def unit(rng, *shape, real=True):
    ket = rng.normal(size=shape) + (0 if real else 1j) * rng.normal(size=shape)
    return (ket / np.linalg.norm(ket)).astype(complex)


def turned(rng, ket, real):
    """A state in other bases of its parties, in which no phases leave it as it is."""
    for axis, size in enumerate(ket.shape):
        raw = rng.normal(size=(size, size)) + (0 if real else 1j) * rng.normal(size=(size, size))
        ket = np.moveaxis(np.tensordot(np.linalg.qr(raw)[0], ket, (1, axis)), 0, axis)
    return np.asarray(ket, dtype=complex)


GHZ = named_state("ghz").ket("ABC")
EXAMPLE_2 = named_state("example-2").ket("ABC")


@pytest.mark.parametrize(
    ("ket", "message", "ebits", "lower", "upper"),
    [
        (GHZ, 1, 2, 0.5, 2 / 3),
        (GHZ, 1, 1, 0.5, 0.5),
        (GHZ, 2, 1, 1, 1),
        (EXAMPLE_2, 2, 1, 2 / 3, 2 / 3),
        (EXAMPLE_2, 1, 3, 0.4071, 0.5264),
        (EXAMPLE_2, 2, 2, 0.8958, 0.9898),
    ],
)
def test_what_was_measured(ket, message, ebits, lower, upper):
    found = second_link_bracket(SecondLink(ket, message, ebits))
    assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=1e-4)
    assert check_answer({"best_at_n": found.to_json()}).violations == ()


@pytest.mark.slow
@pytest.mark.parametrize("real", [True, False])
def test_no_code_beats_the_bound(rng, real):
    for shape, message, ebits in (((2, 2, 2), 1, 2), ((2, 2, 3), 2, 1), ((1, 2, 2), 1, 2), ((2, 1, 2), 1, 3)):
        task = SecondLink(unit(rng, *shape, real=real), message, ebits)
        bracket = second_link_bracket(task, starts=4)
        head = {"sizes": list(shape), "ket": entries_of(task.ket.ravel()), "message": message, "ebits": ebits}
        codes = [_start(task, rng).written() for _ in range(20)]
        reached = [second_link_reached(head | {"code": code}, "") for code in codes]
        assert max(reached) <= bracket.upper
        assert bracket.lower <= bracket.upper
        if ebits == 1:  # then the rank of the message decides, and nothing else
            values = np.linalg.svd(task.ket.reshape(-1, shape[2]), compute_uv=False) ** 2
            assert bracket.upper == pytest.approx(values[:message].sum(), abs=1e-5)
            assert bracket.lower == pytest.approx(values[:message].sum(), abs=1e-4)


@pytest.mark.parametrize("real", [True, False])
def test_the_bases_of_the_parties_change_nothing(rng, real):
    plain = 2 / 3
    found = second_link_bracket(SecondLink(turned(rng, GHZ, real), 1, 2), starts=1)
    assert found.upper == pytest.approx(plain, abs=1e-5)
    wide = np.zeros((3, 2, 4), dtype=complex)
    wide[np.ix_([0, 2], [0, 1], [1, 3])] = GHZ
    found = second_link_bracket(SecondLink(wide, 1, 2), starts=1)
    assert found.certificate["sizes"] == [2, 2, 2]
    assert found.upper == pytest.approx(plain, abs=1e-5)


@pytest.mark.slow
def test_more_of_either_is_never_worse():
    upper = [second_link_bracket(SecondLink(EXAMPLE_2, 1, k), starts=1).upper for k in (1, 2, 3)]
    assert upper == sorted(upper)


@pytest.fixture(scope="module")
def answer():
    return json.loads(json.dumps(qc.theory_second_link("ghz", 1, 2).to_json()))


def paths(value, path=()):
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(below, (*path, key))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def changed(answer, path, value):
    found = copy.deepcopy(answer)
    inner = found
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value(inner[path[-1]])
    return found


def test_every_number_that_is_spoilt_is_refused(answer):
    assert check_answer(answer).violations == ()
    assert check_answer(answer).not_checked == ("ok",)
    for path in paths(answer):
        by = 1 if isinstance(changed_at(answer, path), int) else 0.03
        assert not check_answer(changed(answer, path, lambda v, by=by: v + by)).holds, path


def changed_at(answer, path):
    for key in path:
        answer = answer[key]
    return answer


@pytest.mark.parametrize("value", [None, "0.2", math.nan, [], {}, True, 10**400, -1])
def test_strange_values_are_refused_and_never_raise(answer, value):
    inside = [("best_at_n", "certificate", key) for key in answer["best_at_n"]["certificate"]]
    top = ("best_at_n", "certificate")
    inside += [(*top, "dual", key) for key in ("Y", "S")] + [(*top, "code", key) for key in ("alice", "bob")]
    for path in [("best_at_n", "upper"), ("best_at_n", "lower"), ("message",), ("Q2",), *inside]:
        assert not check_answer(changed(answer, path, lambda _: value)).holds, path


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("ghz-mixture", "--message", "2"), "state: "),
        (("dsbs", "--message", "2"), "systems: X"),
        (("nothing", "--message", "2"), "state: "),
        (("ghz", "--message", "0"), "message: 0"),
        (("ghz", "--message", "2", "--ebits", "17"), "ebits: 17"),
    ],
)
def test_what_is_refused(arguments, named, capsys):
    assert cli.main(["theory", "second-link", *arguments]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert named in found.err
    assert found.err.count("\n") == 1
