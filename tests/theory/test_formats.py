"""Answers that older versions printed are checked for what they hold; newer ones may lack nothing."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

import qcoord_hw as qc
from qcoord_hw.api.theory import check_answer
from qcoord_hw.errors import InputError
from qcoord_hw.theory.digest import digest

pytestmark = pytest.mark.usefixtures("work_clock")

OLDER = sorted((Path(__file__).parents[1] / "data" / "older_answers").glob("*.json"))
"""As they were printed on 29 November 2026, before terms, scores and the optimum."""

LACKING = {"region": {"scores", "terms"}, "linear": {"optimum"}}


def numbers(value, path=()):
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from numbers(below, (*path, key))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def spoilt(answer, path):
    found = copy.deepcopy(answer)
    inner = found
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] += 1
    return found


def refused(answer):
    try:
        return not check_answer(answer).holds
    except InputError:  # no answer at all
        return True


@pytest.mark.parametrize("path", OLDER, ids=lambda path: path.stem)
def test_an_older_answer_is_accepted_for_what_it_holds(path, rng):
    answer = json.loads(path.read_text())
    found = check_answer(answer)
    assert found.violations == ()
    assert set(found.not_checked) >= LACKING[path.stem.partition("-")[0]]
    free = {dotted.split(".")[0] for dotted in found.not_checked} | {"batched"}
    places = [place for place in numbers(answer) if place[0] not in free]
    for place in [places[k] for k in rng.permutation(len(places))[:25]]:
        assert refused(spoilt(answer, place)), place
    for key in set(answer) - {"time_limit", "seconds", "name", "reduced"}:
        assert refused({k: v for k, v in answer.items() if k != key}), key


@pytest.fixture(scope="module")
def newer():
    found = [
        qc.theory_region("epr", "two-node"),
        qc.theory_region("ghz", "cascade"),
        qc.theory_linear("sum-2-f2"),
    ]
    return [json.loads(json.dumps(one.to_json())) for one in found]


def test_a_newer_answer_may_lack_nothing(newer):
    for answer in newer:
        assert check_answer(answer).violations == ()
        for key in set(answer) - {"time_limit"}:
            assert refused({k: v for k, v in answer.items() if k != key}), key
        if "network" in answer:
            for key in ("measurements", "codebook"):
                left = copy.deepcopy(answer)
                del left["details"][key]
                assert refused(left), key


@pytest.mark.parametrize("value", [1, 3, "2", True])
def test_a_format_that_is_none_is_refused(newer, value):
    for answer in copy.deepcopy(newer):
        if "network" in answer:
            certificate = answer["certificate"]
            del certificate["sha256"]
            certificate["format"] = value
            certificate["sha256"] = digest(certificate)
        else:
            answer["format"] = value
        assert refused(answer)
