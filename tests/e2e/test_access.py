"""Hostile markup, keys alone, axe and a phone: the whole page in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import violations
from tests.e2e.conftest import TEXT, finished, set_number, summarize, visit, write
from tests.e2e.looking import (
    HOSTILE,
    PHONE,
    TABS,
    chips,
    open_phone_tab,
    open_tab,
    press_until,
)

pytestmark = pytest.mark.e2e


def test_hostile_markup_stays_text_wherever_a_summary_is_shown(opened: Page) -> None:
    opened.get_by_role("button", name="All settings").click()
    opened.locator("#option-forced_prefix input, #option-forced_prefix textarea").fill(HOSTILE)
    summarize(opened, f"{TEXT} {HOSTILE}", longest=80)
    opened.locator("#summary .gs-word").first.click()
    assert HOSTILE in " ".join(opened.locator("#summary .gs-words").inner_text().split())
    assert "${window.hacked=2}" in opened.locator(".gs-source").inner_text()
    expect(opened.locator("#alternatives .gs-title")).to_contain_text("“<”")
    opened.locator(".gs-typed input").fill(HOSTILE)
    opened.locator(".gs-typed input").press("Enter")
    finished(opened, 3)
    expect(chips(opened).last).to_contain_text("from “<”")
    expect(chips(opened).last).to_have_attribute("title", re.compile(re.escape("<img src=x")))
    for tab in TABS[:3]:
        open_tab(opened, tab)
    expect(opened.locator(".gs-hypothesis").first).to_contain_text(HOSTILE)
    expect(opened.locator("#tree")).to_contain_text("img")
    open_tab(opened, "Compare")
    opened.locator("#compare-run").click()
    expect(opened.locator(".gs-compare")).to_have_attribute("data-state", "done")
    expect(opened.locator("#compare table")).to_contain_text("<img")
    expect(opened.locator("#summarize")).to_be_enabled()
    open_tab(opened, "Score a reference")
    opened.locator("#reference-text textarea").fill(HOSTILE)
    opened.locator("#reference-score").click()
    expect(opened.locator(".gs-verdict")).not_to_be_empty()
    expect(opened.locator("#reference .gs-words")).to_contain_text("${window.hacked=2}")
    expect(opened.locator("img[src='x']")).to_have_count(0)
    assert opened.evaluate("window.hacked") is None
    assert opened.script_errors == []  # type: ignore[attr-defined]


def test_keys_alone_summarise_select_go_on_and_change_tabs(opened: Page) -> None:
    set_number(opened, "max_new_tokens", 10)
    write(opened, TEXT)
    opened.locator("#text textarea").focus()
    press_until(opened, "Tab", "#summarize, #summarize *")
    opened.keyboard.press("Enter")
    finished(opened, 2)
    press_until(opened, "Tab", "#summary .gs-word")
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("Enter")
    expect(opened.locator("#summary .gs-word").nth(1)).to_have_attribute("aria-pressed", "true")
    press_until(opened, "Tab", "#alternatives .gs-continue button")
    opened.keyboard.press("Enter")
    finished(opened, 3)
    press_until(opened, "Tab", "#inspection [data-tab-id=beams]", most=90)
    opened.keyboard.press("Enter")
    expect(opened.get_by_role("tab", name="Beam tree")).to_have_attribute("aria-selected", "true")
    press_until(opened, "Tab", ".gs-hypothesis")
    press_until(opened, "Tab", ".gs-hypothesis[aria-pressed=false]")
    opened.keyboard.press("Enter")
    expect(opened.locator(".gs-hypothesis").nth(1)).to_have_attribute("aria-pressed", "true")


def test_axe_finds_no_violation_in_any_tab_in_light_and_dark(opened: Page) -> None:
    summarize(opened)
    open_tab(opened, "Score a reference")
    opened.locator("#reference-text textarea").fill("The council kept the library open.")
    opened.locator("#reference-score").click()
    expect(opened.locator(".gs-verdict")).not_to_be_empty()
    open_tab(opened, "Compare")
    opened.locator("#compare-run").click()
    expect(opened.locator(".gs-compare")).to_have_attribute("data-state", "done")
    opened.locator("#summary .gs-word").first.click()
    found = {}
    for tab in TABS:
        open_tab(opened, tab)
        for theme in ("light", "dark"):
            opened.evaluate("theme => window.gistscope.theme(theme)", theme)
            # The page above the tabs is the same in all of them.
            within = None if tab == TABS[0] else "#inspection"
            found |= {(tab, theme, one): None for one in violations(opened, within)}
    assert not found, "\n".join(" ".join(one) for one in found)


def test_axe_finds_no_violation_in_chinese_in_the_dark(page: Page, address: str) -> None:
    visit(page, address, "?lang=zh&__theme=dark")
    found = {}
    for tab, figure in (("attention", "attention"), ("probabilities", "strip"), ("beams", "tree")):
        page.locator(f"#inspection [data-tab-id={tab}]").click()
        expect(page.locator(f"#{figure} .main-svg .xy").first).to_be_visible()
        within = None if tab == "attention" else "#inspection"
        found |= {(tab, one): None for one in violations(page, within)}
    for tab in ("compare", "reference", "takeaway"):
        page.locator(f"#inspection [data-tab-id={tab}]").click()
        expect(page.locator(f"#inspection [data-tab-id={tab}]")).to_have_class(
            re.compile("selected")
        )
        found |= {(tab, one): None for one in violations(page, "#inspection")}
    assert not found, "\n".join(" ".join(one) for one in found)


def test_nothing_scrolls_sideways_on_a_phone_in_any_tab(opened: Page) -> None:
    opened.set_viewport_size(PHONE)
    opened.reload()
    expect(opened.locator("#summarize")).to_be_enabled()
    opened.get_by_role("button", name="All settings").click()
    opened.locator("#summary .gs-word").first.click()
    too_wide = {}
    for tab in TABS:
        open_phone_tab(opened, tab)
        width = opened.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            too_wide[tab] = width
    assert too_wide == {}
