"""How candidates are compared, where what is expected of each is known."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.families.base import Candidate
from qcoord_hw.report import choice
from qcoord_hw.statistics.estimate import Estimate
from qcoord_hw.theory.value import Value


def estimate(name, best, *, ideal=1.0, bound=0.5, better="more", headline=True, origin="counted"):
    return Estimate(
        name=name,
        low=best,
        best=best,
        high=best,
        method="exact",
        confidence=0.95,
        shots=1,
        theory=None if ideal is None else Value(ideal, "exact", "here"),
        bound=None if bound is None else Value(bound, "exact", "here"),
        title=name,
        better=better,
        headline=headline,
        origin=origin,
    )


def trial(name, *estimates, usage=None, copies=1, gates=1, target="here", refused="", twin="", same=True):
    """Return a candidate of which these figures are expected."""
    candidate = Candidate(name, f"way {name}", lambda: None, same)
    if refused:
        return choice.Trial(candidate, target, f"run {name}", refused=refused)
    forecast = SimpleNamespace(
        estimates=estimates,
        description={"name": name, "usage": usage or {}, "copies": copies, "play": {"kind": "k"}},
        program=SimpleNamespace(circuits=[SimpleNamespace(num_qubits=gates + 1)]),
        prepared=SimpleNamespace(layout=(0,)),
        cost=lambda prepared: SimpleNamespace(two_qubit_gates=gates),
        is_exact=True,
    )
    return choice.Trial(candidate, target, f"run {name}", forecast, twin=twin)


@pytest.fixture
def compare(monkeypatch):
    """Return what compares trials, and the names of those that were computed."""
    computed = []

    def outlook(forecast):
        computed.append(forecast.description["name"])
        if forecast.description["name"] == "large":
            raise TooLargeError("large: too many qubits\nsecond line")
        main = next((one for one in forecast.estimates if one.headline), None)
        return SimpleNamespace(estimates=forecast.estimates, main=main)

    monkeypatch.setattr(choice, "Outlook", outlook)
    monkeypatch.setattr(choice, "expected_kind", lambda forecast: "noise model")
    monkeypatch.setattr(choice, "_estimated", lambda forecast: forecast.estimates[0])

    def compared(*trials, within_rates=False):
        return choice.compare_candidates("e", trials, within_rates=within_rates)

    compared.computed = computed
    return compared


def test_the_best_is_first_on_each_target_and_the_others_say_what_they_lost(compare):
    found = compare(
        trial("a", estimate("f", 0.7, ideal=0.8), gates=4),
        trial("b", estimate("f", 0.75, ideal=0.9), gates=9),
        trial("c", refused="it does not fit"),
        trial("a", estimate("f", 0.79, ideal=0.8), target="there"),
        trial("b", estimate("f", 0.78, ideal=0.9), target="there"),
    )
    assert [(c.target, c.name, c.rank) for c in found.candidates] == [
        ("here", "b", 1),
        ("here", "a", 2),
        ("here", "c", None),
        ("there", "a", 1),
        ("there", "b", 2),
    ]
    assert [found.best(t).name for t in ("here", "there")] == ["b", "a"]
    first, second, third = found.on("here")
    assert first.why == "the best, by 0.0500"
    assert second.why == (
        "0.0500 behind b: 0.8000 without errors against 0.9000, of which errors take 0.1000 against 0.1500 "
        "(two-qubit gates 4 against 9, qubits 5 against 10)"
    )
    assert (third.why, third.expected, third.command) == ("it does not fit", None, "run c")
    assert (first.expected, first.ideal, first.classical, first.kind) == (0.75, 0.9, 0.5, "noise model")
    assert "run the best: run b" in found.table()
    assert "not c: it does not fit" in found.table()
    with pytest.raises(InputError, match="runs on nowhere: there is no such target"):
        found.best("nowhere")


def test_less_may_be_better(compare):
    found = compare(
        trial("a", estimate("t", 0.3, better="less")), trial("b", estimate("t", 0.2, better="less"))
    )
    assert [c.name for c in found.candidates] == ["b", "a"]
    assert found.better == "less"


def test_what_loses_to_the_bound_says_so(compare):
    assert "does not beat the bound" in compare(trial("a", estimate("f", 0.4))).best().why
    assert "does not beat" not in compare(trial("a", estimate("f", 0.6))).best().why
    assert "does not beat" in compare(trial("a", estimate("t", 0.6, better="less"))).best().why


def test_another_task_is_ranked_and_never_taken(compare):
    found = compare(trial("a", estimate("f", 0.7)), trial("b", estimate("f", 0.8), same=False))
    assert [(c.name, c.rank) for c in found.candidates] == [("b", 1), ("a", 2)]
    assert found.best().name == "a"
    assert found.candidates[0].why.startswith("it does not do what was asked; 0.1000 ahead of a")


def test_twins_are_computed_once(compare):
    found = compare(
        trial("a", estimate("f", 0.7)),
        trial("b", estimate("f", 0.9)),
        trial("c", estimate("f", 0.1), twin="b"),
    )
    assert compare.computed == ["a", "b"]
    assert {c.name: c.expected for c in found.candidates} == {"a": 0.7, "b": 0.9, "c": 0.9}
    assert "the same circuits as b" in found.candidates[1].why


def test_of_many_the_most_promising_are_computed(compare, monkeypatch):
    monkeypatch.setattr(choice, "MOST", 2)
    found = compare(*(trial(f"c{k}", estimate("f", 0.6 + k / 100)) for k in range(4)))
    assert compare.computed == ["c3", "c2"]
    assert [(c.name, c.kind) for c in found.candidates] == [
        ("c3", "noise model"),
        ("c2", "noise model"),
        ("c1", "estimated"),
        ("c0", "estimated"),
    ]
    assert "expected number of errors alone" in found.candidates[2].why


def test_what_cannot_be_computed_or_has_another_figure_is_not_ranked(compare):
    found = compare(
        trial("a", estimate("f", 0.7), estimate("g", 0.1, headline=False)),
        trial("large", estimate("f", 0.9)),
    )
    assert [(c.name, c.rank, c.why) for c in found.candidates[1:]] == [
        ("large", None, "large: too many qubits second line")
    ]
    mixed = compare(
        trial("a", estimate("f", 0.7), estimate("g", 0.1, headline=False)), trial("b", estimate("g", 0.2))
    )
    assert mixed.figure == "g"  # that which both have
    assert [c.name for c in mixed.candidates] == ["b", "a"]
    apart = compare(trial("a", estimate("f", 0.7)), trial("b", estimate("g", 0.2)))
    assert apart.candidates[1].why == "its figure is g, which is not compared with f"


def test_mitigated_figures_are_not_compared(compare):
    twice = [estimate("m", 0.9, headline=False, origin="mitigated"), estimate("x", 0.5, headline=False)]
    found = compare(trial("a", estimate("f", 0.7), *twice), trial("b", estimate("g", 0.7), *twice))
    assert found.figure == "x"


LINK = {"A->B": {"qubits": 2, "log2_dim": 2.0, "bits": 0}}


def test_codes_are_ranked_within_a_rate_by_the_copy(compare):
    """Two copies of .81 together are .9 each; one at half the rate is on the frontier, a worse one not."""
    found = compare(
        trial("own", estimate("f", 0.81), usage=LINK, copies=2),
        trial("one", estimate("f", 0.85), usage={"A->B": {"qubits": 1, "log2_dim": 1.0}}, copies=1),
        trial("half", estimate("f", 0.5), usage={"A->B": {"qubits": 1, "log2_dim": 1.0}}, copies=2),
        trial("more", estimate("f", 0.8), usage={"A->B": {"qubits": 2, "log2_dim": 2.0}}, copies=1),
        within_rates=True,
    )
    assert [(c.name, c.rank, c.frontier) for c in found.candidates] == [
        ("own", 1, True),
        ("one", 2, False),
        ("half", 1, True),
        ("more", 1, False),
    ]
    assert found.candidates[0].per_copy == pytest.approx(0.9)
    assert found.candidates[0].rates["A->B"]["qubits"] == 1
    assert "at A->B 0.5 qubits a copy:" in found.table()
    assert compare(trial("own", estimate("f", 0.81), copies=2)).candidates[0].per_copy is None
