"""The literature: what stands in `docs/refs.bib` of the keys that a text cites, as people write it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = "refs.bib"

_ACCENTS = {
    "'": "\u0301",
    "`": "\u0300",
    '"': "\u0308",
    "^": "\u0302",
    "~": "\u0303",
    "v": "\u030c",
    "c": "\u0327",
    "H": "\u030b",
}


@dataclass(frozen=True)
class Reference:
    """A work that is cited.

    Attributes:
        key: by which it is cited.
        words: authors, title, where and when.
        link: where it is found; empty if that is not known.
    """

    key: str
    words: str
    link: str = ""


def bibliography_path() -> Path:
    """Return the file of references: inside an installed wheel, else in the repository's `docs`."""
    package = Path(__file__).resolve().parent
    installed = package / FILE
    return installed if installed.is_file() else package.parent / "docs" / FILE


def cited(text: str) -> tuple[Reference, ...]:
    """Return the works whose keys stand in a text, in the order of their first mention.

    >>> [one.key for one in cited("[Hu2025, Theorem 1] and [CHSH1969]; [nobody]; Hu2025")]
    ['Hu2025', 'CHSH1969']
    """
    known = references()
    words = dict.fromkeys(re.findall(r"\w+", text))
    return tuple(known[word] for word in words if word in known)


@cache
def references() -> Mapping[str, Reference]:
    """Return key -> reference of every entry; none where the package stands without that file."""
    path = bibliography_path()
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    entries = re.findall(r"^@\w+\{(\w+),\n(.*?)^\}", text, flags=re.M | re.S)
    return {key: _reference(key, dict(_fields(body))) for key, body in entries}


def _fields(body: str) -> list[tuple[str, str]]:
    """Return name and value of each field; braces within a value are balanced."""
    found = []
    for name, start in ((m[1], m.end()) for m in re.finditer(r"^\s*(\w+)\s*=\s*\{", body, flags=re.M)):
        depth, end = 1, start
        while depth and end < len(body):
            depth += (body[end] == "{") - (body[end] == "}")
            end += 1
        found.append((name.lower(), _plain(body[start : end - 1])))
    return found


def _plain(value: str) -> str:
    r"""Return a value of BibTeX as text.

    >>> _plain("Cabello, Ad{\\'a}n and {Bell}'s  880--884 $n$ ``so''")
    "Cabello, Adán and Bell's 880–884 n “so”"
    """
    value = re.sub(r"\\(['`\"^~])\{?(\\[ij]|[A-Za-z])\}?", lambda m: _accented(m[1], m[2]), value)
    value = re.sub(r"\\([vcH])(?: |\{)(\\[ij]|[A-Za-z])\}?", lambda m: _accented(m[1], m[2]), value)
    for tex, letter in (
        ("\\o", "ø"),
        ("\\l", "ł"),
        ("\\ss", "ß"),
        ("\\aa", "å"),
        ("\\ae", "æ"),
        ("\\&", "&"),
    ):
        value = value.replace("{" + tex + "}", letter).replace(tex + " ", letter)
    value = value.replace("``", "\u201c").replace("''", "\u201d").replace("--", "\u2013").replace("~", " ")
    return " ".join(re.sub(r"[{}$]", "", value).split())


def _accented(accent: str, letter: str) -> str:
    """Return a letter with an accent of TeX."""
    plain = {"\\i": "i", "\\j": "j"}.get(letter, letter)
    return unicodedata.normalize("NFC", plain + _ACCENTS[accent])


def _reference(key: str, fields: Mapping[str, str]) -> Reference:
    people = [_person(name) for name in fields.get("author", fields.get("editor", "")).split(" and ") if name]
    who = ", ".join(people[:-1]) + (" and " if len(people) > 1 else "") + people[-1] if people else ""
    where = fields.get("journal") or fields.get("booktitle") or fields.get("publisher") or ""
    if volume := fields.get("volume"):
        where = f"{where} {volume}" + (f" ({fields['number']})" if "number" in fields else "")
    if pages := fields.get("pages"):
        where = f"{where}, {pages}"
    arxiv = f"arXiv:{fields['eprint']}" if "eprint" in fields else ""
    parts = [who, fields.get("title", ""), where, arxiv, fields.get("note", ""), fields.get("year", "")]
    link = f"https://doi.org/{fields['doi']}" if "doi" in fields else fields.get("url", "")
    link = link or (f"https://arxiv.org/abs/{fields['eprint']}" if arxiv else "")
    return Reference(key, ". ".join(part.rstrip(".") for part in parts if part) + ".", link)


def _person(name: str) -> str:
    """Return a name with the given names in front.

    >>> _person("Clauser, John F.")
    'John F. Clauser'
    """
    last, _, first = name.strip().partition(",")
    return f"{first.strip()} {last.strip()}".strip()
