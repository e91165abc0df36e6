"""The noise scale in a target's name: `fake_torino_x0.5` is `fake_torino` with half of its noise.

Names alone, so that they can be checked before anything heavy is imported.
"""

from __future__ import annotations

import re

from qcoord_hw.errors import InputError
from qcoord_hw.spec import short_repr

MAX_NAME = 200
"""Characters of a target's name in a record, at most."""

MAX_SCALE = 1e4
MIN_SCALE = 1e-4
"""The smallest scale above 0; its shortest decimal has no exponent, so that it can stand in a name."""

PROPERTIES = "properties:"
"""What a target's name begins with where its calibration is that of a file or a run."""

SNAPSHOTS = ("fake_", PROPERTIES)
"""What names of targets begin with that are noise models of ours."""

_SCALED = re.compile(r"(fake_\w+|properties:.+)_x([0-9]+(?:\.[0-9]+)?)", re.ASCII)


def has_noise_model(target: object) -> bool:
    """Return whether a target is named that is simulated with the noise of a calibration."""
    return isinstance(target, str) and target.startswith(SNAPSHOTS)


def seed_name(target: str, device: str) -> str:
    """Return the name of a target in the seeds of its runs.

    A chip has one name wherever its calibration was read, so that the same calibration gives the same counts:
    the device's, in which `fake_` stands instead of the vendor.

    >>> seed_name("properties:a/props.json_x0.5", "lab_torino"), seed_name("fake_torino_x2", "fake_torino")
    ('fake_torino_x0.5', 'fake_torino_x2')
    """
    if not target.startswith(PROPERTIES):
        return target
    return scaled_name("fake_" + re.sub("^[a-z]+_", "", device), split_scale(target)[1])


def check_scale(scale: object) -> float:
    """Return a noise scale.

    Raises:
        InputError: when it is not 0 and not a number from 0.0001 to 10000.
    """
    if (
        isinstance(scale, bool)
        or not isinstance(scale, (int, float))
        or not (scale == 0 or MIN_SCALE <= scale <= MAX_SCALE)
    ):
        raise InputError(f"noise-scale: {short_repr(scale)}; allowed are 0 and numbers from 0.0001 to 10000")
    return float(scale)


def split_scale(name: str) -> tuple[str, float]:
    """Return the plain name of a target and its noise scale, 1 where the name states none.

    >>> split_scale("fake_torino_x0.5")
    ('fake_torino', 0.5)

    Raises:
        InputError: when the scale is not allowed.
    """
    found = _SCALED.fullmatch(name)
    return (found[1], check_scale(float(found[2]))) if found else (name, 1.0)


def scaled_name(name: str, scale: float) -> str:
    """Return the name of a noise model that is scaled, as `split_scale` reads it.

    >>> scaled_name("fake_torino", 0.5), scaled_name("fake_torino", 2.0), scaled_name("fake_torino", 1.0)
    ('fake_torino_x0.5', 'fake_torino_x2', 'fake_torino')
    """
    return name if scale == 1 else f"{name}_x{repr(float(scale)).removesuffix('.0')}"


def scaled_target(name: str, scale: float) -> str:
    """Return the name of the target `name` with its noise scaled, as `--noise-scale` asks for it.

    Args:
        name: `fake_NAME` or `properties:FILE`.
        scale: what all error probabilities and relaxation rates are multiplied by; 0 is no noise.

    Raises:
        InputError: when the scale is not allowed, or the target has no noise model or states a scale itself.
    """
    scale = check_scale(scale)
    if not has_noise_model(name):
        raise InputError(
            f"noise-scale: {scale:g}; target {short_repr(name)[1:-1]} has no noise model, "
            "allowed on fake_NAME and properties:FILE"
        )
    if split_scale(name)[0] != name:
        raise InputError(f"noise-scale: {scale:g}; target {name} states its own, allowed is one of them")
    return scaled_name(name, scale)
