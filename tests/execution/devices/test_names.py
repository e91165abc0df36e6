"""From a name to a device: which names are devices, who is asked, and what is refused in one line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit_aer import AerSimulator

from qcoord_hw.errors import InputError, TargetError
from qcoord_hw.execution.devices import registry, typed
from qcoord_hw.execution.devices.backends import BackendDevice, retriever

PACKAGE = Path(registry.__file__).parents[2]


@pytest.mark.parametrize(
    "name",
    ["ibm_torino", "own:five_qubits", "my.lab:make", "braket:arn:aws:braket:::device/qpu/ionq/Aria-1"],
)
def test_names_of_devices(name):
    assert registry.device_name(name) == name


@pytest.mark.parametrize("name", ["aer", "fake_torino", "fake_torino_x0.5", "properties:file.json", "", "x"])
def test_names_of_none(name):
    assert registry.device_name(name) is None


@pytest.mark.parametrize(
    "name", ["ibm_", "ibm_a b", "ibm_../x", "own:", ":x", "a b:c", "own:;rm", "é:x", "1:2"]
)
def test_half_a_name(name):
    with pytest.raises(InputError, match="allowed are"):
        registry.device_name(name)


def test_objects(own_device):
    device = registry.connect("own:five_qubits")
    assert isinstance(device, BackendDevice)
    assert registry.device_name(device) == "own:five_qubits"
    for other in (AerSimulator(), GenericBackendV2(2), None, 3):
        assert registry.device_name(other) is None


def test_who_is_asked_first(own_device, tmp_path):
    (tmp_path / "own.py").write_text("def five_qubits():\n    raise AssertionError('the module was asked')\n")
    assert registry.connect("own:five_qubits").name == "own:five_qubits"
    assert registry.device_name("properties:five_qubits") is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nobody:x", "no package offers a vendor 'nobody'"),
        ("qcoord_hw:nothing", "has no callable 'nothing'"),
        ("qcoord_hw:__doc__", "has no callable '__doc__'"),
        ("mylab:aer", "whose jobs cannot be found again"),
        ("mylab:number", "whose jobs cannot be found again"),
    ],
)
def test_no_device(own_device, tmp_path, name, words):
    (tmp_path / "mylab.py").write_text(
        "from qiskit_aer import AerSimulator as aer\n\n\ndef number():\n    return 3\n"
    )
    with pytest.raises(registry.NoDeviceError, match=words):
        registry.connect(name)
    typed.remember(name)
    with pytest.raises((TargetError, InputError)) as found:
        registry.reconnect(name)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("name", ["own:other", "mylab:raises", "mylab:leaves", "broken:x"])
def test_a_vendor_that_fails(own_device, tmp_path, name):
    (tmp_path / "broken.py").write_text("import there_is_none_of_this_name\n")
    (tmp_path / "mylab.py").write_text(
        "import sys\n\n\ndef raises():\n    raise RuntimeError('a\\nb')\n\n\ndef leaves():\n    sys.exit(4)\n"
    )
    with pytest.raises(TargetError) as found:
        registry.connect(name)
    assert "\n" not in str(found.value)


def test_two_packages_of_one_name(own_device, tmp_path):
    about = tmp_path / "other-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[{registry.GROUP}]\nown = other:connect\n")
    with pytest.raises(registry.NoDeviceError, match="several packages call a vendor 'own'"):
        registry.connect("own:five_qubits")


def test_a_record_makes_us_call_no_module_that_nobody_typed(own_device, tmp_path, monkeypatch):
    (tmp_path / "mylab.py").write_text(
        "from pathlib import Path\n\n\ndef five():\n    Path(__file__).with_name('called').touch()\n"
        "    import own_device\n    return own_device.connect('five_qubits')\n"
    )
    with pytest.raises(TargetError, match="nobody typed"):
        registry.reconnect("mylab:five")
    assert not (tmp_path / "called").exists()
    registry.connect("mylab:five")
    monkeypatch.setattr(typed, "_HERE", set())  # another process
    assert registry.reconnect("mylab:five").name == "mylab:five"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(TargetError, match="nobody typed"):
        registry.reconnect("mylab:five")
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")  # cannot be written
    typed.remember("mylab:five")
    assert registry.reconnect("mylab:five").name == "mylab:five"


@pytest.mark.parametrize("name", ["retrieve_job", "restore_job", "job"])
@pytest.mark.parametrize("where", ["backend", "provider", "provider()"])
def test_how_jobs_are_found_again(name, where):
    backend = SimpleNamespace()
    assert retriever(backend) is None
    holder = type("Provider", (), {name: lambda self, job_id: job_id})()
    if where == "backend":
        setattr(backend, name, getattr(holder, name))
    else:
        backend.provider = holder if where == "provider" else lambda: holder
    assert retriever(backend)("x") == "x"


def test_looking_up_imports_no_qiskit():
    program = (
        "import sys; from qcoord_hw.execution.devices import registry as r; r.device_name('own:x'); "
        "r.is_by_module('own:x'); print(sorted(m for m in sys.modules if m.startswith('qiskit')))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_one_vendor_stands_in_three_modules_beside_his_own():
    word = re.compile("ibm", re.IGNORECASE)
    own = PACKAGE / "execution" / "devices" / "ibm"
    found = [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        if own not in path.parents and word.search(path.read_text())
    ]
    assert found == ["execution/devices/registry.py", "execution/usage.py", "provenance.py"]
