"""The page in a real browser: what a visitor does, and what pasted text must never do."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import (
    TEXT,
    SlowLibrary,
    choose_model,
    colour,
    finished,
    set_number,
    summarize,
    write,
)

pytestmark = pytest.mark.e2e

HOSTILE = '<img src=x onerror="window.hacked=1"> ${window.hacked=2} {{constructor}} </s> 5 < 6 & 7'


def luminance(rgb: tuple[float, ...]) -> float:
    """Relative luminance of WCAG 2.1."""
    channels = [c / 255 for c in rgb[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Contrast ratio of WCAG 2.1."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_a_visit_makes_no_request_to_anybody_else(page: Page, address: str) -> None:
    outside: list[str] = []
    page.on(
        "request",
        lambda sent: (
            None if sent.url.startswith((address, "data:", "blob:")) else outside.append(sent.url)
        ),
    )
    page.goto(address)
    expect(page.locator("#summarize")).to_be_enabled()
    summarize(page)
    expect(page.locator("#attention .heatmaplayer").first).to_be_attached()
    assert outside == []


def test_summarize_draws_words_figures_map_and_chart(opened: Page) -> None:
    summarize(opened)
    words = opened.locator(".gs-word")
    assert words.count() >= 1
    expect(opened.locator(".gs-facts dt").first).to_have_text("words")
    expect(opened.locator("#chart .bars .point")).to_have_count(words.count())
    expect(opened.locator("#attention .heatmaplayer image").first).to_be_attached()
    expect(opened.locator("#attention .ytick")).to_have_count(words.count())
    assert opened.script_errors == []  # type: ignore[attr-defined]


def test_a_click_on_a_word_shades_the_source_and_lists_alternatives(opened: Page) -> None:
    summarize(opened)
    word = opened.locator(".gs-word").first
    word.click()
    expect(word).to_have_attribute("aria-pressed", "true")
    expect(opened.locator(".gs-read[title*='% of the attention']").first).to_be_visible()
    looks = opened.locator(".gs-read:not(.gs-special)").evaluate_all(
        "spans => spans.map(s => Number(s.style.getPropertyValue('--look')))"
    )
    assert max(looks) == 1.0
    rows = opened.locator(".gs-alternatives tbody tr")
    expect(rows.nth(1)).to_be_visible()
    expect(opened.locator(".gs-alternatives tbody .gs-chosen")).to_have_count(1)
    expect(opened.locator(".gs-alternatives .gs-title")).to_contain_text("the model weighed")
    expect(opened.locator("#attention .shapelayer path")).to_have_count(1)
    expect(opened.locator("#chart .shapelayer path")).to_have_count(1)
    word.click()  # again: nothing is selected
    opened.mouse.move(0, 0)
    expect(opened.locator(".gs-alternatives tbody tr")).to_have_count(0)


def test_a_click_on_the_map_selects_the_word_of_its_row(opened: Page) -> None:
    summarize(opened)
    area = opened.locator("#attention .nsewdrag").first
    area.scroll_into_view_if_needed()
    area.click(position={"x": 5, "y": 5})
    expect(opened.locator(".gs-word").first).to_have_attribute("aria-pressed", "true")


def test_words_are_reached_and_selected_by_keyboard_alone(opened: Page) -> None:
    summarize(opened, longest=16)
    words = opened.locator(".gs-word")
    words.first.focus()
    opened.keyboard.press("End")
    expect(words.last).to_be_focused()
    opened.keyboard.press("Enter")
    expect(words.last).to_have_attribute("aria-pressed", "true")
    opened.keyboard.press("Escape")
    expect(words.last).to_have_attribute("aria-pressed", "false")


def test_control_and_enter_in_the_text_starts_a_run(opened: Page) -> None:
    set_number(opened, "max_new_tokens", 8)
    write(opened, TEXT)
    opened.locator("#text textarea").press("Control+Enter")
    finished(opened, 2)  # the stored run was done before
    assert opened.locator(".gs-word").count() >= 1


def test_stop_ends_a_run_and_leaves_the_page_ready(opened: Page, library: SlowLibrary) -> None:
    choose_model(opened, "slow")
    opened.locator("#summarize").click()
    expect(opened.locator(".gs-text")).to_contain_text("word word")
    opened.locator("#stop").click()
    assert library.slow.ended.wait(timeout=10)
    expect(opened.locator(".gs-summary")).to_have_attribute("data-state", "stopped")
    expect(opened.locator(".gs-text")).to_contain_text("word word")
    expect(opened.locator("#summarize")).to_be_enabled()
    expect(opened.locator("#stop")).to_be_disabled()
    choose_model(opened, "tiny")
    summarize(opened)  # and the next run works


def test_an_empty_text_gets_a_message_and_the_page_stays_usable(opened: Page) -> None:
    write(opened, "   ")
    opened.locator("#summarize").click()
    expect(opened.locator(".gs-missing")).to_contain_text("only white space")
    expect(opened.locator("#summarize")).to_be_enabled()
    assert opened.locator("#text textarea").input_value() == "   "


def test_a_long_document_is_read_in_parts_that_can_be_looked_at(opened: Page) -> None:
    choose_model(opened, "short")
    summarize(opened, "The council kept the library. " * 24)
    expect(opened.locator(".gs-missing")).to_contain_text("parts, and their summaries were merged")
    opened.locator("#part input").click()
    opened.locator("#part [role=option]").nth(2).click()
    expect(opened.locator(".gs-run[aria-pressed=true]")).to_contain_text("part 2 of")
    expect(opened.locator(".gs-source")).to_contain_text("The council kept the library.")


def test_layer_head_and_unit_redraw_without_a_new_run(opened: Page) -> None:
    summarize(opened)
    shown = opened.locator(".gs-words").inner_text()
    columns = opened.locator("#attention .xtick").count()
    opened.locator("#unit").get_by_text("Sentences").click()
    expect(opened.locator("#attention .xtick")).not_to_have_count(columns)
    opened.locator("#layer input").click()
    opened.get_by_role("option", name="2").click()
    expect(opened.locator("#layer input")).to_have_value("2")
    assert opened.locator(".gs-words").inner_text() == shown
    assert opened.locator(".toast-body").count() == 0


def test_controls_without_effect_rest_and_say_why(opened: Page) -> None:
    temperature = opened.locator("#option-temperature input[type=range]")
    expect(temperature).to_be_disabled()
    expect(opened.locator("#option-temperature")).to_contain_text("Only sampling uses it")
    opened.locator("#strategy").get_by_text("Sampling").click()
    expect(temperature).to_be_enabled()
    expect(opened.locator("#option-num_beams input[type=range]")).to_be_disabled()
    assert opened.locator("#preset input:checked").count() == 0
    opened.locator("#preset").get_by_text("Faithful").click()
    expect(opened.locator("#option-num_beams input[type=number]")).to_have_value("6")
    expect(temperature).to_be_disabled()


def test_another_model_brings_its_own_limits_and_defaults(opened: Page) -> None:
    set_number(opened, "max_new_tokens", 128)
    set_number(opened, "num_beams", 7)
    choose_model(opened, "short")
    longest = opened.locator("#option-max_new_tokens input[type=number]")
    expect(longest).to_have_attribute("max", "40")
    expect(longest).to_have_value("28")  # of a headline
    expect(opened.locator("#option-num_beams input[type=number]")).to_have_value("4")
    expect(opened.locator("#about")).to_contain_text("Reads 64 tokens at once, writes up to 40.")
    summarize(opened)


def test_an_example_fills_the_text_and_its_style(opened: Page) -> None:
    opened.get_by_role("button", name="Dialogue").click()
    expect(opened.locator("#text textarea")).to_have_value(re.compile("^Nadia:"))
    expect(opened.locator("#style input:checked")).to_have_value("notes")


def test_pointing_at_a_word_does_not_move_it_away_in_a_narrow_window(opened: Page) -> None:
    opened.set_viewport_size({"width": 390, "height": 844})
    summarize(opened, TEXT)
    word = opened.locator(".gs-word").first
    word.scroll_into_view_if_needed()
    before = word.bounding_box()
    word.hover()
    opened.wait_for_timeout(300)
    assert word.bounding_box() == before


def test_an_example_sets_the_length_of_its_style(opened: Page) -> None:
    opened.get_by_role("button", name="Dialogue").click()
    longest = opened.locator("#option-max_new_tokens input[type=number]")
    expect(longest).not_to_have_value("28")


def test_text_is_legible_in_both_themes(opened: Page) -> None:
    summarize(opened)
    opened.locator(".gs-word").first.click()
    for theme in ("light", "dark"):
        opened.evaluate("theme => window.gistscope.theme(theme)", theme)
        opened.wait_for_timeout(500)  # colours fade, figures are drawn again
        card = colour(opened, ".gs-card", "backgroundColor")
        assert (luminance(card) < 0.1) == (theme == "dark")
        for selector, part in (
            (".gs-word", "color"),
            (".gs-read", "color"),
            (".gs-hint", "color"),
            (".gs-facts dt", "color"),
            (".gs-alternatives tbody th", "color"),
            ("#attention .ytick text", "fill"),
            ("#attention .xtick text", "fill"),
            ("#chart .xtick text", "fill"),
        ):
            assert contrast(colour(opened, selector, part), card) >= 4.5, (selector, theme)
