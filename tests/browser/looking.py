"""How a page is looked at: in a browser, at a width, light or dark, with every fold open."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

INSPECT = (Path(__file__).parent / "inspect.js").read_text()
WIDTHS = (390, 1280)
THEMES = ("light", "dark")
OPEN = "() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"
FOCUSABLE = """() => [...document.querySelectorAll("a[href], summary, button, input, select, [tabindex='0']")]
  .filter((e) => e.checkVisibility() && e.tabIndex >= 0)
  .map((e) => { e.dataset.stop = ""; return e; }).length"""
STOPPED = """() => { const e = document.activeElement;
  if (e === document.body || e.dataset.stop === undefined || e.dataset.stop) return null;
  e.dataset.stop = "seen"; return e.tagName; }"""


@contextmanager
def shown(browser, path, width, theme):
    """Yield a page as it is shown, and what it asked for beside itself."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    try:
        page.goto(path.as_uri())
        yield page, asked
    finally:
        page.close()


def faults(browser, path, width, theme, axe=""):
    """Return what is wrong with a page, in sentences.

    Args:
        browser: it is shown in.
        path: of the page.
        width: of the window, pixels.
        theme: light or dark.
        axe: the script of axe-core; without it nothing is asked of it.
    """
    with shown(browser, path, width, theme) as (page, asked):
        found = [f"asks for {url[:80]}" for url in asked if url != path.as_uri()]
        page.evaluate(OPEN)
        found += page.evaluate(INSPECT)
        if axe:
            page.evaluate(axe)
            told = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
            found += [
                f"axe, {rule['impact']}: {rule['id']}: {node['html'][:90]}"
                for rule in told["violations"]
                if rule["impact"] in ("serious", "critical")
                for node in rule["nodes"]
            ]
        return found


def unreached(browser, path, width, theme):
    """Return how many controls the Tab key does not reach, and how many folds Enter does not turn."""
    with shown(browser, path, width, theme) as (page, _):
        stops, seen = page.evaluate(FOCUSABLE), 0
        for _ in range(3 * stops + 20):
            page.keyboard.press("Tab")
            if page.evaluate(STOPPED):
                seen += 1
            if seen == stops:
                break
        folds = page.locator("details")
        shut = 0
        for k in range(min(5, folds.count())):
            if not folds.nth(k).locator("summary").first.is_visible():
                continue
            was_open = folds.nth(k).evaluate("fold => fold.open")
            folds.nth(k).locator("summary").first.focus()
            page.keyboard.press("Enter")
            shut += folds.nth(k).evaluate("fold => fold.open") is was_open
        return stops - seen, shut
