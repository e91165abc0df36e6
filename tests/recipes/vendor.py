"""The recipe "A vendor", followed in the house: the machine of `examples/own_device` gets names of its own.

The part for packages of their own is tested as it stands, by `tests/execution/devices/`.
"""

from __future__ import annotations

import json

from tests.recipes.house import ROOT, House, Recipe, Step

HOME = "qcoord_hw/execution/devices/own/client.py"
MODULE = "qcoord_hw.execution.devices.own.client"
REGISTRY = "qcoord_hw/execution/devices/registry.py"
CODE = (ROOT / "examples" / "own_device" / "own_device.py").read_text(encoding="utf-8")
WRAPPED = '''

from qcoord_hw.execution.devices.backends import BackendDevice


class OwnDevice(BackendDevice):
    """The five qubits, whose jobs are found by their ids."""

    kind = "own"


def connect(name):
    """Return the device of a name."""
    return wrap(FiveQubits(Path(os.environ["OWN_DEVICE_JOBS"])))


def wrap(backend):
    """Return a backend of the client as a device."""
    return OwnDevice(backend)
'''


def add_client(house):
    house.write("qcoord_hw/execution/devices/own/__init__.py", '"""The vendor own."""\n')
    house.write(HOME, CODE + WRAPPED)


def add_line(house):
    house.insert(
        REGISTRY,
        '"""How a device is named, in words for a person."""',
        f'OURS = (*OURS, Vendor("own", "own_", "{MODULE}", "{MODULE}"))\n',
    )


STEPS = (Step(HOME, add_client), Step(REGISTRY, add_line))


def appears(house: House) -> None:
    """A run goes there, and other processes find it."""
    planned, submitted = house.run(
        ["qcoord", "plan", "chsh", "--target", "own_five_qubits", "--json"],
        ["qcoord", "submit", "chsh", "--target", "own_five_qubits", "--shots", "400", "--json"],
    )
    assert (planned[0], submitted[0]) == (0, 0), (planned, submitted)
    status, collected, reported = house.run(
        ["qcoord", "status", "--json"],
        ["qcoord", "collect", "latest", "--json"],
        ["qcoord", "report", "latest", "--json"],
    )
    assert status[0] == 0, status
    summary = json.loads(reported[1])
    assert collected[0] == 0, collected
    assert summary["estimates"][0]["shots"] == 1600
    assert "own_five_qubits" in reported[1]


RECIPE = Recipe("A vendor", STEPS, appears)
