"""A page over a tiny random model, and a Chromium to drive it. Never skips: CI has both."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from demo.library import Library
from model.summarizer import StreamUpdate, Summarizer
from tests.demo.made import make_model

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before anything imports gradio
os.environ.setdefault("GISTSCOPE_REQUESTS_PER_MINUTE", "100000")  # one address is all visitors

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 30_000  # milliseconds; a busy machine draws slowly
QUIET = "localStorage.setItem('gistscope-tour', 'seen')"  # no tour
TEXT = (
    "The council kept the library open for three more years. A petition against its closure had "
    "four thousand names."
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium; Playwright's own is not downloaded."""
    found = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    assert found, f"no browser: install one of {', '.join(CHROMIUM_NAMES)}"
    return {**browser_type_launch_args, "executable_path": found, "args": CHROMIUM_FLAGS}


class Slow:
    """A model whose summary takes minutes; it knows whether somebody ended it."""

    def __init__(self, model: Summarizer) -> None:
        self.styles, self.config, self.name = model.styles, model.config, model.name
        self.read, self.room, self.token_counts = model.read, model.room, model.token_counts
        self.defaults, self.fitting, self.notes = model.defaults, model.fitting, model.notes
        self.ended = threading.Event()

    def stream(self, *_: object) -> Iterator[StreamUpdate]:
        self.ended.clear()
        try:
            for length in range(1, 1_000):
                time.sleep(0.2)
                yield StreamUpdate("word " * length)
        finally:
            self.ended.set()


class SlowLibrary(Library):
    """The model "slow" is a `Slow` one."""

    def __init__(self, folders: list[Path]) -> None:
        super().__init__(folders)
        self.slow = Slow(super().get("slow"))

    def get(self, name: str | None = None) -> Summarizer:
        return self.slow if name == "slow" else super().get(name)  # type: ignore[return-value]


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> SlowLibrary:
    """Three models: "tiny", "short" (reads 64 tokens, writes 40), "slow" (takes minutes)."""
    folder = tmp_path_factory.mktemp("models")
    paths = [make_model(folder / "tiny", max_source_tokens=512), make_model(folder / "short", 40)]
    return SlowLibrary([*paths, make_model(folder / "slow")])


@pytest.fixture(scope="session")
def address(library: SlowLibrary) -> Iterator[str]:
    """Address of a page over the models."""
    from demo.page import build
    from demo.server import launch

    page = build(library)
    _, local, _ = launch(page, prevent_thread_lock=True, quiet=True)
    yield local
    page.close()


@pytest.fixture(autouse=True)
def _patient(page: Page) -> None:
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)


@pytest.fixture
def opened(page: Page, address: str) -> Page:
    """The page, ready for input. Fails the test on any error that a script raised."""
    errors: list[str] = []
    page.add_init_script(QUIET)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    expect(page.locator("#summarize")).to_be_enabled()
    page.script_errors = errors  # type: ignore[attr-defined]
    return page


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


def write(page: Page, text: str) -> None:
    """Paste a text where texts are written."""
    page.get_by_role("tab", name="Source text").click()
    box = page.locator("#text textarea")
    expect(box).not_to_have_value("")  # the example's text comes when the tab is first opened
    page.wait_for_timeout(200)
    box.fill(text)
    page.wait_for_timeout(100)
    expect(box).to_have_value(text)


def summarize(page: Page, text: str = TEXT, longest: int = 12) -> None:
    """Paste a text, press Summarize and wait until everything is drawn."""
    write(page, text)
    set_number(page, "max_new_tokens", longest)
    runs = max(1, page.locator(".gs-run").count())  # one run alone shows no history
    page.locator("#summarize").click()
    finished(page, runs + 1)


def finished(page: Page, runs: int) -> None:
    """Wait until this many runs stand in the history and the newest is drawn."""
    expect(page.locator(".gs-run")).to_have_count(runs)
    expect(page.locator(".gs-summary")).to_have_attribute("data-state", "done")
    expect(page.locator("#summarize")).to_be_enabled()
    if page.locator("#attention").is_visible():  # the open tab's figure comes last
        words = page.locator(".gs-word").count()
        expect(page.locator("#attention .ytick")).to_have_count(words)


def choose_model(page: Page, name: str) -> None:
    """Pick a model in the header."""
    page.locator("#model input").click()
    page.get_by_role("option", name=name).click()
    expect(page.locator("#model input")).to_have_value(name)


def set_number(page: Page, option: str, value: float) -> None:
    """Type a number into an option's box."""
    box = page.locator(f"#option-{option} input[type=number]")
    box.fill(str(value))
    box.blur()


def colour(page: Page, selector: str, part: str) -> tuple[float, ...]:
    """A computed colour as (r, g, b, a)."""
    found = page.locator(selector).first.evaluate(f"e => getComputedStyle(e).{part}")
    numbers = found[found.index("(") + 1 : -1].replace("/", " ").replace(",", " ").split()
    values = tuple(float(number) for number in numbers)
    return values if len(values) == 4 else (*values, 1.0)
