"""Reading the page in a browser: its words, its figures, what is pressed, which tab is open."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

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


def press_until(page: Page, key: str, goal: str, most: int = 60) -> None:
    """Press a key until what a selector names has the focus."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("goal => document.activeElement.matches(goal)", goal):
            return
    raise AssertionError(f"{goal} is not reached by {most} times {key}")


def compact(value: Any) -> str:
    """JSON as the browser writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
