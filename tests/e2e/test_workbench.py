"""The page at work in a real browser: linked views, branches, tabs, files, keys, and markup.

What needs no model is tried on the stored run that the page opens with: that is fast.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.demo.made import SOURCE_TEXT
from tests.e2e.axe import violations
from tests.e2e.conftest import (
    TEXT,
    finished,
    set_number,
    summarize,
    write,
)

pytestmark = pytest.mark.e2e

HOSTILE = '<img src=x onerror="window.hacked=1"> ${window.hacked=2}'
TABS = (
    "Attention",
    "Probabilities",
    "Beam tree",
    "Compare",
    "Score a reference",
    "Take it along",
)
FIGURES = {"Attention": "attention", "Probabilities": "strip", "Beam tree": "tree"}
PHONE = {"width": 390, "height": 844}


def open_tab(page: Page, name: str) -> None:
    """Open a tab below the summary and wait until its figure is drawn."""
    page.get_by_role("tab", name=name, exact=True).click()
    if name in FIGURES:
        figure = page.locator(f"#{FIGURES[name]}")
        expect(figure.locator(".main-svg .xy").first).to_be_visible()


def words_of(page: Page) -> list[str]:
    """The summary's words, the end mark included."""
    return page.locator("#summary .gs-word").all_inner_texts()


def shares_of(page: Page) -> list[float]:
    """Per cent of attention that every source word shows; 0 where it is too little to see."""
    titles = page.locator("#source .gs-read").evaluate_all("all => all.map(one => one.title)")
    return [float(title.split(" ")[0]) if title else 0.0 for title in titles]


def pressed(page: Page) -> Locator:
    return page.locator("#summary .gs-word[aria-pressed=true]")


def chips(page: Page) -> Locator:
    return page.locator("#history .gs-run")


def figure_of(page: Page, name: str) -> dict[str, Any]:
    """A figure's data and layout as Plotly has them."""
    # The figure that stands for nothing yet has an empty meta.
    page.wait_for_function(
        "name => { const plot = document.querySelector(`#${name} .js-plotly-plot`);"
        " return plot && plot.layout && Object.keys(plot.layout.meta || {}).length > 0; }",
        arg=name,
    )
    return page.locator(f"#{name} .js-plotly-plot").evaluate(
        "plot => JSON.parse(JSON.stringify({ data: plot.data, layout: plot.layout }))"
    )


# ---- the stored run ------------------------------------------------------------------
def test_the_first_paint_is_a_stored_run_that_says_so_with_a_word_selected(opened: Page) -> None:
    expect(opened.locator(".gs-stored")).to_be_visible()
    expect(pressed(opened)).to_have_count(1)
    word = pressed(opened).inner_text()
    expect(opened.locator("#alternatives .gs-title")).to_contain_text(f"“{word}”")
    expect(opened.locator("#alternatives tbody .gs-chosen")).to_have_count(1)
    assert opened.locator("#alternatives tbody tr").count() > 1
    expect(opened.locator("#source .gs-read[title*='of the attention']").first).to_be_visible()
    expect(opened.locator("#chart .bars .point")).to_have_count(len(words_of(opened)))
    expect(opened.locator("#attention .ytick")).to_have_count(len(words_of(opened)))
    expect(opened.locator("#attention .shapelayer path")).to_have_count(1)
    expect(opened.locator("#source")).to_contain_text("after more than four thousand residents")
    assert opened.script_errors == []  # type: ignore[attr-defined]


def test_selected_words_sum_and_a_source_word_shows_who_used_it(opened: Page) -> None:
    words = opened.locator("#summary .gs-word")
    alone = []
    for place in (3, 4):  # not the one selected already: a second click lets go of it
        words.nth(place).click()
        expect(pressed(opened)).to_have_text(words_of(opened)[place])
        alone.append(shares_of(opened))
    words.nth(3).click(modifiers=["Shift"])
    opened.mouse.move(0, 0)
    expect(pressed(opened)).to_have_count(2)
    expect(opened.locator("#attention .shapelayer path")).to_have_count(2)
    both = shares_of(opened)
    strongest = max(range(len(both)), key=both.__getitem__)
    assert both[strongest] == pytest.approx((alone[0][strongest] + alone[1][strongest]) / 2, abs=3)
    assert max(both) <= max(max(alone[0]), max(alone[1]))

    source = opened.locator("#source .gs-read").nth(strongest)
    source.click()
    expect(source).to_have_attribute("aria-selected", "true")
    expect(opened.locator("#source .gs-hint")).to_contain_text("used most by")
    uses = words.evaluate_all("all => all.map(one => Number(one.style.getPropertyValue('--use')))")
    assert max(uses) == 1.0
    assert min(uses) < 0.5
    expect(opened.locator("#summary .gs-word.gs-used").first).to_be_visible()
    expect(pressed(opened)).to_have_count(0)  # never both sides at once


