"""The recipe "An estimator", followed: an upper bound on the fidelity from one basis."""

from __future__ import annotations

import json

import pytest

from tests.recipes.house import House, Recipe, Step

NAME = "fidelity_ceiling"
THEORY = "qcoord_hw/theory/pauli_measurements/ceiling.py"
DESIGN = "qcoord_hw/families/coordination/measurement/design.py"
FIGURES = "qcoord_hw/families/coordination/figures.py"

WRITTEN = '''"""The bound F <= P from the basis Z: P is the probability of the levels that the target has."""

import numpy as np

from qcoord_hw.theory.pauli_measurements.fidelity import Reading
from qcoord_hw.theory.pauli_measurements.paulis import ComplexArray, PauliSum


def ceiling(ket: ComplexArray) -> Reading:
    """Return how P is measured for a vector, shape (2^k,): the projector on its levels, as strings of Z."""
    size, levels = len(ket).bit_length() - 1, np.abs(ket) > 1e-9
    z = np.arange(1, 2**size)
    signs = (-1.0) ** np.array([[bin(mask & level).count("1") for level in range(2**size)] for mask in z])
    values = signs @ levels / 2**size
    kept = np.abs(values) > 1e-12
    strings = PauliSum(size, np.zeros(kept.sum(), dtype=np.int64), z[kept], values[kept])
    return Reading(float(levels.sum()) / 2**size, strings, ["Z" * size])
'''


def add_design(house):
    house.insert(
        DESIGN,
        "from qcoord_hw.families.coordination.scoring import Estimator, Measurement, Term",
        "from qcoord_hw.theory.pauli_measurements.ceiling import ceiling\n",
    )
    house.insert(
        DESIGN, '        found["fidelity_dfe"] = direct', f'        found["{NAME}"] = ceiling(case.state)\n'
    )


def add_kind(house):
    house.insert(
        FIGURES,
        "KINDS = {",
        f'''    "{NAME}": Kind(
        "Fidelity, upper bound",
        "fidelity, upper bound",
        "more",
        method="upper bound on the fidelity, one basis",
    ),
''',
    )


STEPS = (
    Step(THEORY, lambda house: house.write(THEORY, WRITTEN)),
    Step(DESIGN, add_design),
    Step(FIGURES, add_kind),
    Step(
        f"changes/+{NAME}.feature.md",
        lambda house: house.write(f"changes/+{NAME}.feature.md", "One bound more.\n"),
    ),
)


def appears(house: House) -> None:
    """The figure is there with what it is called, beside the fidelity that it bounds."""
    plain, noisy, planned, reported, exported = house.run(
        ["qcoord", "run", "cascade-ghz2", "--shots", "300", "--seed", "7", "--json"],
        [
            "qcoord",
            "run",
            "broadcast-ghz",
            "--target",
            "fake_torino",
            "--shots",
            "300",
            "--seed",
            "7",
            "--json",
        ],
        ["qcoord", "plan", "broadcast-ghz", "--target", "fake_torino", "--json"],
        ["qcoord", "report", "latest", "--html", "report.html"],
        ["qcoord", "export", "latest", "--csv", "run.csv"],
    )
    for code, out, err in (plain, noisy):
        assert code == 0, err
        estimates = {e["name"]: e for e in json.loads(out)["estimates"]}
        assert estimates[NAME]["title"] == "Fidelity, upper bound"
        assert estimates[NAME]["method"].startswith("upper bound on the fidelity, one basis")
        assert estimates[NAME]["theory"]["value"] == pytest.approx(1)
        assert estimates[NAME]["high"] >= estimates["fidelity_dfe"]["best"]
    assert estimates[f"{NAME}_mitigated"]["title"] == "Fidelity, upper bound, readout mitigated"
    assert NAME in planned[1]
    assert (reported[0], exported[0]) == (0, 0), (reported, exported)
    assert "Fidelity, upper bound" in (house.folder / "report.html").read_text()


RECIPE = Recipe("An estimator", STEPS, appears, unnoticed=1)
