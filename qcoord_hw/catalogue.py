"""The catalogue: where the experiments that come with qcoord_hw are kept, and how a name finds its spec."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qcoord_hw import registry
from qcoord_hw.errors import InputError
from qcoord_hw.spec import ExperimentSpec, read_spec
from qcoord_hw.text import meant


def catalogue_root() -> Path:
    """Return the folder of the catalogue: inside an installed wheel, else beside the package."""
    package = Path(__file__).resolve().parent
    installed = package / "circuits"
    return installed if installed.is_dir() else package.parent / "circuits"


def catalogue_paths() -> dict[str, Path]:
    """Return name -> path of every catalogue entry (`<family>/<name>.toml`), sorted by family and name."""
    return {path.stem: path for path in sorted(catalogue_root().glob("*/*.toml"))}


def outside_entries() -> dict[str, ExperimentSpec]:
    """Return name -> spec of the experiments that come with families of other packages.

    Raises:
        InputError: when such a family is incomplete.
    """
    return {spec.name: spec for family in registry.outside() for spec in family.catalogue()}


NEEDS = "needs.json"
"""What each entry needs of a device, beside the folders of the entries; `tools/golden.py` writes it."""


def catalogue_needs() -> dict[str, dict[str, Any]]:
    """Return name -> what an entry needs of a device: `qcoord_hw.execution.needs`, and on which it `fits`.

    `fits` holds for each device None, or why the entry finds no place there.
    """
    found: dict[str, dict[str, Any]] = json.loads((catalogue_root() / NEEDS).read_text(encoding="utf-8"))
    return found


def load_spec(name_or_path: str) -> ExperimentSpec:
    """Return the spec of a catalogue name or of a `.toml` file.

    Raises:
        InputError: when it is neither, or the file is wrong.
    """
    if name_or_path.endswith(".toml"):
        return read_spec(Path(name_or_path))
    if (entry := catalogue_entry(name_or_path)) is None:
        raise unknown_experiment(name_or_path)
    return entry


def unknown_experiment(given: str) -> InputError:
    """Return what is said of text that is no experiment."""
    unknown = f"{given!r}{meant(given, catalogue_names())}"
    return InputError(f"experiment: unknown {unknown}; allowed are a file or a name that `qcoord list` shows")


def catalogue_entry(name: str) -> ExperimentSpec | None:
    """Return the spec of a catalogue name, ours or of a family of another package; None if it is none."""
    paths = catalogue_paths()
    return read_spec(paths[name]) if name in paths else outside_entries().get(name)


def catalogue_names() -> list[str]:
    """Return all names of the catalogue."""
    return [*catalogue_paths(), *outside_entries()]