def test_attention_by_unit_and_sentence_with_the_copied_share_beside(opened: Page) -> None:
    open_tab(opened, "Attention")
    copied, words = figure_of(opened, "attention")["data"][1], len(words_of(opened))
    assert copied["xaxis"] == "x2"
    expect(opened.locator("#attention .x2tick")).to_have_text("copied")
    by_word = opened.locator("#attention .xtick").count()

    opened.locator("#sentence input").click()
    opened.locator("#sentence [role=option]").nth(2).click()
    expect(opened.locator("#attention .xtick")).not_to_have_count(by_word)
    shown = figure_of(opened, "attention")
    axis = shown["layout"]["xaxis"]["ticktext"]
    assert "The" in axis[:3]
    assert "mayor" in axis[:3]
    assert "city" not in axis
    expect(opened.locator("#attention .ytick")).to_have_count(words)

    opened.locator("#sentence input").click()
    opened.locator("#sentence [role=option]").first.click()
    expect(opened.locator("#attention .xtick")).to_have_count(by_word)
    opened.locator("#unit").get_by_text("Tokens").click()
    expect(opened.locator("#attention .xtick")).not_to_have_count(by_word)
    assert opened.locator("#attention .xtick").count() > by_word
    opened.locator("#unit").get_by_text("Sentences").click()
    expect(opened.locator("#attention .annotation")).to_have_count(4 + 1)  # and the marks
    expect(opened.locator(".toast-body")).to_have_count(0)


def test_probabilities_are_drawn_when_opened_and_the_rules_for_a_word(opened: Page) -> None:
    expect(opened.locator("#strip .main-svg")).to_have_count(0)  # not made for a closed tab
    open_tab(opened, "Probabilities")
    tokens = len(figure_of(opened, "strip")["layout"]["meta"]["words"])
    assert tokens >= len(words_of(opened))
    expect(opened.locator("#strip .xtick")).to_have_count(tokens)
    expect(opened.locator("#entropy .xtick").first).to_be_visible()
    opened.locator("#summary .gs-word").nth(3).click()
    expect(opened.locator("#distribution .bars .point").first).to_be_attached()
    before = figure_of(opened, "distribution")
    opened.locator("#summary .gs-word").nth(4).click()
    expect(opened.locator("#distribution .gtitle, #distribution .ytick").first).to_be_attached()
    opened.wait_for_function(
        "old => JSON.stringify(document.querySelector('#distribution .js-plotly-plot')"
        ".layout.yaxis.ticktext) !== old",
        arg=_compact(before["layout"]["yaxis"]["ticktext"]),
    )


