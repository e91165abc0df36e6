"""The threshold and the error budget of figures that are known functions of the errors."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.execution.mechanisms import MECHANISMS
from qcoord_hw.execution.snapshot import GateCalibration, QubitCalibration, Snapshot
from qcoord_hw.report import threshold

QUBITS = (QubitCalibration(0, 1e-3, 2e-3, 0.01, 0.0), QubitCalibration(1, None, None, 0.0, 0.0))
GATES = (GateCalibration("cz", (0, 1), None, 0.002), GateCalibration("sx", (0,), None, 0.001))
SNAPSHOT = Snapshot("d", "1", "", 2, QUBITS, GATES)


def costs(snapshot):
    """Return the errors of a snapshot by mechanism, in units of what the plain one has."""
    qubit, (two, one) = snapshot.qubits[0], (gate.error or 0.0 for gate in snapshot.gates)
    return [two / 0.002, one / 0.001, qubit.p10 / 0.01, 1e-3 / qubit.t1 if qubit.t1 else 0.0]


@pytest.fixture
def find(monkeypatch):
    """Return what finds the threshold of a figure that is a function of the four errors."""

    def found(figure, bound=0.5, better="more"):
        class Errors(threshold._Errors):
            def __init__(self, forecast, progress):
                self.main = SimpleNamespace(best=figure(*costs(SNAPSHOT)), name="f", title="F", better=better)
                self.bound, self.calibration, self.evaluations, self.left = bound, SNAPSHOT, 0, 5

            def figure(self, calibration):
                self.evaluations += 1
                return figure(*costs(calibration))

        monkeypatch.setattr(threshold, "_Errors", Errors)
        device = SimpleNamespace(name="d")
        prepared = SimpleNamespace(layout=(0, 1), idle_noise=True, noise="")
        spec = SimpleNamespace(links=())
        forecast = SimpleNamespace(description={"name": "e"}, device=device, prepared=prepared, spec=spec)
        return threshold.find_threshold(forecast)

    return found


def falling(two, one, readout, decay):
    return math.exp(-(two + 2 * one + 3 * readout + 4 * decay) / 50)


@pytest.mark.parametrize("sign", [1, -1])
def test_factors_and_shares_are_those_of_the_function(find, sign):
    found = find(lambda *each: sign * falling(*each), sign * 0.5, "more" if sign > 0 else "less")
    room = 50 * math.log(2)
    assert found.factor.value == pytest.approx(room / 10, rel=1e-6)
    assert found.factor.lower < room / 10 < found.factor.upper
    assert found.loss == pytest.approx(1 - math.exp(-0.2))
    assert found.falling
    for k, one in enumerate(found.mechanisms, start=1):
        assert one.factor == pytest.approx((room - 10 + k) / k, rel=1e-6)
        only, without = 1 - math.exp(-k / 50), math.exp(-(10 - k) / 50) - math.exp(-0.2)
        assert one.share == pytest.approx((only + without) / 2 / found.loss, rel=1e-9)
    assert [one.name for one in found.mechanisms] == list(MECHANISMS)


def test_what_stops_at_its_limit_is_capped(find):
    """Readout alone: .49 is 49 times the error."""
    found = find(lambda two, one, readout, decay: 1 - readout / 200, bound=0.7551)
    assert found.factor.value == pytest.approx(48.98)
    assert not found.factor.capped
    found = find(lambda two, one, readout, decay: 1 - min(readout, 49) / 200 - two / 1e4, bound=0.75)
    assert found.factor.value == pytest.approx(50, rel=1e-6)
    assert found.factor.capped
    never = find(lambda two, one, readout, decay: 1 - readout / 200, bound=0.75)
    assert (never.factor.value, never.factor.upper, never.factor.capped) == (10000, None, True)
    assert "beaten up to 10000 times all errors" in never.table()
    soon = find(lambda two, one, readout, decay: 1 - 0.6 * (readout > 0))
    assert (soon.factor.value, soon.factor.lower, soon.factor.capped) == (1e-4, 0, True)
    assert "below 0.0001, the smallest factor" in soon.table()


def test_a_rise_is_pointed_out(find):
    found = find(lambda two, one, readout, decay: 1 - 0.3 * readout + 0.04 * readout**2, bound=0.6)
    assert found.factor.value == pytest.approx((0.3 - 0.026**0.5) / 0.08, rel=1e-6)
    assert found.falling
    found = find(lambda two, one, readout, decay: 0.9 - 0.1 * (readout < 1.5) * readout - readout / 100)
    assert not found.falling
    assert "CAUTION" in found.table()


def test_what_has_no_verdict_to_lose_is_refused(find):
    with pytest.raises(InputError, match="does not beat its bound 0.5 without errors either"):
        find(lambda *each: 0.5 * falling(*each))
    with pytest.raises(InputError, match="take nothing from e"):
        find(lambda *each: 0.6)
