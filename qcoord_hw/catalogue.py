"""The catalogue: where the experiments that come with qcoord_hw are kept, and how a name finds its spec."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.schema import meant
from qcoord_hw.spec import ExperimentSpec, read_spec


def catalogue_root() -> Path:
    """Return the folder of the catalogue: inside an installed wheel, else beside the package."""
    package = Path(__file__).resolve().parent
    installed = package / "circuits"
    return installed if installed.is_dir() else package.parent / "circuits"


def catalogue_paths() -> dict[str, Path]:
    """Return name -> path of every catalogue entry (`<family>/<name>.toml`), sorted by family and name."""
    return {path.stem: path for path in sorted(catalogue_root().glob("*/*.toml"))}


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
    paths = catalogue_paths()
    if name_or_path not in paths:
        unknown = f"{name_or_path!r}{meant(name_or_path, paths)}"
        raise InputError(
            f"experiment: unknown {unknown}; allowed are a .toml file or one of {', '.join(paths)}"
        )
    return read_spec(paths[name_or_path])
