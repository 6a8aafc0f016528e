"""The offline report and saved runs: what they hold, and that no text in them comes alive."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from demo.session import Run
from demo.transfer.report import html_report
from demo.transfer.saved_runs import MAX_RUN_BYTES, file_stem, load_run, run_json
from model.trace import Hypothesis, Trace
from tests.demo.made import make_trace

HOSTILE = "</script><img src=x onerror=alert(1)> ${alert(2)} $title <!--\u2028{{x}}"
FETCHING = {"src", "href", "action", "data", "srcset", "poster", "background", "formaction", "ping"}


def hostile_trace() -> Trace:
    """The hand-made run with hostile text wherever a text can come from somebody else."""
    trace = make_trace()
    source = dataclasses.replace(trace.source, text=trace.source.text + HOSTILE, style="<b>x</b>")
    shown = dataclasses.replace(trace.hypotheses[0], text="Council keeps <img src=x onerror=1>")
    return dataclasses.replace(
        trace,
        source=source,
        hypotheses=(shown,),
        vocabulary={**trace.vocabulary, 15: HOSTILE},
        options={"num_beams": 4, "forced_prefix": HOSTILE, "bad_words": [HOSTILE]},
        model={**trace.model, "name": HOSTILE},
    )


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text of its scripts by id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        name = self.found[-1][1].get("id") if self.found else None
        if name:
            self.texts[name] = self.texts.get(name, "") + data


@pytest.fixture(scope="module")
def hostile() -> str:
    return html_report(Run(hostile_trace(), HOSTILE, parts=(hostile_trace(),)))


@pytest.fixture(scope="module")
def elements(hostile: str) -> Elements:
    return Elements(hostile)


def same(one: Trace, other: Trace) -> bool:
    """Whether two traces are the same in every number and text."""
    return one.to_json() == other.to_json()


def test_nothing_in_a_report_fetches_anything(elements: Elements) -> None:
    for tag, attributes in elements.found:
        assert tag not in ("img", "iframe", "object", "embed", "base"), tag
        for name in FETCHING & set(attributes):
            assert (attributes[name] or "").startswith("data:"), f"{tag} {name}={attributes[name]}"


def test_styles_of_a_report_fetch_nothing(hostile: str) -> None:
    styles = re.findall(r"<style>(.*?)</style>", hostile, re.S)
    assert styles
    assert not any(re.search(r"@import|url\s*\(", style) for style in styles)


def test_a_report_forbids_all_requests_by_policy(elements: Elements) -> None:
    policy = next(a for _, a in elements.found if a.get("http-equiv") == "Content-Security-Policy")
    assert str(policy["content"]).startswith("default-src 'none';")
    assert "http" not in str(policy["content"])
    place = [tag for tag, _ in elements.found].index("script")
    metas = [n for n, (_, a) in enumerate(elements.found) if "http-equiv" in a]
    assert metas[0] < place  # a policy rules only what comes after it


def test_hostile_text_makes_no_element(hostile: str, elements: Elements) -> None:
    trace = dataclasses.replace(make_trace(), options={"num_beams": 4})
    plain = Elements(html_report(Run(trace, "x", parts=(trace,))))

    def tags(page: Elements) -> set[str]:
        return {tag for tag, _ in page.found}

    assert tags(elements) == tags(plain)
    assert not any(name.startswith("on") for _, attributes in elements.found for name in attributes)
    assert "<img" not in re.sub(r"<script>.*?</script>", "", hostile, flags=re.S)


def test_the_embedded_run_reads_back_to_the_identical_trace(
    hostile: str, elements: Elements
) -> None:
    trace = hostile_trace()
    embedded = elements.texts["gistscope-trace"]
    assert not re.search("[<>&\u2028\u2029]", embedded)
    assert same(Trace.from_json(embedded), trace)
    assert same(load_run(hostile).trace, trace)


def test_a_report_holds_every_hypothesis_with_all_its_views() -> None:
    trace = make_trace()
    second = dataclasses.replace(trace.hypotheses[0], score=-0.7)
    page = html_report(Run(dataclasses.replace(trace, hypotheses=(second, second)), "x", 1))
    views = json.loads(Elements(page).texts["gistscope-views"])
    assert views["shown"] == 1
    assert set(views["views"]) == {"0", "1"}
    assert views["rows"] == [[0] * 5] * 2
    for place in "01":
        shown = views["views"][place]
        assert set(shown["values"]) == {"summary", "source", "alternatives", "hypotheses"}
        assert set(shown["figures"]) == {"chart", "attention", "entropy", "strip", "tree"}
        assert shown["values"]["alternatives"]["fixed"] is True


def test_settings_that_are_not_the_default_stand_out(hostile: str) -> None:
    folded = hostile.index("<details>")
    assert hostile.index("gs-other") < folded
    plain = html_report(Run(make_trace(), "x"))
    assert "made by hand" in plain


def test_a_report_of_a_long_document_has_all_of_it() -> None:
    part = make_trace(finished=False)
    page = html_report(Run(make_trace(), "x", parts=(part, part), document="as in its parts"))
    assert page.count("<li><p>Council keeps library</p>") == 2
    assert page.count(f"<p>{part.source.text}</p></details>") == 2
    views = json.loads(Elements(page).texts["gistscope-views"])
    notice = views["views"]["0"]["values"]["summary"]["notice"][0]
    assert notice["values"] == {"parts": 2}
    heading = '<h2 data-say="What was merged'
    assert heading in page
    assert heading not in html_report(Run(make_trace(), "x"))


def test_a_run_without_attention_still_makes_a_report() -> None:
    trace = make_trace()
    steps = tuple(dataclasses.replace(step, cross_attention=None) for step in trace.steps)
    assert "gistscope-trace" in html_report(Run(dataclasses.replace(trace, steps=steps), "x"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Council keeps the library open for ever and ever", "council-keeps-the-library-open-for"),
        ("Café: 5 < 6 / ../../etc", "cafe-5-6-etc"),
        ("市议会", ""),
        ("x" * 500, "x" * 50),
    ],
)
def test_a_saved_file_is_named_after_its_summary(text: str, name: str) -> None:
    trace = make_trace()
    named = dataclasses.replace(trace.hypotheses[0], text=text)
    found = file_stem(Run(dataclasses.replace(trace, hypotheses=(named,)), "x"))
    assert found == f"gistscope-{name}" if name else found == "gistscope"
    assert re.fullmatch(r"[a-z0-9-]+", found)


# ---- saved runs --------------------------------------------------------------------------------


def test_a_saved_run_is_the_trace_itself_and_loads_again(trace: Trace) -> None:
    saved = run_json(Run(trace, "x"))
    assert same(Trace.from_json(saved), trace)
    run = load_run(saved)
    assert same(run.trace, trace)
    assert run.label == "headline · from a file"
    assert not run.stored


def test_a_saved_run_may_begin_with_a_byte_order_mark(trace: Trace) -> None:
    assert same(load_run("\ufeff" + run_json(Run(trace, "x"))).trace, trace)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not readable JSON"),
        ("null", "no trace"),
        ("[" * 100_000, "not readable JSON"),
        ('{"schema": "gistscope-trace", "version": 99}', "version 99"),
        ("<html>words</html>", "no report"),
        ('<script type="application/json" id="gistscope-trace">{</script>', "not readable JSON"),
        (" " * (MAX_RUN_BYTES + 1), "the limit is 8,000,000"),
        ("é" * (MAX_RUN_BYTES // 2 + 1), "8,000,002 bytes"),
    ],
)
def test_a_bad_file_is_refused_with_a_reason(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        load_run(text)


def test_a_run_that_has_nothing_to_draw_is_refused(trace: Trace) -> None:
    with pytest.raises(ValueError, match="no summary"):
        load_run(dataclasses.replace(trace, hypotheses=()).to_json())
    bare = Hypothesis("a", (10,), ((0, 1),), (), -1.0, -1.0, False)
    with pytest.raises(ValueError, match="can't be drawn"):
        load_run(dataclasses.replace(trace, steps=(), hypotheses=(bare,)).to_json())


def test_a_run_with_a_number_that_is_none_is_refused(trace: Trace) -> None:
    broken = dataclasses.replace(trace.steps[0], entropy=np.array([np.nan], dtype=np.float32))
    text = dataclasses.replace(trace, steps=(broken, *trace.steps[1:])).to_json()
    with pytest.raises(ValueError, match="NaN"):
        load_run(text)
