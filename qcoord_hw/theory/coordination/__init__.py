"""What a coordination experiment is to make, how far its outputs are from it, and what to measure to tell.

Outputs are qubits in the order of the target's tensor factors, most significant first; a basis is a text with
a letter X, Y or Z for each of them.
"""

from qcoord_hw.theory.coordination.design import Design, choose
from qcoord_hw.theory.coordination.figures import case_figures, exact_figures
from qcoord_hw.theory.coordination.play import CoordinationPlay, Estimator, Measurement, Output, Target, Term

__all__ = [
    "CoordinationPlay",
    "Design",
    "Estimator",
    "Measurement",
    "Output",
    "Target",
    "Term",
    "case_figures",
    "choose",
    "exact_figures",
]
