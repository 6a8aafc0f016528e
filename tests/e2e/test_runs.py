"""Runs in a real browser: continued, compared, scored, set, linked, saved and opened again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.demo.made import SOURCE_TEXT
from tests.e2e.conftest import TEXT, finished, set_number, summarize
from tests.e2e.looking import HOSTILE, chips, open_tab, words_of

pytestmark = pytest.mark.e2e


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

    opened.locator("#summary .gs-word").first.click()
    opened.locator(".gs-typed input").fill("museum")
    opened.locator(".gs-typed input").press("Enter")
    finished(opened, 4)
    assert words_of(opened)[0].startswith("museum")

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
    assert saved["json"].name == f"gistscope-{'-'.join(stored[:6]).lower()}.json"
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
        expect(opened.locator(".toast-wrap")).to_contain_text("no model 'transformer' here")
    with opened.expect_download() as download:
        opened.locator("#save-json").click()
    assert Path(download.value.path()).read_bytes() == saved["json"].read_bytes()

    opened.locator("#mask").get_by_text("Mask names, too").click()
    expect(opened.locator(".gs-masked dd")).to_contain_text("Harbour")
    opened.locator("#chart").get_by_role("button", name="SVG").click()
    expect(opened.locator(".gs-announce")).to_contain_text("what you want masked")
    for _ in range(2):  # the same file twice
        with opened.expect_download() as download:
            opened.locator("#save-json").click()
        assert "Harbour" not in Path(download.value.path()).read_text(encoding="utf-8")
    opened.locator(".gs-masked button").click()
    finished(opened, 5)
    expect(opened.locator(".gs-missing")).to_contain_text("Personal data is masked")
    expect(opened.locator("#summary")).not_to_contain_text("Harbour")


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
