"""What the pages of the catalogue say is what `qcoord show` and a forecast say."""

from __future__ import annotations

import json

import catalogue_data
import pytest

from qcoord_hw.catalogue import catalogue_paths

pytestmark = pytest.mark.usefixtures("work_clock")

QUICK = ("chsh", "sum-2-f3", "broadcast-n1")
FORECAST = (
    *("chsh", "magic-square", "ghz-5", "cglmp-3", "sum-2-f5", "sum-3-f4", "example-2-f2"),
    *("two-node-n2", "broadcast-epr", "mac-n2", "cascade-ghz2", "no-communication-werner"),
)
"""Of each kind one that takes seconds; all take many minutes."""


@pytest.fixture(scope="module")
def data(as_written):
    return json.loads(catalogue_data.DATA.read_text(encoding="utf-8"))


def test_every_entry_has_its_page(data):
    assert list(data) == list(catalogue_paths())


@pytest.mark.few(QUICK)
@pytest.mark.parametrize("name", catalogue_paths())
def test_a_page_shows_what_the_command_shows(name, data):
    shown = catalogue_data.shown(name)
    assert {key: data[name][key] for key in shown if key != "devices"} == {
        key: value for key, value in shown.items() if key != "devices"
    }


@pytest.mark.few(("chsh-fake_torino",))
@pytest.mark.parametrize("device", catalogue_data.DEVICES)
@pytest.mark.parametrize("name", FORECAST)
def test_a_page_forecasts_what_a_plan_does(name, device, data):
    told, found = data[name]["devices"][device], catalogue_data.on_device(name, device)
    assert told.pop("expected", None) == pytest.approx(found.pop("expected", None), abs=1e-9)
    assert told == found
