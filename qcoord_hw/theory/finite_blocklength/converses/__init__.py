"""What no code can beat at block length n, with certificates that `checker` proves again.

`preparation` has the closed forms where a sender makes a pure state herself (F <= P) and where the reference
is given (F <= P^2); `bits` the brackets for links of bits and for common randomness alone: `affine`,
`unlimited`, `branch` and `phases` prove lower ends, `search` finds codes;
`second_link` bounds one copy over Bob's link to Charlie, where ebits stand beside the message. Trace norms
are whole (0 to 2).
"""

from qcoord_hw.theory.finite_blocklength.converses.bits import bits_bracket
from qcoord_hw.theory.finite_blocklength.converses.bracket import BestAtN
from qcoord_hw.theory.finite_blocklength.converses.prepared import (
    prepared_bracket,
    source_coding,
    trivial_bracket,
)
from qcoord_hw.theory.finite_blocklength.converses.second_link import SecondLink
from qcoord_hw.theory.finite_blocklength.converses.second_link_bracket import second_link_bracket
from qcoord_hw.theory.finite_blocklength.converses.task import Cut, LinkTask, Prepared

__all__ = [
    "BestAtN",
    "Cut",
    "LinkTask",
    "Prepared",
    "SecondLink",
    "bits_bracket",
    "prepared_bracket",
    "second_link_bracket",
    "source_coding",
    "trivial_bracket",
]
