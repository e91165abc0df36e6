"""What a job is charged for where its device does not say: the rule of IBM for its own [IBMUsage]."""

from __future__ import annotations

JOB_OVERHEAD = 2.0
"""Seconds that a job costs beside its shots."""

OVERHEAD = "2 s per job for loading it, by IBM's rule for the usage of a job [IBMUsage]"

REP_DELAY = 250e-6
"""Seconds between two shots."""

REP_DELAY_SOURCE = "IBM's usual default"
