"""From a spec to circuits, whatever its family."""

from qcoord_hw.families.experiment import build_experiment as build_experiment
