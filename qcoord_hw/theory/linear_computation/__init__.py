"""Linear computations over a quantum multiple-access channel [Hu2025]: tasks, precoding, schemes, rates."""

from qcoord_hw.theory.linear_computation.batching import batch, batched_rates
from qcoord_hw.theory.linear_computation.beyond import StabilizerScheme, search_beyond
from qcoord_hw.theory.linear_computation.field import Field, field_of
from qcoord_hw.theory.linear_computation.precoding import (
    Precoding,
    auxiliary_rank,
    minimal_precodings,
    minimise_auxiliary,
)
from qcoord_hw.theory.linear_computation.rates import Baseline, Region, baselines, region
from qcoord_hw.theory.linear_computation.scheme import Scheme, build_scheme
from qcoord_hw.theory.linear_computation.task import (
    LinearTask,
    Reduction,
    read_task,
    reduce_task,
    task_from_json,
)

__all__ = [
    "Baseline",
    "Field",
    "LinearTask",
    "Precoding",
    "Reduction",
    "Region",
    "Scheme",
    "StabilizerScheme",
    "auxiliary_rank",
    "baselines",
    "batch",
    "batched_rates",
    "build_scheme",
    "field_of",
    "minimal_precodings",
    "minimise_auxiliary",
    "read_task",
    "reduce_task",
    "region",
    "search_beyond",
    "task_from_json",
]
