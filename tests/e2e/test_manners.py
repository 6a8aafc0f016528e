"""Language, tour, presenter view, links and pictures, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE, summarize

pytestmark = pytest.mark.e2e

QUIET = "localStorage.setItem('gistscope-tour', 'seen')"
RUN = {
    "text": "Café 東京 🙂 </script> ${x} & <img src=x onerror=1>\n\tשלום",
    "model": "tiny",
    "style": "headline",
    "strategy": "beam",
    "controls": {"num_beams": 4, "forced_prefix": "«"},
}


def visit(page: Page, address: str, query: str = "", quiet: bool = True) -> Page:
    """Open the page; `quiet` without the tour."""
    if quiet:
        page.add_init_script(QUIET)
    page.goto(f"{address}{query}")
    expect(page.locator("#summarize")).to_be_enabled()
    return page


def text_box(page: Page) -> Any:
    """Where texts are written; its tab has another name in every language."""
    page.locator("[data-tab-id=write]").click()
    return page.locator("#text textarea")


def label_of(page: Page, option: str) -> Any:
    return page.locator(f"#option-{option} [data-testid=block-info]")


def info_of(page: Page, option: str) -> Any:
    return page.locator(f"#option-{option} .info-text")


# ---- language ------------------------------------------------------------
def test_the_button_turns_the_page_to_chinese_and_back(page: Page, address: str) -> None:
    visit(page, address)
    expect(label_of(page, "num_beams")).to_have_text("Beams")
    page.locator(".gs-language").click()
    expect(label_of(page, "num_beams")).to_have_text("束宽")
    expect(page.locator("#summarize")).to_have_text("生成摘要")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(text_box(page)).to_have_attribute("placeholder", "在此粘贴文本…")
    page.reload()
    expect(label_of(page, "num_beams")).to_have_text("束宽")  # the choice is kept
    page.locator(".gs-language").click()
    expect(label_of(page, "num_beams")).to_have_text("Beams")
    expect(page.locator("#summarize")).to_have_text("Summarize")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_an_update_of_a_translated_part_is_translated_too(page: Page, address: str) -> None:
    visit(page, address, "?lang=zh")
    before = info_of(page, "temperature").text_content()
    page.locator("#strategy label").nth(2).click()  # sampling: the temperature has an effect now
    expect(info_of(page, "temperature")).to_have_text("小于 1 更集中，大于 1 更分散。")
    assert before != info_of(page, "temperature").text_content()
    page.locator("#strategy label").nth(0).click()
    expect(info_of(page, "temperature")).to_have_text(str(before))
    page.locator(".gs-language").click()
    expect(info_of(page, "temperature")).to_have_text("Only sampling uses it (do_sample).")


def test_a_choice_made_in_chinese_means_the_same(page: Page, address: str) -> None:
    visit(page, address, "?lang=zh")
    page.locator(".label-wrap").first.click()
    box = page.locator("#option-early_stopping input")
    box.click()
    page.locator("#option-early_stopping [role=option]").nth(2).click()
    expect(box).to_have_value("从不停止，继续搜索")
    page.locator(".gs-language").click()
    expect(box).to_have_value("never, search on")


@pytest.mark.parametrize(("locale", "shown"), [("zh-CN", "zh"), ("de-DE", "en")])
def test_a_first_visit_follows_the_browser(
    browser: Browser, address: str, locale: str, shown: str
) -> None:
    with browser.new_context(locale=locale) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        visit(page, address)
        assert page.evaluate("gistscope.language()") == shown


def test_a_text_that_equals_a_label_is_left_alone(page: Page, address: str) -> None:
    visit(page, address, "?lang=zh")
    text_box(page).fill("Summary Beams words")
    page.wait_for_timeout(200)
    expect(page.locator("#text textarea")).to_have_value("Summary Beams words")
    page.evaluate(
        "() => { const p = document.createElement('p'); p.dataset.user = '';"
        "p.innerHTML = '<button id=theirs>Summarize</button>';"
        "document.querySelector('.gradio-container').append(p); }"
    )
    page.wait_for_timeout(200)
    expect(page.locator("#theirs")).to_have_text("Summarize")


def test_messages_are_filled_once_and_errors_keep_their_values(page: Page, address: str) -> None:
    visit(page, address, "?lang=zh")
    say = "what => gistscope.say(what)"
    message = {"key": "Part {part} of {parts}", "values": {"part": "{parts}", "parts": 3}}
    assert page.evaluate(say, message) == "第 {parts} 部分，共 3 部分"
    error = "num_beams must be at most 16 here, got 64"
    translated = page.evaluate(say, error)
    assert "16" in translated
    assert "64" in translated
    assert "at most" not in translated
    assert page.evaluate(say, "A sentence of nobody") == "A sentence of nobody"
    assert page.evaluate(say, {"key": "constructor"}) == "constructor"


# ---- presenter view ------------------------------------------------------------
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


# ---- tour ------------------------------------------------------------
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
    page.locator(".gs-tour-next").click()
    page.locator(".gs-word").first.click()
    expect(page.locator(".gs-tour-count")).to_have_text("3 / 3")  # the visitor did it


# ---- links, pictures, files ------------------------------------------------------------
def test_a_link_gives_back_what_was_put_in(
    page: Page, context: BrowserContext, address: str
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit(page, address)
    assert page.evaluate("run => gistscope.copyLink(run)", RUN)
    expect(page.locator(".gs-announce")).to_have_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"#run=d\.[\w-]+", link.removeprefix(page.url.split("#")[0]))
    other = context.new_page()
    other.add_init_script(QUIET)
    other.goto(link)
    expect(other.locator("#summarize")).to_be_enabled()
    assert other.evaluate("gistscope.readLink()") == RUN


def test_without_compression_and_clipboard_a_link_still_works(page: Page, address: str) -> None:
    page.add_init_script(
        "delete window.CompressionStream;"
        "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
        "document.execCommand = () => false;"
    )
    visit(page, address)
    page.evaluate("run => gistscope.copyLink(run)", RUN)
    assert "#run=p." in page.url
    expect(page.locator(".gs-announce")).to_contain_text("address bar")
    assert page.evaluate("gistscope.readLink()") == RUN


@pytest.mark.parametrize(
    "damage", ["d.", "d.AAAA", "d.%%%", "p.bm90IEpTT04", "p.e30", "x.e30", "p.W10", ""]
)
def test_a_damaged_link_is_said_to_be_damaged(page: Page, address: str, damage: str) -> None:
    visit(page, address, f"#run={damage}")
    found = page.evaluate("gistscope.readLink()")
    assert "damaged" in found["error"]["key"]
    page.evaluate("history.replaceState(null, '', '#elsewhere')")
    assert page.evaluate("gistscope.readLink()") is None


def test_a_link_that_would_be_too_long_is_refused_with_both_figures(
    page: Page, address: str
) -> None:
    visit(page, address)
    noise = (
        "() => { let t = ''; while (t.length < 300000) t += Math.random().toString(36); return t; }"
    )
    text = page.evaluate(noise)
    assert page.evaluate("text => gistscope.copyLink({ text })", text) is False
    expect(page.locator(".gs-announce")).to_contain_text("200000 are possible")
    assert "#run" not in page.url


def test_a_bomb_in_a_link_is_refused(page: Page, address: str) -> None:
    visit(page, address)
    page.evaluate("gistscope.copyLink({ text: 'a'.repeat(9_000_000) })")
    assert len(page.url) < 200_000
    assert "damaged" in page.evaluate("gistscope.readLink()")["error"]["key"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_plot_is_saved_with_ink_that_is_legible_on_its_background(
    page: Page, address: str, theme: str, tmp_path: Path
) -> None:
    visit(page, address, f"?__theme={theme}")
    summarize(page)
    button = page.locator("#chart").get_by_role("button", name="SVG")
    button.focus()
    with page.expect_download() as saved:
        page.keyboard.press("Enter")
    assert saved.value.suggested_filename == "gistscope-chart.svg"
    saved.value.save_as(tmp_path / "chart.svg")
    picture = (tmp_path / "chart.svg").read_text(encoding="utf-8")
    paper, ink = (
        ("255, 255, 255", "27, 27, 42") if theme == "light" else ("25, 25, 36", "236, 236, 244")
    )
    assert f"rgb({paper})" in picture
    assert f"rgb({ink})" in picture
    with page.expect_download() as saved:
        page.locator("#chart").get_by_role("button", name="PNG").click()
    saved.value.save_as(tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_a_text_is_saved_as_it_is(page: Page, address: str, tmp_path: Path) -> None:
    visit(page, address)
    with page.expect_download() as saved:
        page.evaluate("text => gistscope.download('run.json', text)", RUN["text"])
    assert saved.value.suggested_filename == "run.json"
    saved.value.save_as(tmp_path / "run.json")
    assert (tmp_path / "run.json").read_text(encoding="utf-8") == RUN["text"]