def test_hypotheses_and_tree_nodes_load_into_all_views(opened: Page) -> None:
    open_tab(opened, "Beam tree")
    buttons = opened.locator(".gs-hypothesis")
    expect(buttons).to_have_count(4)
    first = words_of(opened)
    buttons.nth(2).click()
    expect(buttons.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(opened.locator("#summary .gs-word")).not_to_have_text(first)
    shown = words_of(opened)
    expect(opened.locator("#chart .bars .point")).to_have_count(len(shown))

    # A node that the search dropped: no hypothesis button leads there.
    figure = figure_of(opened, "tree")
    nodes = next(one for one in figure["data"] if one.get("mode") == "markers+text")
    dropped = nodes["marker"]["symbol"].index("x-thin-open")
    point = opened.locator("#tree .points .point").nth(dropped)
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    assert box is not None
    opened.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(buttons).to_have_count(5)
    expect(buttons.nth(4)).to_have_attribute("aria-pressed", "true")
    expect(buttons.nth(4)).to_contain_text("not finished")
    expect(opened.locator("#summary .gs-word")).not_to_have_text(shown)
    expect(opened.locator("#chart .bars .point")).to_have_count(len(words_of(opened)))
    assert opened.script_errors == []  # type: ignore[attr-defined]


# ---- runs ----------------------------------------------------------------------------
def test_going_on_another_way_keeps_the_beginning_and_the_run_before(opened: Page) -> None:
    summarize(opened)
    before = words_of(opened)
    opened.locator("#summary .gs-word").nth(1).click()
    other = opened.locator("#alternatives tbody tr:has(.gs-continue button)").first
    other.get_by_role("button").click()
    finished(opened, 3)
    expect(chips(opened).nth(2)).to_have_attribute("aria-pressed", "true")
    expect(chips(opened).nth(2)).to_contain_text(f"from “{before[1]}”")
    assert words_of(opened)[0] == before[0]
    assert words_of(opened) != before

    opened.locator("#summary .gs-word").nth(1).click()
    opened.locator(".gs-typed input").fill("museum")
    opened.locator(".gs-typed input").press("Enter")
    finished(opened, 4)
    assert words_of(opened)[0] == before[0]
    assert words_of(opened)[1].startswith("museum")

    chips(opened).nth(1).click()
    expect(chips(opened).nth(1)).to_have_attribute("aria-pressed", "true")
    expect(opened.locator("#summary .gs-word")).to_have_text(before)
    chips(opened).first.click()
    expect(opened.locator(".gs-stored")).to_be_visible()


def test_compare_and_score_a_reference(opened: Page) -> None:
    summarize(opened)
    shown = words_of(opened)
    open_tab(opened, "Compare")
    opened.locator("#compare-model input").click()
    opened.locator("#compare-model [role=option]", has_text="short").click()
    opened.locator("#compare-preset input").click()
    opened.locator("#compare-preset [role=option]", has_text="Faithful").click()
    opened.locator("#compare-run").click()
    expect(opened.locator(".gs-compare")).to_have_attribute("data-state", "done")
    expect(opened.locator(".gs-parting")).to_have_text(re.compile("They part at word|Both wrote"))
    expect(opened.locator("#compare thead th").nth(0)).to_contain_text("tiny")
    expect(opened.locator("#compare thead th").nth(1)).to_contain_text("short")
    expect(chips(opened)).to_have_count(3)
    expect(opened.locator("#summary .gs-word")).to_have_text(shown)  # what is shown stays
    expect(opened.locator("#summarize")).to_be_enabled()

    open_tab(opened, "Score a reference")
    opened.locator("#reference-text textarea").fill("The council kept the library open.")
    opened.locator("#reference-score").click()
    verdict = re.compile("The search missed it|The model prefers its own|both equally good")
    expect(opened.locator(".gs-verdict")).to_have_text(verdict)
    expect(opened.locator("#reference .gs-rouge li")).to_have_count(3)
    expect(opened.locator("#reference .gs-rouge li").first).to_have_text(
        re.compile(r"ROUGE-1\s*[01]\.\d\d")
    )
    assert opened.locator("#reference .gs-word").all_inner_texts()[:2] == ["The", "council"]
    expect(opened.locator("#reference tbody tr")).to_have_count(2)
    assert opened.script_errors == []  # type: ignore[attr-defined]


def test_presets_set_the_lengths_and_reset_brings_the_start_back(opened: Page) -> None:
    longest = opened.locator("#option-max_new_tokens input[type=number]")
    start = longest.input_value()
    opened.locator("#preset").get_by_text("BART-CNN").click()
    expect(longest).to_have_value("142")
    expect(opened.locator("#option-length_penalty input[type=number]")).to_have_value("2")
    opened.locator("#preset").get_by_text("Exploratory").click()
    expect(opened.locator("#strategy input:checked")).to_have_value("sample")
    opened.locator("#reset").click()
    expect(longest).to_have_value(start)
    expect(opened.locator("#strategy input:checked")).to_have_value("beam")
    expect(opened.locator("#preset input:checked")).to_have_value("Balanced")
    expect(opened.locator("#option-temperature input[type=range]")).to_be_disabled()


def test_a_link_brings_text_settings_and_summary_to_another_page(
    opened: Page, context: BrowserContext
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    set_number(opened, "num_beams", 3)
    summarize(opened, f"{TEXT} {HOSTILE}")
    summary = words_of(opened)
    open_tab(opened, "Take it along")
    opened.locator("#copy-link").click()
    expect(opened.locator(".gs-announce")).to_have_text("Link copied")
    other = context.new_page()
    other.add_init_script("localStorage.setItem('gistscope-tour', 'seen')")
    other.goto(opened.evaluate("navigator.clipboard.readText()"))
    finished(other, 2)
    expect(other.locator("#summary .gs-word")).to_have_text(summary)
    expect(other.locator("#option-num_beams input[type=number]")).to_have_value("3")
    expect(other.locator("#option-max_new_tokens input[type=number]")).to_have_value("12")
    other.get_by_role("tab", name="Source text").click()
    expect(other.locator("#text textarea")).to_have_value(f"{TEXT} {HOSTILE}")
    assert other.evaluate("window.hacked") is None


def test_a_run_is_saved_and_opened_again_as_json_and_as_a_report(
    opened: Page, tmp_path: Path
) -> None:
    stored = words_of(opened)
    open_tab(opened, "Take it along")
    saved = {}
    for kind in ("json", "report"):
        with opened.expect_download() as download:
            opened.locator(f"#save-{kind}").click()
        saved[kind] = tmp_path / download.value.suggested_filename
        download.value.save_as(saved[kind])
    assert saved["json"].name == "gistscope-the-city-council-voted-on-tuesday.json"
    assert "Content-Security-Policy" in saved["report"].read_text(encoding="utf-8")

    summarize(opened)  # another run, so that what is opened is a change
    expect(opened.locator("#summary .gs-word")).not_to_have_text(stored)
    for number, path in enumerate(saved.values(), 3):
        with opened.expect_file_chooser() as chooser:
            opened.locator("#open-run").click()
        chooser.value.set_files(path)
        finished(opened, number)
        expect(chips(opened).last).to_contain_text("from a file")
        expect(opened.locator("#summary .gs-word")).to_have_text(stored)
        expect(opened.locator(".toast-wrap")).to_contain_text("no model 'lstm' here")
    with opened.expect_download() as download:
        opened.locator("#save-json").click()
    assert Path(download.value.path()).read_bytes() == saved["json"].read_bytes()


def test_a_text_file_is_read_and_a_broken_document_says_so(opened: Page, tmp_path: Path) -> None:
    note, broken = tmp_path / "note.txt", tmp_path / "<img src=x onerror=hacked=1>.pdf"
    note.write_text(f"{SOURCE_TEXT} {HOSTILE}", encoding="utf-8")
    broken.write_bytes(b"%PDF-1.7 and nothing more")
    for path in (note, broken):
        with opened.expect_file_chooser() as chooser:
            opened.locator("#upload").click()
        chooser.value.set_files(path)
        expect(opened.locator("#text textarea")).to_have_value(f"{SOURCE_TEXT} {HOSTILE}")
    expect(opened.locator(".toast-wrap")).to_contain_text("can't be read as a PDF")
    assert opened.evaluate("window.hacked") is None


# ---- markup, keys, accessibility, phone ------------------------------------------------
def test_hostile_markup_stays_text_wherever_a_summary_is_shown(opened: Page) -> None:
    opened.get_by_role("button", name="All settings").click()
    opened.locator("#option-forced_prefix input, #option-forced_prefix textarea").fill(HOSTILE)
    summarize(opened, f"{TEXT} {HOSTILE}", longest=80)
    opened.locator("#summary .gs-word").first.click()
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


def press_until(page: Page, key: str, goal: str, most: int = 60) -> None:
    """Press a key until what a selector names has the focus."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("goal => document.activeElement.matches(goal)", goal):
            return
    raise AssertionError(f"{goal} is not reached by {most} times {key}")


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
            opened.wait_for_timeout(250)  # colours fade in; axe would read them half way
            # The page above the tabs is the same in all of them.
            within = None if tab == TABS[0] else "#inspection"
            found |= {(tab, theme, one): None for one in violations(opened, within)}
    assert not found, "\n".join(" ".join(one) for one in found)


def test_nothing_scrolls_sideways_on_a_phone_in_any_tab(opened: Page) -> None:
    opened.set_viewport_size(PHONE)
    opened.reload()
    expect(opened.locator("#summarize")).to_be_enabled()
    opened.get_by_role("button", name="All settings").click()
    too_wide = {}
    for tab in TABS:
        open_phone_tab(opened, tab)
        width = opened.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            too_wide[tab] = width
    assert too_wide == {}


def open_phone_tab(page: Page, name: str) -> None:
    """Where tabs don't fit, Gradio puts the rest into a menu."""
    tab = page.get_by_role("tab", name=name, exact=True)
    if not tab.is_visible():
        page.locator("#inspection .overflow-menu > button").click()
        page.locator("#inspection .overflow-dropdown").get_by_text(name, exact=True).click()
    else:
        tab.click()
    if name in FIGURES:
        expect(page.locator(f"#{FIGURES[name]} .main-svg .xy").first).to_be_visible()


def _compact(value: Any) -> str:
    """JSON as the browser writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
