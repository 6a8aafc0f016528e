"""How fast the page answers in a browser: a click on a word, a full redraw, Stop.

    python -m tests.benchmarks.page        writes tests/benchmarks/page.md

Needs Chromium and the test extra. The run that is drawn is made up: 1,000 words of source and 100
of summary, the largest that the page is built for. Stop is pressed in a long run of the shipped
model.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from playwright.sync_api import Page, sync_playwright

from demo.halting import Halt
from model.summarizer import Summarizer
from model.trace import Hypothesis, Source, SourceToken, Step, Trace
from tests.e2e.conftest import CHROMIUM_FLAGS, CHROMIUM_NAMES

SOURCE_WORDS, SUMMARY_WORDS, CANDIDATES = 1_000, 100, 10
ROUNDS = 9
OUTPUT = Path(__file__).parent / "page.md"
CLICK = """place => new Promise(done => {
  const words = document.querySelectorAll(".gs-word");
  const started = performance.now();
  words[place].click();
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - started)));
})"""


def large_trace() -> Trace:
    """A greedy run of one layer and one head; every word is one token."""
    generator = np.random.default_rng(0)
    source = [f"word{place % 313}" for place in range(SOURCE_WORDS)]
    text, tokens, place = " ".join(source) + ".", [], 0
    for number, word in enumerate(source):
        start = place if number == 0 else place - 1
        tokens.append(
            SourceToken(number + 10, text[start : place + len(word)], start, place + len(word))
        )
        place += len(word) + 1
    words = [f"word{place % 97}" for place in range(SUMMARY_WORDS)]
    summary = " ".join(words)
    ends = [0, *(int(end) for end in np.cumsum([len(word) + 1 for word in words]) - 1)]
    offsets = tuple(itertools.pairwise(ends))
    steps = tuple(_step(generator, 10 + place) for place in range(SUMMARY_WORDS))
    chosen = np.array([step.token_log_probs[0] for step in steps])
    hypothesis = Hypothesis(
        text=summary,
        token_ids=tuple(10 + place for place in range(SUMMARY_WORDS)),
        offsets=offsets,
        rows=(0,) * SUMMARY_WORDS,
        log_prob=float(chosen.sum()),
        score=float(chosen.mean()),
        finished=False,
    )
    return Trace(
        source=Source(text, tuple(tokens), "summary", 0, len(text)),
        steps=steps,
        hypotheses=(hypothesis,),
        options={"num_beams": 1},
        model={"name": "made up", "family": "rnn", "fingerprint": "0"},
        vocabulary={10 + place: f" word{place % 97}" for place in range(SOURCE_WORDS)},
    )


def _step(generator: np.random.Generator, token_id: int) -> Step:
    weights = generator.dirichlet(np.full(SOURCE_WORDS, 0.05)).astype(np.float32)
    log_probs = np.log(generator.dirichlet(np.ones(CANDIDATES)) * 0.99).astype(np.float32)
    log_probs = np.sort(log_probs)[::-1][None]
    others = generator.choice(np.arange(200, 900), CANDIDATES - 1, replace=False)
    return Step(
        parents=np.array([0]),
        token_ids=np.array([token_id]),
        scores=log_probs[:, 0],
        token_log_probs=log_probs[:, 0],
        ranks=np.array([0]),
        top_ids=np.concatenate([[token_id], others])[None],
        top_log_probs=log_probs,
        filtered_log_probs=log_probs,
        entropy=np.array([2.0], dtype=np.float32),
        rules=(((),) * CANDIDATES,),
        cross_attention=weights[None, None, None],
        copy_gate=np.array([0.5], dtype=np.float32),
    )


def measure(page: Page, address: str, run: Path) -> dict[str, list[float]]:
    """Milliseconds and bytes by name, one value a round."""
    page.add_init_script("localStorage.setItem('gistscope-tour', 'seen')")
    found: dict[str, list[float]] = {"ready": [], "redraw": [], "bytes": [], "click": []}
    for _ in range(ROUNDS):
        started = time.perf_counter()
        page.goto(address)
        page.wait_for_selector(".gs-word")
        found["ready"].append(1e3 * (time.perf_counter() - started))
        page.wait_for_selector("#attention .heatmaplayer image", state="attached")
        _redraw(page, run, found)
        found["click"] += [page.evaluate(CLICK, place) for place in (3, 40, 90)]
    return found


def _redraw(page: Page, run: Path, found: dict[str, list[float]]) -> None:
    """Open the large run: from handing over the file until its map is drawn."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    received, fetched = 0, set()

    def sent(event: dict) -> None:
        # Plotly makes pictures of heat maps in the page; those addresses hold their own bytes.
        if event["request"]["url"].startswith("http"):
            fetched.add(event["requestId"])

    def count(event: dict) -> None:
        nonlocal received
        if event["requestId"] in fetched:
            received += event["dataLength"]

    session.on("Network.requestWillBeSent", sent)
    session.on("Network.dataReceived", count)
    page.get_by_role("tab", name="Take it along").click()
    page.get_by_role("tab", name="Attention").click()
    page.wait_for_timeout(1_000)
    received, started = 0, time.perf_counter()
    page.locator("input[type=file][accept*=json]").set_input_files(run)
    page.wait_for_function(
        "n => document.querySelectorAll('.gs-word').length === n", arg=SUMMARY_WORDS
    )
    page.wait_for_function(
        "n => document.querySelectorAll('#attention .ytick').length === n", arg=SUMMARY_WORDS
    )
    found["redraw"].append(1e3 * (time.perf_counter() - started))
    page.wait_for_timeout(1_000)
    found["bytes"].append(received)
    session.detach()


