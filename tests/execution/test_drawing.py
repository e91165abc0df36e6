"""Blocks of shots that are drawn together have the counts that each has alone, and none waits for another."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw import record
from qcoord_hw.api import build
from qcoord_hw.execution import drawing, simulate, targets
from qcoord_hw.execution.run_description import program_of
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.targets import Request, resolve_target


@pytest.fixture(
    scope="module", params=[("chsh", "fake_manila", 2), ("magic-square", "aer", 1), ("sum-2-f3", "aer", 1)]
)
def prepared(request):
    name, target, rounds = request.param
    built = build(name, parameters={"rounds": rounds} if rounds > 1 else None, seed=0)
    return resolve_target(target).prepare(program_of(built.experiment), ())


def test_generators_are_those_of_their_seeds(rng):
    edges = [0, 1, 2**32 - 1, 2**32, 2**63, 2**64 - 1]
    seeds = edges + rng.integers(2**64, size=200, dtype=np.uint64).tolist()
    for one, seed in zip(drawing.generators(seeds), seeds, strict=True):
        fresh = np.random.default_rng(seed)
        assert one.bit_generator.state == fresh.bit_generator.state
        assert one.integers(7, size=5).tolist() == fresh.integers(7, size=5).tolist()  # half a word is left


def one_by_one(prepared, requests):
    """Return counts as they were drawn when each block was drawn alone, part by part."""
    simulator, found = Simulator(prepared.simulated, prepared.settings, prepared.snapshot), []
    for one in requests:
        rng, circuit = np.random.default_rng(one.seed), prepared.settings[one.setting].circuit
        parts, width = simulator._parts[circuit], prepared.circuits[circuit].num_clbits
        drawn = [
            rng.multinomial(one.shots, simulator.probabilities(one.setting, p)) for p in range(len(parts))
        ]
        rows = np.zeros((one.shots, width), dtype=int)
        for part, times in zip(parts, drawn, strict=True):
            outcomes = np.repeat(np.arange(len(times)), times)
            bits = outcomes[:, None] >> np.arange(len(part.clbits))[::-1] & 1
            rows[:, list(part.clbits)] = bits if len(parts) == 1 else bits[rng.permutation(len(bits))]
        words, often = np.unique(["".join(map(str, row)) for row in rows], return_counts=True)
        found.append(dict(zip(words.tolist(), often.tolist(), strict=True)))
    return found


def requests_of(prepared, blocks=3):
    settings = range(len(prepared.settings))
    return [Request(b, s, 1 + 17 * b + s % 5, 1000 * b + s) for b in range(blocks) for s in settings]


def test_what_is_drawn_together_is_what_each_is_alone(prepared, monkeypatch):
    requests = requests_of(prepared)
    groups = list(resolve_target("aer").executor(prepared).in_groups(requests))
    assert list(chain.from_iterable(groups)) == one_by_one(prepared, requests)
    assert all(list(one) == sorted(one) for one in chain.from_iterable(groups))
    assert len(groups) < len(requests) / 2 or len(prepared.settings) == 1
    monkeypatch.setattr(targets, "AT_ONCE", 0)
    alone = list(resolve_target("aer").executor(prepared).in_groups(requests))
    assert [len(group) for group in alone] == [1] * len(requests)
    assert list(chain.from_iterable(alone)) == list(chain.from_iterable(groups))


def test_a_group_ends_before_what_has_to_be_simulated_first(prepared, monkeypatch):
    """What is counted is written before a simulation begins, which may take long."""
    draw, sizes = Simulator.counts_of, []

    def look(self, asked):
        assert all(self.is_ready(setting) for setting, _, _ in asked[1:])
        sizes.append((len(asked), self.is_ready(asked[0][0])))
        return draw(self, asked)

    monkeypatch.setattr(Simulator, "counts_of", look)
    list(resolve_target("aer").executor(prepared).execute(requests_of(prepared)))
    assert sizes[0] == (1, False)
    assert max(sizes)[0] > 1


def test_wide_outcomes_are_drawn_one_by_one(prepared, monkeypatch):
    requests = requests_of(prepared)
    before = list(resolve_target("aer").executor(prepared).execute(requests))
    monkeypatch.setattr(simulate, "MAX_WIDTH", 0)
    assert list(resolve_target("aer").executor(prepared).execute(requests)) == before


def test_outcomes_of_draws_are_counted_apart():
    drawn = [np.array([3, 0, 3]), np.array([], dtype=np.int64), np.array([2])]
    assert drawing.tabulated(drawn, 2) == [{"00": 1, "11": 2}, {}, {"10": 1}]
    assert drawing.codes([2, 0], 3).tolist() == [0, 4, 1, 5]


def test_a_chunk_that_was_told_of_is_on_the_disk(tmp_path, monkeypatch):
    """Whatever ends the process when progress is told, what it was told of is in the record."""
    monkeypatch.setattr(targets, "AT_ONCE", 40)

    def stop(done, planned):
        if done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        qc.run("chsh", shots=80, seed=3, runs=tmp_path, progress=stop)
    (path,) = tmp_path.iterdir()
    assert len(record.read(path).counts) >= 9
    whole = qc.run("chsh", shots=80, seed=3, runs=tmp_path / "other").record.counts
    assert qc.collect(path).record.counts == whole
