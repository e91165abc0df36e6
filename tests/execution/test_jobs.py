"""How chunks become jobs, and how the bits of a result become counts."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from qiskit.circuit import ClassicalRegister, QuantumCircuit
from qiskit.primitives import BitArray

from qcoord_hw.errors import InputError
from qcoord_hw.execution.devices.base import Limits, UnreadableError
from qcoord_hw.execution.job_results import check_result, drawn_shots, first_shots
from qcoord_hw.execution.jobs import plan_jobs
from qcoord_hw.execution.schedule import make_plan, on_tiles
from qcoord_hw.record import Chunk
from qcoord_hw.spec import MAX_SHOTS

MAX_PUBS = Limits().circuits


def chunks(*shots: int, per_block: int = 4) -> list[Chunk]:
    return [Chunk(k, k // per_block, 0, n, 0) for k, n in enumerate(shots)]


@pytest.mark.parametrize("least", [1, 2, 3, 5, 50])
def test_equal_chunks_are_split_at_blocks_into_as_many_jobs(least):
    plan = make_plan(3, 80, 8, seed=1, name="x", equal=True)
    jobs = plan_jobs(plan, least)
    assert len(jobs) == min(least, 8)
    assert [c for job in jobs for c in job.chunks] == [chunk.id for chunk in plan]
    assert {job.shots for job in jobs} == {10}
    assert len({job.tag for job in jobs}) == len(jobs)
    blocks = {chunk.id: chunk.block for chunk in plan}
    owner = {blocks[c]: job.tag for job in jobs for c in job.chunks}
    assert all(owner[blocks[c]] == job.tag for job in jobs for c in job.chunks)


def test_two_plans_never_share_a_tag():
    plan = chunks(5, 5)
    assert not {j.tag for j in plan_jobs(plan)} & {j.tag for j in plan_jobs(plan)}


def test_unequal_chunks_are_covered_with_little_to_spare(rng):
    for _ in range(50):
        sizes = rng.integers(1, 2000, size=rng.integers(1, 40)).tolist()
        jobs = plan_jobs(chunks(*sizes))
        for k, size in enumerate(sizes):
            own = [job for job in jobs if k in job.chunks]
            assert len(own) == 1  # the parts of a chunk stay together
            spare = own[0].chunks.count(k) * own[0].shots - size
            assert 0 <= spare < own[0].shots
        executed = sum(len(job.chunks) * job.shots for job in jobs)
        assert executed <= len(sizes) * max(sizes)


def test_a_job_stays_within_its_limits():
    many = plan_jobs(chunks(*[1] * (3 * MAX_PUBS + 1)))
    assert [len(job.chunks) for job in many] == [MAX_PUBS] * 3 + [1]
    large = plan_jobs(chunks(MAX_SHOTS, MAX_SHOTS))
    assert [len(job.chunks) * job.shots for job in large] == [MAX_SHOTS] * 2
    assert plan_jobs([]) == ()
    with pytest.raises(InputError, match="shots: 10000001 of one circuit in a block"):
        plan_jobs(chunks(MAX_SHOTS + 1, 5))


def test_counts_are_those_of_the_first_shots(rng):
    registers = [ClassicalRegister(3, "a"), ClassicalRegister(11, "b")]
    pubs, words = [], []
    for shots in (40, 25):
        pub = {}
        columns = []
        for register in registers:
            bits = rng.integers(0, 2, size=(shots, register.size)).astype(bool)
            array = BitArray.from_bool_array(bits, order="little")
            pub[register.name] = {
                "bits": register.size,
                "shots": shots,
                "base64": base64.b64encode(array.array.tobytes()).decode(),
            }
            columns.append(bits)
        pubs.append(pub)
        words += ["".join("01"[int(b)] for b in row) for row in np.concatenate(columns, axis=1)]
    expected: dict[str, int] = {}
    for word in words[:50]:
        expected[word] = expected.get(word, 0) + 1
    assert first_shots(registers, pubs, 50) == expected
    with pytest.raises(ValueError, match="65 of 66 shots"):
        first_shots(registers, pubs, 66)


def test_tiles_have_chunks_and_seeds_of_their_own():
    plan = make_plan(4, 100, 5, seed=2, name="x")
    tiled = on_tiles(plan, 3)
    assert on_tiles(plan, 1) == plan
    assert [c for c in tiled if c.tile == 0] == list(plan)
    assert sorted(c.id for c in tiled) == list(range(60))
    assert len({c.seed for c in tiled}) == 60
    for c in tiled:
        base = next(b for b in plan if b.id == c.id % len(plan))
        assert (c.block, c.setting, c.shots) == (base.block, base.setting, base.shots)


def test_counts_of_histograms_are_drawn_without_replacement(rng):
    words = [f"{k:04b}" for k in range(16)]
    draws = rng.multinomial(100, [1 / 16] * 16, size=2)
    histograms = [{w: int(n) for w, n in zip(words, row, strict=True) if n} for row in draws]
    together = {w: sum(h.get(w, 0) for h in histograms) for w in words}
    assert drawn_shots(histograms, 200, 0, slice(0, 4)) == {w: n for w, n in together.items() if n}
    drawn = [drawn_shots(histograms, 60, seed, slice(0, 4)) for seed in range(200)]
    assert drawn[0] == drawn_shots(histograms, 60, 0, slice(0, 4))
    for one in drawn:
        assert sum(one.values()) == 60
        assert all(n <= together[w] for w, n in one.items())
    for word, n in together.items():
        mean = np.mean([one.get(word, 0) for one in drawn])
        assert abs(mean - n * 60 / 200) < 5 * np.sqrt(n * 0.3 * 0.7 / 200) + 1e-9
    assert drawn_shots([{"0110": 7}], 7, 0, slice(1, 3)) == {"11": 7}
    with pytest.raises(ValueError, match="200 of 201 shots"):
        drawn_shots(histograms, 201, 0, slice(0, 4))


@pytest.mark.parametrize("circuits", [1, 2, 7])
@pytest.mark.parametrize("shots", [10, 50, 60])
def test_the_known_answer_is_in_one_job(circuits, shots):
    plan = make_plan(3, 4 * shots, 4, seed=1, name="x", equal=True)
    jobs = plan_jobs(plan, 1, Limits(circuits=circuits), known_answer=True)
    assert [job.known_answer for job in jobs] == [True] + [False] * (len(jobs) - 1)
    assert jobs[0].shots >= 50
    assert all(len(job.chunks) + job.known_answer <= circuits for job in jobs)
    assert [c for job in jobs for c in job.chunks] == [chunk.id for chunk in plan]
    assert len(plan_jobs([], known_answer=True)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"counts": []},
        {"counts": [{"00": 5}, {}]},
        {"counts": [{"00": 4}]},
        {"counts": [{"000": 5}]},
        {"counts": [{"00": 5.0}]},
        {"counts": [["00"]]},
        {"pubs": [{}]},
        {"pubs": [{"a": {"shots": 5, "base64": "AAAA"}}]},
        [],
    ],
)
def test_a_result_that_is_not_whole(body):
    circuit = QuantumCircuit(ClassicalRegister(2, "a"))
    with pytest.raises(UnreadableError, match="not whole"):
        check_result(json.dumps(body).encode(), [circuit], 5)
    check_result(json.dumps({"counts": [{"00": 2, "11": 3}]}).encode(), [circuit], 5)
