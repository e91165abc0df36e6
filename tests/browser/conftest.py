"""A real browser, from a package of the system: Chromium, driven through a pipe. Nothing is downloaded."""

from __future__ import annotations

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def browser():
    """Chromium; the test is skipped, with the reason, where there is none."""
    found = os.environ.get("QCOORD_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)}; `make browser` installs one where it may")
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright, an extra of dev")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()
