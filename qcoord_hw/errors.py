"""Errors of qcoord_hw: every message says, in one line, what was given and what is allowed."""

from __future__ import annotations


class QcoordError(Exception):
    """Base of every error that qcoord_hw raises on purpose; the command line prints its one line.

    Attributes:
        exit_code: what the command line exits with (2 for bad input, 3 for a target that failed, 1 for a
            fault of the program itself).
    """

    exit_code = 2


class QcoordWarning(UserWarning):
    """Something that works but should not stay so; the command line prints its one line."""


class InputError(QcoordError):
    """A value given by a person (argument, file, field) is not one of those allowed."""


class LocalityError(QcoordError):
    """A protocol tried what its network forbids: a gate across owners, a missing link, a lost qubit."""


class RecordError(QcoordError):
    """A run folder is missing, ambiguous, damaged or of an unknown format version."""


class BusyError(RecordError):
    """Another process is writing to a run folder."""


class TooLargeError(QcoordError):
    """A circuit does not fit the target, or no simulation method can run it within its limits."""


class InternalError(QcoordError):
    """A fault of this program itself, on data that it read without complaint."""

    exit_code = 1


class DifferenceError(QcoordError):
    """A number of a paper is not ours, and no erratum says why."""

    exit_code = 1


class TargetError(QcoordError):
    """The target (simulator, backend or network) failed on valid input."""

    exit_code = 3
