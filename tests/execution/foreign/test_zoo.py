"""Every foreign target is read rightly, or ends in one line that says whose fault it is."""

from __future__ import annotations

import pytest
from qiskit_aer import AerSimulator

import qcoord_hw as qc
from qcoord_hw.errors import QcoordError, TargetError
from qcoord_hw.execution.foreign.known import MIN_SHOTS
from tests.execution.foreign import zoo

pytestmark = pytest.mark.filterwarnings("ignore:.*has no QubitProperties:UserWarning")


@pytest.mark.few(7)
@pytest.mark.parametrize("habit", zoo.GOOD)
def test_what_can_be_read_is_read_rightly(habit):
    result = qc.run("magic-square", target=zoo.GOOD[habit](), shots=20, seed=3)  # wins every round
    assert result["win_probability"].best == 1
    assert result.record.sealed
    answer = result.summary["known_answer"]
    assert answer["counts"] == {answer["expected"]: MIN_SHOTS}
    assert qc.load_run(result.path).summary["known_answer"] == answer


@pytest.mark.few(12)
@pytest.mark.parametrize("habit", [*zoo.BAD, *(f"sampler: {name}" for name in zoo.BAD_SAMPLERS)])
def test_what_cannot_be_read_ends_in_one_line_and_no_estimate(habit, runs_dir):
    make = {**zoo.BAD, **{f"sampler: {name}": made for name, made in zoo.BAD_SAMPLERS.items()}}[habit]
    with pytest.raises(TargetError) as caught:
        qc.run("chsh", target=make(), shots=800, seed=1)
    line = str(caught.value)
    assert line.startswith("target ")
    assert "\n" not in line
    assert len(line) < 400
    for path in runs_dir.iterdir() if runs_dir.exists() else ():
        left = qc.load_run(path)  # readable, never "altered"
        assert left.summary["state"] == "unfinished"
        assert left.estimates == ()
        left.table()
        left.html()


@pytest.mark.parametrize("habit", ["all zeros", "fewer shots", "run raises", "letters"])
def test_few_shots_are_judged_by_a_known_answer_of_many(habit):
    """Chunks of two shots decide nothing, so the circuit whose answer is known gets a job of its own."""
    with pytest.raises(TargetError):
        qc.run("chsh", target=zoo.BAD[habit](), shots=16, seed=1)


@pytest.mark.parametrize("habit", ["target raises", "run raises"])
def test_no_exception_of_a_provider_leaves_plan(habit):
    assert ended_well(qc.plan, zoo.BAD[habit]())


ATTRIBUTES = ("name", "target", "options", "num_qubits", "max_circuits", "backend_version", "properties")
ATTRIBUTES += ("configuration", "coupling_map", "operation_names", "dt", "description", "run")
ATTRIBUTES += ("get_translation_stage_plugin", "get_scheduling_stage_plugin", "qubit_properties", "status")


@pytest.mark.few(8)
@pytest.mark.parametrize(
    ("attribute", "value"),
    [(attribute, value) for attribute in ATTRIBUTES for value in ("raises", None, 7)],
)
def test_no_attribute_of_a_backend_is_taken_on_trust(attribute, value):
    """Whatever one attribute of a backend is: a run, a plan, or one line."""

    def broken(self):
        raise RuntimeError("no\nsuch thing")

    found = property(broken if value == "raises" else lambda self: value, lambda self, new: None)
    odd = type("Odd", (zoo.DdsimLike,), {attribute: found})
    for call in (qc.run, qc.plan):
        assert ended_well(call, odd())


def ended_well(call, target):
    """Return whether something ran, or ended in one line that is not too long."""
    try:
        call("chsh", target=target, shots=8)
    except QcoordError as error:
        return "\n" not in str(error) and len(str(error)) < 400
    return True


