"""Links, pictures and files, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import QUIET, visit

pytestmark = pytest.mark.e2e


RUN = {
    "text": "Café 東京 🙂 </script> ${x} & <img src=x onerror=1>\n\tשלום",
    "model": "tiny",
    "style": "headline",
    "strategy": "beam",
    "controls": {"num_beams": 4, "forced_prefix": "«"},
}


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


def test_a_damaged_link_is_said_to_be_damaged(page: Page, address: str) -> None:
    visit(page, address)
    for damage in ("d.", "d.AAAA", "d.%%%", "p.bm90IEpTT04", "p.e30", "x.e30", "p.W10", ""):
        page.evaluate("hash => history.replaceState(null, '', hash)", f"#run={damage}")
        found = page.evaluate("gistscope.readLink()")
        assert "damaged" in found["error"]["key"], damage
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


def test_a_plot_is_saved_with_ink_that_is_legible_on_its_background(
    opened: Page, tmp_path: Path
) -> None:
    button = opened.locator("#chart").get_by_role("button", name="SVG")
    for theme, paper, ink in (
        ("light", "255, 255, 255", "27, 27, 42"),
        ("dark", "25, 25, 36", "236, 236, 244"),
    ):
        opened.evaluate("theme => window.gistscope.theme(theme)", theme)
        button.focus()
        with opened.expect_download() as saved:
            opened.keyboard.press("Enter")
        assert saved.value.suggested_filename == "gistscope-chart.svg"
        saved.value.save_as(tmp_path / "chart.svg")
        picture = (tmp_path / "chart.svg").read_text(encoding="utf-8")
        assert f"rgb({paper})" in picture
        assert f"rgb({ink})" in picture
    with opened.expect_download() as saved:
        opened.locator("#chart").get_by_role("button", name="PNG").click()
    saved.value.save_as(tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_a_text_is_saved_as_it_is(page: Page, address: str, tmp_path: Path) -> None:
    visit(page, address)
    with page.expect_download() as saved:
        page.evaluate("text => gistscope.download('run.json', text)", RUN["text"])
    assert saved.value.suggested_filename == "run.json"
    saved.value.save_as(tmp_path / "run.json")
    assert (tmp_path / "run.json").read_text(encoding="utf-8") == RUN["text"]
