"""The bibliography, from `docs/refs.bib`: what the keys in brackets stand for."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

REFS = Path(__file__).resolve().parents[2] / "docs" / "refs.bib"
ACCENTS = {"'": "\u0301", "`": "\u0300", '"': "\u0308", "v": "\u030c"}
HEAD = "# Bibliography\n\nKeys as they stand in brackets in outputs, docstrings and on these pages.\n\n"


def pages() -> dict[str, str]:
    """Return the page."""
    entries = sorted(re.findall(r"^@(\w+)\{(\w+),(.*?)^\}", REFS.read_text(encoding="utf-8"), re.M | re.S))
    lines = [entry(key, fields) for _, key, fields in sorted(entries, key=lambda one: one[1].lower())]
    return {"bibliography.md": HEAD + "\n".join(lines)}


def entry(key: str, text: str) -> str:
    """Return one work as an entry of a definition list."""
    fields = {
        n.lower(): plain(v) for n, v in re.findall(r"^\s*(\w+)\s*=\s*\{(.*?)\},?\s*$", text, re.M | re.S)
    }
    where = (
        fields.get("journal")
        or fields.get("booktitle")
        or fields.get("howpublished")
        or fields.get("publisher")
    )
    numbers = " ".join(fields[name] for name in ("volume", "pages", "year") if name in fields)
    said = [fields.get("author", "").replace(" and ", "; "), fields.get("title", ""), where or "", numbers]
    link = ""
    if "doi" in fields:
        link = f" [doi:{fields['doi']}](https://doi.org/{fields['doi']})"
    elif "eprint" in fields:
        link = f" [arXiv:{fields['eprint']}](https://arxiv.org/abs/{fields['eprint']})"
    elif "url" in fields:
        link = f" <{fields['url']}>"
    note = f" {fields['note']}." if "note" in fields else ""
    return f"[{key}]\n: {'. '.join(part.rstrip('.') for part in said if part)}.{link}{note}\n"


def plain(value: str) -> str:
    """Return a field of BibTeX as text."""

    def accented(found: re.Match[str]) -> str:
        return unicodedata.normalize("NFC", found[2] + ACCENTS[found[1]])

    value = re.sub(r"\\(['`\"v])\s*\{?(\w)\}?", accented, value)
    for sign, letter in (("\\o", "ø"), ("\\l", "ł"), ("--", "-"), ("~", " "), ("``", '"'), ("''", '"')):
        value = value.replace(sign, letter)
    return " ".join(re.sub(r"[{}]", "", value).split())
