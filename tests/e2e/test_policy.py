"""The page under its own content security policy: all of it works, nothing is blocked."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import summarize

pytestmark = pytest.mark.e2e

WATCH = """
window.blocked = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.blocked.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});
"""


def test_the_page_works_and_its_policy_blocks_nothing(page: Page, address: str) -> None:
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.add_init_script(WATCH + "localStorage.setItem('gistscope-tour', 'seen');")
    answer = page.goto(address)
    assert answer is not None
    assert "frame-ancestors" in answer.headers["content-security-policy"]
    expect(page.locator("#summarize")).to_be_enabled()
    summarize(page)
    page.locator(".gs-word").first.click()
    expect(page.locator(".gs-alternatives tbody tr").nth(1)).to_be_visible()
    for name in ("Beams", "Compare", "Score a reference", "Take it along"):
        tab = page.get_by_role("tab", name=name)
        if tab.count():
            tab.first.click()
            page.wait_for_timeout(500)
    assert page.evaluate("window.blocked") == []
    assert [line for line in said if "Content Security Policy" in line] == []


def test_what_the_policy_forbids_is_blocked(page: Page, address: str) -> None:
    page.add_init_script(WATCH)
    page.goto(address)
    expect(page.locator("#summarize")).to_be_enabled()
    page.evaluate("fetch('http://127.0.0.1:9/stolen').catch(() => null)")
    page.wait_for_function("window.blocked.length > 0")
    assert page.evaluate("window.blocked[0]").startswith("connect-src")
