"""The offline report in a real browser: opened from a file, with everything it needs inside."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from demo.session import Run
from demo.transfer.report import html_report
from model.trace import Trace
from tests.demo.made import make_trace
from tests.e2e.axe import violations

pytestmark = pytest.mark.e2e

HOSTILE = "</script><img src=x onerror='window.hacked=1'> ${window.hacked=2} $title"
FIGURES = ("chart", "attention", "entropy", "strip", "tree")


def two_hypotheses() -> Trace:
    """The hand-made run over a source that ends in markup; its second hypothesis lacks the end."""
    trace = make_trace()
    first = trace.hypotheses[0]
    second = dataclasses.replace(
        first,
        text="Council keeps lib",
        token_ids=first.token_ids[:3],
        offsets=first.offsets[:3],
        rows=first.rows[:3],
        score=-0.9,
        finished=False,
    )
    source = dataclasses.replace(trace.source, text=f"{trace.source.text} {HOSTILE}")
    return dataclasses.replace(
        trace,
        source=source,
        hypotheses=(first, second),
        options={"num_beams": 2, "forced_prefix": HOSTILE},
        vocabulary={**trace.vocabulary, 15: HOSTILE},
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report as a visitor saves it."""
    run = Run(two_hypotheses(), "headline", parts=(two_hypotheses(),))
    path = tmp_path_factory.mktemp("reports") / "report.html"
    path.write_text(html_report(run), encoding="utf-8")
    return path


@pytest.fixture
def report(page: Page, file: Path) -> Iterator[Page]:
    """The opened report. Afterwards: no error, no request to anywhere, no violated policy."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on(
        "request",
        lambda sent: (
            None
            if sent.url.startswith((file.as_uri(), "data:", "blob:"))
            else wrong.append(sent.url)
        ),
    )
    page.goto(file.as_uri())
    for name in FIGURES:
        expect(page.locator(f"#{name} .main-svg").first).to_be_visible()
    yield page
    assert wrong == []


def test_a_click_on_a_word_marks_source_map_and_chart(report: Page) -> None:
    expect(report.locator("#attention .shapelayer path")).to_have_count(0)
    report.locator(".gs-word", has_text="keeps").click()
    expect(report.locator(".gs-word[aria-pressed=true]")).to_have_text("keeps")
    looked = report.locator("#source .gs-read").evaluate_all(
        "spans => spans.map((span) => Number(span.style.getPropertyValue('--look')))"
    )
    assert looked.index(max(looked)) == 1  # "council": where the hand-made attention goes
    expect(report.locator("#attention .shapelayer path")).to_have_count(1)
    expect(report.locator("#chart .shapelayer path")).to_have_count(1)
    expect(report.locator("#alternatives .gs-title")).to_contain_text("keeps")


def test_a_click_on_a_bar_selects_its_word(report: Page) -> None:
    report.locator("#chart .bars .point path").nth(2).click(force=True)
    expect(report.locator(".gs-word[aria-pressed=true]")).to_have_text("library")


def test_another_hypothesis_is_loaded_into_all_views(report: Page) -> None:
    report.locator(".gs-hypothesis").nth(1).click()
    expect(report.locator(".gs-hypothesis").nth(1)).to_have_attribute("aria-pressed", "true")
    expect(report.locator(".gs-word")).to_have_text(["Council", "keeps", "lib"])
    expect(report.locator("#chart .bars .point")).to_have_count(3)
    expect(report.locator("#attention .ytick")).to_have_count(3)
    report.locator(".gs-hypothesis").first.click()
    expect(report.locator("#chart .bars .point")).to_have_count(4)


def test_nothing_can_be_continued_without_a_model(report: Page) -> None:
    report.locator(".gs-word").first.click()
    expect(report.locator("#alternatives tbody tr").first).to_be_visible()
    expect(report.locator(".gs-continue")).to_have_count(0)
    expect(report.locator(".gs-typed")).to_be_hidden()


def test_injected_markup_stays_text(report: Page) -> None:
    report.locator(".gs-word").first.click()
    expect(report.locator("#alternatives tbody")).to_contain_text("<img src=x")
    expect(report.locator("#source")).to_contain_text(HOSTILE)
    expect(report.locator(".gs-table").first).to_contain_text(HOSTILE)
    expect(report.locator("body :is(img, iframe, object)")).to_have_count(0)
    assert report.evaluate("window.hacked") is None


def test_the_policy_stops_a_request_that_somebody_adds(page: Page, file: Path) -> None:
    page.goto(file.as_uri())
    refused = page.evaluate(
        "fetch('https://example.org/').then(() => false, (error) => error instanceof TypeError)"
    )
    assert refused


def test_a_phone_sees_no_horizontal_scroll_and_the_summary_before_the_settings(
    report: Page,
) -> None:
    report.set_viewport_size({"width": 390, "height": 844})
    assert report.evaluate("document.documentElement.scrollWidth") <= 390
    below = report.locator(".gs-later").bounding_box()
    above = report.locator("#summary").bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] < below["y"]


def test_theme_and_language_change_without_a_server(report: Page) -> None:
    dark = report.evaluate("document.body.classList.contains('dark')")
    report.locator(".gs-theme").click()
    assert report.evaluate("document.body.classList.contains('dark')") != dark
    report.locator(".gs-language").click()
    expect(report.locator("html")).to_have_attribute("lang", "zh-Hans")


def test_axe_finds_no_violation_in_a_report_in_either_theme(report: Page) -> None:
    report.locator(".gs-word").first.click()
    expect(report.locator("#alternatives tbody tr").first).to_be_visible()
    for theme in ("light", "dark"):
        report.evaluate("theme => window.gistscope.theme(theme)", theme)
        assert violations(report) == [], theme
