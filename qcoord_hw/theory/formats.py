"""The format of printed answers, by which a checker tells an answer of an older version from a damaged one.

`qcoord theory region` and `linear` state it since 2: in the certificate where that is sealed by a digest,
else beside the other keys. An answer without it is an older one, and may lack what came later.
"""

from __future__ import annotations

from typing import Any

from qcoord_hw.theory.claims import Findings

FORMAT = 2
KEY = "format"


def stated(answer: dict[str, Any]) -> Any:
    """Return the format that an answer states; None in one of an older version."""
    certificate = answer.get("certificate")
    if isinstance(certificate, dict) and "sha256" in certificate:
        return certificate.get(KEY)
    return answer.get(KEY)


def lacks(findings: Findings, *path: str) -> bool:
    """Return whether an answer of an older version has no such key: then it is noted as not checked."""
    try:
        findings.get(*path)
    except LookupError:
        if stated(findings.answer) is None:
            findings.absent(*path)
            return True
    return False
