"""`python -m qcoord_hw.cli` is `qcoord`."""

from qcoord_hw.cli import script

script()
