"""placeholder."""


def pages() -> dict[str, str]:
    """Return nothing yet."""
    return {}
