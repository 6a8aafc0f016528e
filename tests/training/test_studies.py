"""Tables over an evaluation: leads over baselines, ways to summarise side by side, samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from model.options import DecodingOptions
from model.text.names import unsupported_names
from model.training import leads, samples, variants
from model.training.evaluate import measure, style_for
from model.training.examples import Example
from model.training.forced import Prediction
from model.training.samples import Sample, read_texts

SOURCE = "Alpha beta gamma delta. Epsilon zeta eta theta."
TEXTS = Path(__file__).resolve().parents[2] / "assets" / "texts"
STYLES = ("headline", "title", "tldr", "notes", "summary")


def outcome(summary: str, reference: str, style: str = "title", baselines: bool = True):
    example = Example(SOURCE, (reference,), style, f"{style} set")
    return measure(example, summary, Prediction(1, 1, -1.0), baselines)


@dataclass(frozen=True)
class Echo:
    """Answers with as many first words as there are beams."""

    styles: tuple[str, ...] = ()

    def summarize_many(
        self, texts: Sequence[str], options: DecodingOptions, style: str | None
    ) -> list[SimpleNamespace]:
        return [SimpleNamespace(text=" ".join(text.split()[: options.num_beams])) for text in texts]


# Leads


def test_a_lead_is_relative_to_the_best_baseline() -> None:
    # lead-1 has four words, two of them right: F1 2/3. The model is perfect: half more.
    found = leads.leads([outcome("alpha beta", "alpha beta")] * 3)
    assert [(lead.part, lead.name) for lead in found] == [("style", "title"), ("set", "title set")]
    assert (found[0].examples, found[0].score) == (3, 1.0)
    assert found[0].baseline_score == pytest.approx(2 / 3)
    assert found[0].ahead == found[0].low == found[0].high == pytest.approx(0.5)


def test_the_interval_holds_the_lead_and_shrinks_with_more_examples() -> None:
    good, bad = outcome("alpha beta", "alpha beta"), outcome("omega", "alpha beta")
    few, many = leads.leads([good, bad])[0], leads.leads([good, bad] * 40)[0]
    assert few.ahead == many.ahead == pytest.approx(-0.25)
    for lead in (few, many):
        assert lead.low <= lead.ahead <= lead.high
    assert many.high - many.low < 0.5 * (few.high - few.low)


def test_without_baselines_or_their_points_there_is_no_lead() -> None:
    assert leads.leads([outcome("alpha", "alpha", baselines=False)]) == []
    (lead, _) = leads.leads([outcome("omega", "omega")])
    assert (lead.ahead, lead.low) == (None, None)
    assert "| title | 1 | 100.0 | lead-1 | 0.0 | – | – | – |" in leads.to_markdown([lead])


# Ways to summarise


def test_ways_are_compared_with_the_first() -> None:
    examples = [
        Example("a b c d", ("a b",), "title", "s"),
        Example("a b c d", ("a b c d",), "tldr", "s"),
        Example("e f g h", ("e f g h",), "tldr", "s"),
    ]
    rows = [
        variants.measure_way(
            variants.Way(f"{beams} beams", Echo(), DecodingOptions(num_beams=beams)), examples
        )
        for beams in (4, 2)
    ]
    assert rows[0].examples == {"title": 1, "tldr": 2}
    assert rows[0].mean["rougeL"] == pytest.approx((2 / 3 + 1) / 2)
    assert rows[1].mean["rougeL"] == pytest.approx((1 + 2 / 3) / 2)
    lines = variants.to_markdown(rows, "search").splitlines()
    assert lines[0].startswith("| search | title (1) | tldr (2) | R-L |")
    assert lines[2].startswith("| 4 beams | 66.7 | 100.0 | 83.3 |")
    assert lines[2].endswith("| – |")
    assert lines[3].endswith("| +0.0 |")


def test_disturbed_sources_are_summarised_and_compared_with_the_true_ones() -> None:
    example = Example("we saw Graz and more", ("we saw",), "title", "s")
    way = variants.Way("other", Echo(), DecodingOptions(num_beams=3))
    (row,) = [variants.measure_way(way, [example], ["we saw Linz and more"])]
    assert unsupported_names("we saw Linz", example.source) == ["Linz"]
    assert row.mean["unsupported_names"] == 1
    assert row.mean["words"] == 3


# Samples


def test_the_shipped_texts_are_twenty_of_six_kinds_in_styles_that_models_have() -> None:
    texts = read_texts(TEXTS)
    kinds = [text.name.partition("-")[0] for text in texts]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "news": 5, "review": 3, "mail": 3, "chat": 3, "abstract": 3, "essay": 3
    }  # fmt: skip
    for text in texts:
        assert 80 <= len(text.text.split()) <= 200, text.name
        assert all(style_for(Echo(STYLES), style) == style for style in text.styles)


def test_a_text_without_styles_or_words_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no \.txt files"):
        read_texts(tmp_path)
    (tmp_path / "empty.txt").write_text("title\n\n")
    with pytest.raises(ValueError, match=r"empty\.txt needs a first line with its styles"):
        read_texts(tmp_path)


def test_marks_name_what_speaks_against_a_summary() -> None:
    good = Sample("news", "title", "small", "A cat\nsat.", (), (), 0, True)
    bad = Sample("news", "tldr", "small", "Graz | 7", ("Graz",), ("7",), 2, False)
    assert samples.marks_of(bad) == [
        "unsupported: Graz", "unsupported: 7", "repeats: 2", "cut at the limit"
    ]  # fmt: skip
    table = samples.to_markdown([good, bad]).splitlines()
    assert table[2] == "| news | title | small | A cat sat. | – |"
    assert "Graz \\| 7" in table[3]
    assert table[-1] == "| small | 2 | 1 | 1 | 1 |"
