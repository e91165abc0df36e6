"""What is taken of the client beyond its interface stands in one module, for versions that were tried."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from qcoord_hw.errors import TargetError
from qcoord_hw.execution.devices.ibm import private

HERE = Path(private.__file__)
ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(("installed", "fits"), [("0.51.0", True), ("0.51.3", True), ("0.50.9", False)])
def test_versions(monkeypatch, installed, fits):
    monkeypatch.setattr(private, "version", lambda name: installed)
    if fits:
        private.check_client()
    else:
        with pytest.raises(TargetError, match=r"pip install 'qiskit-ibm-runtime>=0\.51,<0\.52'"):
            private.check_client()


@pytest.mark.parametrize("installed", ["0.52.0", "0.52rc1", "1.0", "0.5", "", "x"])
def test_other_versions_are_one_line(monkeypatch, installed):
    monkeypatch.setattr(private, "version", lambda name: installed)
    with pytest.raises(TargetError) as found:
        private.check_client()
    assert "\n" not in str(found.value)


def test_a_client_that_is_not_there(monkeypatch):
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(private, "version", missing)
    with pytest.raises(TargetError, match="is not installed"):
        private.check_client()


def test_the_bound_is_that_of_the_package():
    (high,) = (
        one.partition("<")[2]
        for one in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
        if one.startswith("qiskit-ibm-runtime")
    )
    assert high == ".".join(map(str, private.CLIENT[1]))


def test_private_parts_are_used_in_one_module_alone():
    parts = re.compile(
        r"""qiskit_ibm_runtime\.(accounts|api)\b|["']_(instance|reason|api_client|session)["']|_DEFAULT_"""
    )
    used = {path.name for path in HERE.parent.glob("*.py") if parts.search(path.read_text())}
    assert used == {HERE.name}
