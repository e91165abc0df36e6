"""Plans: places and tiles by brute force, durations by hand, expectations against runs and limits."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from qiskit.providers.fake_provider import GenericBackendV2

from qcoord_hw import api
from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.execution import methods
from qcoord_hw.execution.expectation import apportion, work
from qcoord_hw.execution.forecast import REP_DELAY, Forecast, where_of
from qcoord_hw.execution.layout import choose_layout, expected_errors, ranked_layouts
from qcoord_hw.execution.run_description import describe, program_of
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.snapshot import GateCalibration, QubitCalibration, Snapshot
from qcoord_hw.execution.targets import fake_backends, resolve_target
from qcoord_hw.execution.tiling import tile
from qcoord_hw.families.games.analysis import analyse_game
from qcoord_hw.report.plan import Outlook
from qcoord_hw.statistics.shots import FIVE_SIGMA, fewest, shots_for_width
from tests.execution.test_layout import cost, device, line

EDGES = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0), (1, 4), (5, 6)]


def forecast(name: str, target: object, shots: int = 4096, **options: object) -> Forecast:
    built = api.build(name, shots, target=target, seed=1, **options)
    return Forecast.of(describe(built.experiment), program_of(built.experiment), built.spec, target)


@pytest.mark.parametrize("size", [2, 3])
def test_ranked_layouts_are_the_best_on_distinct_qubits(rng, size):
    snapshot, circuit = device(rng, EDGES, 7), line(size)
    best: dict[frozenset[int], float] = {}
    for layout in itertools.permutations(range(7), size):
        own = cost(layout, circuit, snapshot)
        best[frozenset(layout)] = min(own, best.get(frozenset(layout), np.inf))
    expected = sorted(value for value in best.values() if np.isfinite(value))
    found = ranked_layouts([circuit], snapshot, 100)
    assert [errors for errors, _ in found] == pytest.approx(expected)
    assert found[0][1] == choose_layout([circuit], snapshot)
    for errors, layout in found:
        assert errors == pytest.approx(best[frozenset(layout)])
        assert errors == pytest.approx(expected_errors(layout, [circuit], snapshot))
    assert ranked_layouts([circuit], snapshot, 2) == found[:2]


def test_disconnected_parts_are_ranked_by_the_place_of_the_largest(rng):
    snapshot = device(rng, EDGES, 7)
    circuit = line(2).tensor(line(2))
    found = ranked_layouts([circuit], snapshot, 5)
    chosen = expected_errors(choose_layout([circuit], snapshot), [circuit], snapshot)
    assert found[0][0] <= chosen + 1e-12  # which puts the largest part first, whatever it leaves
    assert len({frozenset(layout) for _, layout in found}) == len(found) > 1
    for errors, layout in found:
        assert errors == pytest.approx(expected_errors(layout, [circuit], snapshot))


def test_tiles_are_disjoint_and_leave_out_what_is_faulty(rng):
    snapshot, circuit = device(rng, EDGES, 7), line(2)
    whole = tile([circuit], snapshot)
    assert whole[0][1] == choose_layout([circuit], snapshot)
    assert all(set(a[1]).isdisjoint(b[1]) for a, b in itertools.combinations(whole, 2))
    assert len(whole) in (2, 3)  # greedy: all the pairs that there are, or one less
    rest = tile([circuit], snapshot, taken=(0, 1, 2))
    assert all({0, 1, 2}.isdisjoint(layout) for _, layout in rest)
    broken = replace(snapshot, gates=tuple(replace(g, error=1.0) for g in snapshot.gates[1:]))
    assert tile([circuit], broken) == []
    blind = QubitCalibration(6, 1e-4, 1e-4, 1.0, 1.0)
    unread = replace(snapshot, qubits=(*snapshot.qubits[:6], blind))
    assert all(6 not in layout for _, layout in tile([circuit], unread))
    lame = replace(snapshot, gates=(*snapshot.gates, GateCalibration("sx", (5,), 1e-8, 1.0)))
    assert all(5 not in layout for _, layout in tile([circuit], lame))


@pytest.mark.few(1)
@pytest.mark.parametrize(("name", "tiles"), [("fake_torino", 50), ("fake_fez", 62)])
def test_as_many_pairs_fit_as_were_counted_before(name, tiles):
    found = forecast("chsh", name).tiles()
    assert len(found) == tiles
    assert found[0][1] == forecast("chsh", name).prepared.layout


def test_the_duration_is_that_of_the_longest_circuit():
    plan = forecast("ghz-3", "fake_torino")
    layout, target = plan.prepared.layout, fake_backends()["fake_torino"]().target
    durations = []
    for circuit in plan.prepared.circuits:
        free = dict.fromkeys(range(len(layout)), 0.0)
        for i in circuit.data:
            qubits = [circuit.find_bit(q).index for q in i.qubits]
            end = max(free[q] for q in qubits)
            if i.operation.name != "barrier":
                end += target[i.operation.name][tuple(layout[q] for q in qubits)].duration
            free |= dict.fromkeys(qubits, end)
        durations.append(max(free.values()))
    found = plan.cost(plan.prepared)
    assert found.duration == pytest.approx(max(durations))
    assert found.two_qubit_gates == 2
    assert found.depth == max(circuit.depth() for circuit in plan.prepared.circuits)


def test_branches_count_with_the_longest():
    plan = forecast("broadcast-epr", "fake_torino")
    assert not plan.feeds_forward
    circuit = plan.prepared.circuits[0]
    branch = circuit.copy_empty_like()
    body, short = circuit.copy_empty_like(), circuit.copy_empty_like()
    for _ in range(9):
        body.sx(0)
    short.x(0)
    branch.measure(0, 0)
    branch.if_else((branch.clbits[0], 1), body, short, branch.qubits, branch.clbits)
    straight = circuit.copy_empty_like()
    straight.measure(0, 0)
    for _ in range(9):
        straight.sx(0)
    durations = [plan.cost(replace(plan.prepared, circuits=(one,))).duration for one in (branch, straight)]
    assert durations[0] == durations[1] is not None


def test_expected_counts_are_shares_of_the_shots():
    plan = forecast("chsh", "fake_manila")
    expected = plan.expect()
    for shots in (1, 10, 4096, 10**9):
        record = expected.record(shots)
        assert [chunk.shots for chunk in record.plan] == [shots] * 4
        assert all(sum(record.counts[c.id].values()) == shots for c in record.plan)
    simulator = Simulator(plan.prepared.simulated, plan.prepared.settings, plan.prepared.snapshot)
    counts = expected.record(10**9).counts
    for k in range(4):
        shares = [counts[k].get(format(i, "02b"), 0) / 1e9 for i in range(4)]
        assert shares == pytest.approx(simulator.probabilities(k, 0), abs=1e-8)
    assert expected.draw(100, 3).counts == expected.draw(100, 3).counts != expected.draw(100, 4).counts


def test_limits_without_noise_and_without_information():
    plan = forecast("chsh", "fake_manila")
    ideal, mixed = (analyse_game(e.record(10**6)).estimates[0].best for e in (plan.ideal(), plan.mixed()))
    assert ideal == pytest.approx(0.5 + 8**-0.5, abs=1e-5)
    assert mixed == 0.5


def test_apportioned_shots_sum_up(rng):
    for _ in range(20):
        weights, shots = rng.random(7), int(rng.integers(1, 100))
        found = apportion(weights, shots)
        assert found.sum() == shots
        assert np.abs(found - weights / weights.sum() * shots).max() < 1


def test_shots_follow_the_width_of_intervals():
    law = {n: 0.01 + 3 / n**0.5 + 20 / n for n in (2**14, 2**18, 2**22)}
    found = shots_for_width(law, 0.11)
    assert found is not None
    assert 0.01 + 3 / found**0.5 + 20 / found <= 0.11 < 0.01 + 3 / (found - 1) ** 0.5 + 20 / (found - 1)
    assert shots_for_width(law, 0.0099) is None
    assert shots_for_width({n: 0.0 for n in law}, 0.1) == 1
    assert fewest(lambda shots: True, 1000) == 1
    assert 5000 <= fewest(lambda shots: shots >= 5000, 10**6) <= 5250


@pytest.mark.slow
def test_most_runs_decide_at_the_shots_for_a_verdict_and_few_at_half():
    outlook = Outlook(forecast("broadcast-epr", "fake_torino"))
    shots = outlook.shots_for_verdict()
    assert shots is not None
    assert outlook.here is not None
    each, above = shots // outlook.forecast.circuits, {}
    for n in (each * 2, each // 2):
        drawn = [outlook.figure(outlook.here.draw(n, 50 + k), 1 - 2 * FIVE_SIGMA) for k in range(8)]
        above[n] = sum(e.low > e.bound.value for e in drawn)
    assert above[each * 2] == 8
    assert above[each // 2] <= 2


def test_interpolated_figures_are_near_simulated_ones():
    outlook = Outlook(forecast("chsh", "fake_torino"))
    for place in outlook.forecast.candidates(4)[1:]:
        found = outlook.at([place])[0]
        assert found.method == "simulated"
        assert outlook.interpolated(place[0]) == pytest.approx(found.expected, abs=0.01)


def test_the_work_grows_with_the_circuits():
    sizes = [work(f.prepared, range(len(f.program.settings))) for f in (forecast("chsh", "fake_torino"),)]
    sizes += [forecast("ghz-6", "fake_torino").work]
    assert 0 < sizes[0] < sizes[1] < 60


def test_devices():
    assert where_of("aer").snapshot is None
    scaled, plain = where_of("fake_manila_x2"), where_of("fake_manila")
    assert scaled.name == "fake_manila_x2"
    assert scaled.snapshot == plain.snapshot.scaled(2.0) != plain.snapshot
    assert plain.rep_delay == (250e-6, "the default of fake_manila")
    other = where_of(GenericBackendV2(5, coupling_map=[[0, 1], [1, 2], [2, 3], [3, 4]], seed=1))
    assert not other.simulated
    assert other.rep_delay[0] == REP_DELAY
    with pytest.raises(InputError, match="target: unknown"):
        where_of("fake_nowhere")
    with pytest.raises(InputError, match="target: unknown"):
        where_of("nowhere")


def test_any_backend_is_planned_for():
    backend = GenericBackendV2(5, coupling_map=[[0, 1], [1, 2], [2, 3], [3, 4]], seed=1)
    found = api.plan("ghz-3", target=backend)
    assert found["tiles"] == 0  # none can be asked for there
    assert found["executions"] == 4 * 4096 + found["known_answer"]
    assert found["qpu_seconds"] == pytest.approx(found["executions"] * (250e-6 + found["duration_us"] / 1e6))
    assert 0.9 < found["expected"] < 1
    assert any("states none" in note for note in found["notes"])


def test_what_nothing_can_simulate_has_no_figure_on_a_device_and_is_refused_on_a_simulator(monkeypatch):
    for limit in ("MAX_DENSITY_MATRIX", "MAX_LARGE_DENSITY_MATRIX", "MAX_TRAJECTORIES", "MAX_MPS"):
        monkeypatch.setattr(methods, limit, 1)
    with pytest.raises(TooLargeError, match="connected qubits"):
        api.plan("chsh", target="fake_manila")
    backend = GenericBackendV2(5, coupling_map=[[0, 1], [1, 2], [2, 3], [3, 4]], seed=1)
    found = api.plan("chsh", target=backend)
    assert found["figures"] == {}
    assert [found[key] for key in ("expected", "figure", "shots_for_verdict", "bound")] == [None] * 4
    assert found["qpu_seconds"] > 4.09
    errors = [row["errors"] for row in found["ranked"]]
    assert errors == sorted(errors)
    assert all(row["expected"] is row["method"] is None for row in found["ranked"])


def test_shares_of_settings():
    drawn = forecast("chsh", "fake_manila", random_questions=True)
    assert drawn.shares.tolist() == [1, 1, 1, 1]
    assert drawn.circuits == 4
    plain = forecast("chsh", "fake_manila")
    assert len(drawn.jobs()) > len(plain.jobs()) == 1  # single shots: many circuits per job
    assert len(plain.jobs(4)) == 4


def test_snapshot_without_couplings_is_no_device():
    toy = Snapshot("toy", "1", "", 2, tuple(QubitCalibration(q, 1e-4, 1e-4, 0, 0) for q in range(2)), ())
    assert tile([line(2)], toy) == []


@pytest.mark.slow
def test_a_layout_that_is_ranked_can_be_asked_for(tmp_path):
    """Also where the circuit needs swaps, which only the qubits of a plan make possible."""
    task = tmp_path / "t.json"
    task.write_text('{"name": "t", "field": 3, "servers": {"A": [[1],[0]], "B": [[2],[1]], "C": [[1],[1]]}}')
    plan = api.plan(task, target="fake_torino", shots=16, seed=1, parameters={"inputs": 1})
    built = api.build(task, 16, plan["ranked"][1]["layout"], {"inputs": 1}, target="fake_torino", seed=1)
    prepared = resolve_target("fake_torino").prepare(program_of(built.experiment), built.spec.layout)
    assert list(prepared.layout) == plan["ranked"][1]["layout"]
    with pytest.raises(InputError, match="not coupled"):
        api.plan("chsh", target="fake_torino", layout=[0, 70])
