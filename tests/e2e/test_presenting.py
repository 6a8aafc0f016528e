"""The presenter view and the tour, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import summarize, text_box, visit

pytestmark = pytest.mark.e2e


def test_p_folds_the_controls_and_esc_brings_them_back(page: Page, address: str) -> None:
    visit(page, address)
    text_box(page).press("p")  # typing, not a wish
    expect(page.locator(".gs-later")).to_be_visible()
    page.locator(".gs-tour-start").focus()
    size = "e => parseFloat(getComputedStyle(e).fontSize)"
    words = page.locator(".gs-words")
    before = words.evaluate(size)
    page.keyboard.press("p")
    expect(page.locator(".gs-later")).to_be_hidden()
    expect(page.locator(".gs-present")).to_have_attribute("aria-pressed", "true")
    assert words.evaluate(size) > before
    page.reload()
    # Hidden is also what is not there yet: the pressed button says that the keys are listened to.
    expect(page.locator(".gs-present")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#summarize")).to_be_enabled()
    expect(page.locator(".gs-later")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator(".gs-later")).to_be_visible()
    page.locator(".gs-present").click()
    expect(page.locator(".gs-later")).to_be_hidden()


def test_the_letter_can_be_switched_off_and_stays_off(page: Page, address: str) -> None:
    visit(page, address)
    expect(page.locator(".gs-present")).to_have_attribute("aria-pressed", "false")
    switch = page.get_by_label("Key p switches the presenter view")
    switch.focus()
    page.keyboard.press("Space")
    expect(switch).not_to_be_checked()
    for _ in range(2):
        page.keyboard.press("p")
        expect(page.locator(".gs-present")).to_have_attribute("aria-pressed", "false")
        page.reload()
        expect(page.locator(".gs-present")).to_have_attribute("aria-pressed", "false")
        expect(switch).not_to_be_checked()
    switch.check()
    page.keyboard.press("p")
    expect(page.locator(".gs-present")).to_have_attribute("aria-pressed", "true")


def test_source_and_summary_stand_side_by_side_and_nothing_scrolls_aside(
    page: Page, address: str
) -> None:
    visit(page, address)
    page.evaluate("gistscope.present(true)")
    source = page.locator("#source-tabs").bounding_box()
    summary = page.locator("#summary").bounding_box()
    assert source
    assert summary
    assert summary["x"] >= source["x"] + source["width"]
    assert abs(summary["width"] - source["width"]) < 60
    wide = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(wide)


# ---- tour
def overlap(page: Page) -> bool:
    """Does the tour cover what it points at?"""
    return bool(
        page.evaluate(
            "() => { const a = document.querySelector('.gs-tour').getBoundingClientRect();"
            "const b = document.querySelector('.gs-tour-ring').getBoundingClientRect();"
            "return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom; }"
        )
    )


@pytest.mark.parametrize("width", [1440, 390])
def test_the_tour_is_shown_once_and_covers_nothing_it_speaks_of(
    page: Page, address: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    visit(page, address, quiet=False)
    tour = page.get_by_role("dialog")
    for step in ("1 / 3", "2 / 3", "3 / 3"):
        expect(tour.locator(".gs-tour-count")).to_have_text(step)
        page.wait_for_timeout(100)
        box = tour.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert not overlap(page)
        tour.locator(".gs-tour-next").click()
    expect(tour).to_have_count(0)
    page.reload()
    expect(page.locator("#summarize")).to_be_enabled()
    expect(tour).to_have_count(0)
    page.locator(".gs-tour-start").click()
    expect(tour).to_be_visible()


def test_the_tour_is_operated_by_keys_and_gives_the_focus_back(page: Page, address: str) -> None:
    visit(page, address)
    page.locator(".gs-tour-start").press("Enter")
    count = page.locator(".gs-tour-count")
    expect(page.locator(".gs-tour-next")).to_be_focused()
    page.keyboard.press("Enter")
    expect(count).to_have_text("2 / 3")
    page.keyboard.press("ArrowLeft")
    expect(count).to_have_text("1 / 3")
    page.keyboard.press("Escape")
    expect(page.locator(".gs-tour")).to_have_count(0)
    expect(page.locator(".gs-tour-start")).to_be_focused()


def test_the_page_can_be_used_under_the_tour(page: Page, address: str) -> None:
    visit(page, address, quiet=False)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate("gistscope.tour.start()")
    summarize(page)
    expect(page.locator(".gs-tour-count")).to_have_text("2 / 3")  # the visitor did it
    page.locator(".gs-word").first.click()
    expect(page.locator(".gs-tour-count")).to_have_text("3 / 3")
    page.locator("#summarize").click()  # and went on to work
    expect(page.locator(".gs-tour")).to_have_count(0)
