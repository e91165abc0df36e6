"""How the cases of a walk are spread over the suites: the marker `few`."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest

from tests.conftest import spread, suites

NAMES = [f"case {k}" for k in range(60)]


def cases(mark: pytest.MarkDecorator, names: list[str] = NAMES) -> list[SimpleNamespace]:
    """What stands for the items of one test that has this marker."""
    return [
        SimpleNamespace(
            callspec=SimpleNamespace(id=name), nodeid=name, get_closest_marker=lambda _: mark.mark
        )
        for name in names
    ]


def test_each_case_is_in_one_suite():
    found = suites(cases(pytest.mark.few(7, slow=20)))
    assert Counter(found) == {"": 7, "slow": 20, "exhaustive": 33}
    assert Counter(suites(cases(pytest.mark.few(7)))) == {"": 7, "slow": 53}
    assert Counter(suites(cases(pytest.mark.few(0, slow=2)))) == {"slow": 2, "exhaustive": 58}
    assert set(suites(cases(pytest.mark.few(100)))) == {""}


def test_names_choose():
    found = suites(cases(pytest.mark.few(("case 3", "case 5"))))
    assert [k for k, suite in enumerate(found) if not suite] == [3, 5]
    found = suites(cases(pytest.mark.few(2, slow=("case 7", "case 8"))))
    assert Counter(found) == {"": 2, "slow": 2, "exhaustive": 56}
    for wrong in pytest.mark.few(("case 3", "case 60")), pytest.mark.few(1, slow=["case 60"]):
        with pytest.raises(pytest.UsageError, match=r"no case is called \['case 60'\]"):
            suites(cases(wrong))


def test_a_case_that_is_asked_for_alone_runs():
    assert suites(cases(pytest.mark.few(("another",)), ["case 3"])) == [""]


@pytest.mark.parametrize("period", [2, 3, 4, 5])
def test_they_are_spread_whatever_the_cases_are_a_product_of(period):
    chosen = [NAMES.index(name) for name in spread(NAMES, 3 * period)]
    assert 0 in chosen
    assert len(set(chosen)) == 3 * period
    assert {k % period for k in chosen} == set(range(period))
    assert {3 * k // len(NAMES) for k in chosen} == {0, 1, 2}
