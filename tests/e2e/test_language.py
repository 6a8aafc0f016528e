"""English and Chinese in a real browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PATIENCE, text_box, visit

pytestmark = pytest.mark.e2e


def label_of(page: Page, option: str) -> Any:
    return page.locator(f"#option-{option} [data-testid=block-info]")


def third_token() -> str:
    """Of the stored run, which the page opens with."""
    path = Path(__file__).parents[2] / "assets" / "examples" / "1-news.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    third = stored["hypotheses"][0]["token_ids"][2]
    return str(stored["vocabulary"][str(third)]).strip()


def info_of(page: Page, option: str) -> Any:
    return page.locator(f"#option-{option} .info-text")


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


def test_figures_say_axes_legends_and_hover_texts_in_chinese(page: Page, address: str) -> None:
    visit(page, address, "?lang=zh")
    page.locator("#inspection [data-tab-id=probabilities]").click()
    title = page.locator("#entropy .ytitle")
    expect(title).to_have_text("概率")
    expect(page.locator("#entropy .xtick").last).to_have_text("（结束）")
    expect(page.locator("#distribution .legendtext").last).to_have_text("应用规则后")
    page.locator("#entropy .bars .point path").nth(2).hover(force=True)
    expect(page.locator("#entropy .hoverlayer .hovertext").first).to_contain_text("概率")
    expect(page.locator("#entropy .hoverlayer .hovertext").first).to_contain_text(third_token())
    page.locator("#inspection [data-tab-id=beams]").click()
    expect(page.locator("#tree .legendtext").last).to_have_text("已剪除")
    page.locator(".gs-language").click()
    expect(page.locator("#tree .legendtext").last).to_contain_text("pruned")
    expect(title).to_contain_text("probability")
