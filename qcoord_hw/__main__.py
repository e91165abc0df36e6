"""`python -m qcoord_hw` is `qcoord`."""

from qcoord_hw.cli import script

script()