def test_fewer_shots_are_the_targets_fault_and_what_came_is_kept(runs_dir):
    """Complete chunks stay; the short one is kept beside them; the same run ends well on a sound target."""

    class Tired(AerSimulator):
        jobs = 0

        def run(self, circuits, **options):
            self.jobs += 1
            result = AerSimulator.run(self, circuits, **options).result()
            if self.jobs == 3:
                zoo.fewer(result.results[2], circuits[2])
            return zoo.Done(result)

    with pytest.raises(
        TargetError, match=r"returned 99 shots .* where 100 were asked for.*target is at fault"
    ):
        qc.run("chsh", target=Tired(), shots=800, seed=1)
    (path,) = runs_dir.iterdir()
    left = qc.load_run(path)
    assert left.summary["chunks"] == {"planned": 32, "done": 11}
    assert "99 shots" in left.table()
    (note,) = [note for note in left.record.notes if note["event"] == "refused"]
    assert sum(note["counts"].values()) == 99
    assert note["chunk"] not in left.record.counts
    done = qc.collect(path, target=AerSimulator())
    whole = qc.run("chsh", target=AerSimulator(), shots=800, seed=1)
    assert done.record.sealed
    assert {k: n for k, n in done.record.counts.items() if k != note["chunk"]} == {
        k: n for k, n in whole.record.counts.items() if k != note["chunk"]
    }
    assert qc.verify(path)["ok"]


def test_where_the_known_answer_does_not_come_nothing_is_counted(runs_dir):
    with pytest.raises(TargetError, match=r"answers 0 0 to the circuit whose answer is 0 1 ") as caught:
        qc.run("chsh", target=zoo.BAD["all zeros"](), shots=800, seed=1)
    assert caught.value.exit_code == 3
    (path,) = runs_dir.iterdir()
    left = qc.load_run(path)
    assert left.summary["chunks"]["done"] == 0
    assert left.summary["known_answer"] == {"expected": "01", "observed": "00", "counts": {"00": 100}}
    assert len(left.record.notes) == 5  # the answer, and the four circuits that came with it
    done = qc.collect(path, target=AerSimulator())
    assert done["win_probability"].best > 0.8
    assert done.summary["known_answer"]["observed"] == "01"


@pytest.mark.few(8)
@pytest.mark.parametrize("shots", [200, 500], ids=["a job of its own for the known answer", "with others"])
@pytest.mark.parametrize("order", ["reversed", "turned", "known answer in its place", "later jobs alone"])
@pytest.mark.parametrize("name", [None, "circuit", "known-answer"])
def test_where_names_say_nothing_the_order_is_not_relied_on(order, name, shots):
    """Such a backend gets its circuits one by one, whatever the order of its results."""

    class Mixed(zoo.Aer):
        jobs = 0

        def run(self, circuits, **options):
            self.jobs += 1
            circuits, mixed = list(circuits), list(circuits)
            if order == "reversed" or order == "later jobs alone" and self.jobs > 1:
                mixed.reverse()
            elif order == "turned":
                mixed = mixed[1:] + mixed[:1]
            elif order == "known answer in its place":
                mixed[:-1] = reversed(mixed[:-1])
            result = super().run(mixed, **options).result()
            for entry in result.results:
                entry.header = {} if name is None else {**entry.header, "name": name}
            return zoo.Done(result)

    found = qc.run("sum-2-f2", target=Mixed(), shots=shots, seed=1, parameters={"inputs": "all"})
    assert found["success_probability"].best == 1
    assert qc.verify(found.path)["ok"]


def test_only_where_names_say_nothing_there_are_more_jobs():
    calls = []

    def counting(change):
        class Counting(zoo.Habit):
            def run(self, circuits, **options):
                calls.append(len(circuits))
                return super().run(circuits, **options)

            def change(self, result, circuits):
                change(result)

        return Counting()

    def nameless(result):
        for entry in result.results:
            entry.header = {}

    for change in (lambda result: None, zoo.shuffled):
        calls.clear()
        qc.run("chsh", target=counting(change), shots=800, seed=1)
        assert calls == [5] + [4] * 7
    calls.clear()
    found = qc.run("chsh", target=counting(nameless), shots=800, seed=1)
    assert calls == [5] + [1] * 33
    assert len(found.record.notes) == 5
    assert "one by one" in found.table()
    calls.clear()
    qc.run("chsh", target=counting(nameless), shots=80, seed=1)
    assert calls == [1] * 33