def stop(page: Page, address: str, summarizer: Summarizer) -> tuple[list[float], list[int]]:
    """From pressing Stop to the last decoding step, one value a round.

    In milliseconds, and in steps that began after the server had heard of it.
    """
    taken: list[float] = []
    heard: list[float] = []
    step, press = summarizer._checkpoint.model.step, Halt.press

    def timed(*values: object, **named: object) -> object:
        taken.append(time.time())
        return step(*values, **named)

    def heeded(halt: Halt) -> None:
        heard.append(time.time())
        press(halt)

    summarizer._checkpoint.model.step = timed  # type: ignore[method-assign]
    Halt.press = heeded  # type: ignore[method-assign]
    late, steps = [], []
    for _ in range(ROUNDS):
        page.goto(address)
        page.wait_for_selector("#summarize:not([disabled])")
        page.get_by_role("button", name="Article").click()
        page.wait_for_timeout(1_000)  # the example's style sets its length
        page.locator("#option-min_new_tokens input[type=number]").fill("110")
        page.keyboard.press("Tab")
        page.wait_for_timeout(500)
        page.click("#summarize")
        page.wait_for_selector("#stop:not([disabled])")
        page.wait_for_function("document.querySelector('.gs-text').textContent.length > 5")
        pressed = page.evaluate("document.querySelector('#stop').click() || Date.now()") / 1e3
        page.wait_for_timeout(1_500)
        late.append(1e3 * max(0.0, taken[-1] - pressed))
        steps.append(sum(begun > heard[-1] for begun in taken))
    summarizer._checkpoint.model.step = step  # type: ignore[method-assign]
    Halt.press = press  # type: ignore[method-assign]
    return late, steps


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.page")
    parser.add_argument("--model", type=Path, default=Path("assets/models/lstm"))
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    from demo.library import Library
    from demo.page import build
    from demo.server import launch

    chromium = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    if chromium is None:
        sys.exit(f"no browser: install one of {', '.join(CHROMIUM_NAMES)}")
    library = Library([arguments.model])
    _, address, _ = launch(build(library), prevent_thread_lock=True, quiet=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        run = Path(folder) / "large.json"
        run.write_text(large_trace().to_json(), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        found = measure(page, address, run)
        found["stop"], found["steps"] = stop(page, address, library.get())
        browser.close()
    text = report(found)
    arguments.output.write_text(text, encoding="utf-8")
    print(text)


def report(found: dict[str, list[float]]) -> str:
    """The measurements as a page of Markdown."""
    load = os.getloadavg()[0]
    rows = [
        ("page opened until its summary stands, warm server", f"{median(found['ready']):.0f} ms"),
        ("click on a word until every view is repainted", f"{median(found['click']):.0f} ms"),
        ("the slowest of those clicks", f"{max(found['click']):.0f} ms"),
        ("a saved run handed over until its map is drawn", f"{median(found['redraw']):.0f} ms"),
        ("bytes received over the network for that", f"{median(found['bytes']) / 1e3:.0f} kB"),
        ("Stop until the last decoding step", f"{median(found['stop']):.0f} ms"),
        ("the slowest of those", f"{max(found['stop']):.0f} ms"),
        ("steps begun after the server heard of Stop, at most", f"{max(found['steps']):.0f}"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"""# The page in a browser

{SOURCE_WORDS:,} words of source, {SUMMARY_WORDS} of summary, {CANDIDATES} candidates a step;
medians of {ROUNDS} rounds on {os.cpu_count()} cores (load {load:.1f} at the end), headless
Chromium. Again: `python -m tests.benchmarks.page`.

| what | measured |
|---|---|
{table}
"""


if __name__ == "__main__":
    main()
