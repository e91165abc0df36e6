"""Means over inputs drawn at random: shots of one input are no independent draws, their sums are.

A ratio of sums over inputs is linearised, and its variance is that of the sums of independent inputs; with
few inputs the quantiles are those of Student's t [Cochran1977]. Sums over inputs are rounded once, so that
they do not hang on the order in which the inputs stand.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def distinct(values: IntArray) -> tuple[IntArray, IntArray]:
    """Return the different ones of some whole numbers in their order, and the place of each among them.

    As `numpy.unique` does, but without sorting where the numbers are from 0 to not many more than there are.

    >>> distinct(np.array([3, 0, 3]))
    (array([0, 3]), array([1, 0, 1]))
    """
    if not len(values) or values.min() < 0 or values.max() >= 4 * len(values):
        seen, place = np.unique(values, return_inverse=True)
        return seen, place
    seen = np.flatnonzero(np.bincount(values))
    places = np.zeros(int(seen[-1]) + 1, dtype=np.int64)
    places[seen] = np.arange(len(seen))
    return seen, places[values]


@dataclass(frozen=True, eq=False)
class Clusters:
    """A mean score whose shots come in clusters, one for each input.

    Attributes:
        scores: shape (inputs,): the sum of scores of each input's shots.
        shots: shape (inputs,): how many they are.
    """

    scores: FloatArray
    shots: FloatArray

    @property
    def mean(self) -> float:
        """The mean score; 0 without shots."""
        return math.fsum(self.scores) / max(float(self.shots.sum()), 1.0)

    @property
    def influence(self) -> FloatArray:
        """How far each input moves the mean, shape (inputs,); in sum 0, of the mean's size each."""
        return np.asarray((self.scores - self.mean * self.shots) / max(self.shots.mean(), sys.float_info.min))

    @property
    def error(self) -> float:
        """Standard error of the mean over all inputs; infinite from one input, which tells of no other."""
        return standard_error(self.influence)

    def reach(self, confidence: float) -> float:
        """Return half the width of a two-sided interval."""
        return reach(self.influence, confidence)

    def p_value(self, excess: float) -> float:
        """Return the probability that the mean exceeds the truth by `excess` or more.

        A value below the smallest normal number is returned as that number.
        """
        if excess <= 0 or len(self.shots) < 2:
            return 1.0
        if self.error == 0:
            return sys.float_info.min
        return max(float(stdtr(len(self.shots) - 1, -excess / self.error)), sys.float_info.min)


def standard_error(influence: FloatArray) -> float:
    """Return the standard error of a mean, from how far each of some independent inputs moves it."""
    inputs = len(influence)
    return math.sqrt(math.fsum(influence**2) / (inputs * (inputs - 1))) if inputs > 1 else math.inf


def reach(influence: FloatArray, confidence: float) -> float:
    """Return half the width of Student's interval of such a mean."""
    inputs = len(influence)
    if inputs < 2:
        return math.inf
    return float(stdtrit(inputs - 1, (1 + confidence) / 2)) * standard_error(influence)
