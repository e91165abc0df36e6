"""The bibliography: what the keys in brackets stand for."""

from __future__ import annotations

from qcoord_hw.bibliography import Reference, references

HEAD = "# Bibliography\n\nKeys as they stand in brackets in outputs, docstrings and on these pages.\n\n"


def pages() -> dict[str, str]:
    """Return the page."""
    found = sorted(references().values(), key=lambda one: one.key.lower())
    return {"bibliography.md": HEAD + "\n".join(map(entry, found))}


def entry(one: Reference) -> str:
    """Return a work as an entry of a definition list."""
    link = f" <{one.link}>" if one.link else ""
    return f"[{one.key}]\n: {one.words}{link}\n"
