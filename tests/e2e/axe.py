"""Accessibility faults of a page, as sentences. axe-core comes with axe-playwright-python."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
MOST_PLACES = 5  # named per rule


def violations(page: Page, within: str | None = None) -> list[str]:
    """What breaks WCAG 2.1 A or AA, one sentence a rule; `within` is a selector."""
    _settle(page)
    options = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": TAGS}}
    found = Axe().run(page, within, options).response["violations"]
    return [_sentence(rule) for rule in found]


def _settle(page: Page) -> None:
    """Wait until no colour is on its way to another: half way, a contrast is nobody's."""
    page.evaluate("new Promise(next => requestAnimationFrame(() => requestAnimationFrame(next)))")
    page.wait_for_function("!document.getAnimations().some(one => one instanceof CSSTransition)")


def _sentence(rule: dict) -> str:
    places = [
        f"{' '.join(map(str, node['target']))}: {' '.join(node['failureSummary'].split())}"
        for node in rule["nodes"]
    ]
    more = len(places) - MOST_PLACES
    shown = places[:MOST_PLACES] + ([f"and {more} more"] if more > 0 else [])
    return "\n  ".join([f"{rule['id']} ({rule['impact']}): {rule['help']}", *shown])
