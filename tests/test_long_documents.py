"""Documents longer than a model reads: parts, rounds, merging, and stopping between tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from model import DecodingOptions, Summarizer, stream_document
from model.long_documents import MOST_PARTS, DocumentUpdate
from model.records.record import Hypothesis, Source, SourceToken
from model.summarizer import StreamUpdate
from model.trace import Trace
from tests.demo.made import SOURCE_TEXT, make_model

SENTENCE = "The council of the city voted on it."  # 8 words
OPTIONS = DecodingOptions(num_beams=1, max_new_tokens=10, forced_prefix="We say", min_new_tokens=2)


class Teller:
    """Reads 40 words and repeats the first of them, a word per update."""

    def __init__(self, says: int = 4) -> None:
        self.says = says
        self.asked: list[tuple[str, DecodingOptions]] = []
        self.closed = 0

    def read(self, text: str, style: str | None = None) -> Source:
        words = text.split()
        tokens = tuple(SourceToken(5, word, 0, 0) for word in words[:40])
        return Source(text, tokens, style or "headline", max(0, len(words) - 40), 0)

    def room(self, style: str | None = None) -> int:
        return 40

    def fitting(self, options: DecodingOptions) -> DecodingOptions:
        return options

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def stream(
        self, text: str, options: DecodingOptions, style: str | None = None
    ) -> Iterator[StreamUpdate]:
        return self._stream(text, options, style)

    def _stream(
        self, text: str, options: DecodingOptions, style: str | None
    ) -> Iterator[StreamUpdate]:
        self.asked.append((text, options))
        words = [f"{word}{len(self.asked)}" for word in text.split()[: self.says]]
        try:
            for place in range(len(words)):
                yield StreamUpdate(" ".join(words[: place + 1]))
            yield StreamUpdate(" ".join(words), self.trace(text, " ".join(words), style))
        finally:
            self.closed += 1

    def score(self, text: str, reference: str, style: str | None = None) -> Trace:
        return self.trace(text, reference, style)

    def trace(self, text: str, written: str, style: str | None) -> Trace:
        hypothesis = Hypothesis(written, (), (), (), 0.0, 0.0, False)
        return Trace(self.read(text, style), (), (hypothesis,), {}, {}, {})


def run(teller: Teller, sentences: int, style: str | None = None) -> list[DocumentUpdate]:
    return list(stream_document(teller, " ".join([SENTENCE] * sentences), OPTIONS, style))


def test_a_text_that_fits_goes_straight_through() -> None:
    teller = Teller()
    *growing, last = run(teller, 5)
    assert [options for _, options in teller.asked] == [OPTIONS]
    assert last.parts == 1
    assert all(update.trace is None for update in growing)
    assert (last.part, last.part_traces, last.merging, last.text) == (
        1,
        (),
        False,
        "The1 council1 of1 the1",
    )


def test_a_long_text_is_summarised_in_parts_and_the_summaries_again() -> None:
    teller = Teller()
    updates = run(teller, 12)
    parts, joined = teller.asked[:-1], teller.asked[-1][0]
    assert " ".join(text for text, _ in parts) == " ".join([SENTENCE] * 12)
    assert joined == "\n".join(f"The{n} council{n} of{n} the{n}" for n in (1, 2, 3))
    assert all(options.forced_prefix == "" for _, options in parts)
    assert all(options.min_new_tokens == 0 for _, options in parts)
    assert teller.asked[-1][1] == OPTIONS
    progress = list(dict.fromkeys((u.part, u.parts, u.merging) for u in updates))
    assert progress == [(1, 3, False), (2, 3, False), (3, 3, False), (3, 3, True)]
    assert [u.text for u in updates[5:7]] == [
        "\n".join([joined.splitlines()[0], w]) for w in ("The2", "The2 council2")
    ]
    last = updates[-1]
    assert [trace.source.text for trace in last.part_traces] == [text for text, _ in parts]
    assert last.trace.source.text == joined
    assert last.text == last.trace.hypotheses[0].text
    assert [u.trace for u in updates[:-1]] == [None] * (len(updates) - 1)
    assert not last.joined


def test_summaries_that_do_not_fit_are_split_again_in_further_rounds() -> None:
    teller = Teller(says=13)
    *growing, last = run(teller, 5 * 9)
    assert len(last.part_traces) == 9
    assert len(teller.asked) == 9 + 3 + 1
    progress = list(dict.fromkeys((u.part, u.parts, u.merging) for u in growing))
    assert progress[8:] == [(9, 9, False), (1, 3, True), (2, 3, True), (3, 3, True)]
    assert all(len(text.split()) <= 40 for text, _ in teller.asked)


@pytest.mark.parametrize(("style", "separator"), [("notes", "\n"), ("summary", " ")])
def test_part_summaries_that_keep_to_the_length_are_the_summary(style: str, separator: str) -> None:
    teller = Teller(says=2)
    options = DecodingOptions(num_beams=1, max_new_tokens=10)
    *_, last = stream_document(teller, " ".join([SENTENCE] * 12), options, style)
    assert last.text == separator.join(f"The{n} council{n}" for n in (1, 2, 3))
    assert last.joined
    assert last.merging
    assert last.trace.hypotheses[0].text == last.text
    short = DecodingOptions(num_beams=1, max_new_tokens=6)
    *_, last = stream_document(teller, " ".join([SENTENCE] * 12), short, style)
    assert not last.joined


def test_closing_stops_the_part_under_way() -> None:
    teller = Teller()
    updates = stream_document(teller, " ".join([SENTENCE] * 12), OPTIONS)
    for _ in range(7):
        next(updates)
    assert (len(teller.asked), teller.closed) == (2, 1)
    updates.close()
    assert (len(teller.asked), teller.closed) == (2, 2)


def test_a_sentence_that_had_to_be_cut_is_told() -> None:
    teller = Teller()
    updates = list(stream_document(teller, SENTENCE + " word" * 90, OPTIONS))
    assert {update.cut_sentences for update in updates} == {1}


def test_what_cannot_be_summarised_is_refused() -> None:
    with pytest.raises(ValueError, match=rf"in \d+ parts; at most {MOST_PARTS} are"):
        stream_document(Teller(), " ".join([SENTENCE] * 5 * 60), OPTIONS)
    with pytest.raises(ValueError, match="the model wrote nothing for any of 3 parts"):
        list(stream_document(Teller(says=0), " ".join([SENTENCE] * 12), OPTIONS))
    with pytest.raises(ValueError, match=r"96 tokens, no fewer than the parts \(96\)"):
        list(stream_document(Teller(says=99), " ".join([SENTENCE] * 12), OPTIONS))


def test_a_real_model_summarises_a_long_document(tmp_path: Path) -> None:
    summarizer = Summarizer.load(make_model(tmp_path))
    options = DecodingOptions(num_beams=1, max_new_tokens=6)
    text = " ".join([SOURCE_TEXT] * 6)
    assert summarizer.read(text).cut_tokens
    *_, last = stream_document(summarizer, text, options, "title")
    assert len(last.part_traces) == last.parts > 1
    assert all(trace.source.cut_tokens == 0 for trace in last.part_traces)
    assert " ".join(trace.source.text for trace in last.part_traces) == text
    assert last.trace.source.style == "title"
    for ask in ({"text": ""}, {"style": "poem"}, {"options": DecodingOptions(max_new_tokens=999)}):
        with pytest.raises(ValueError, match=r"empty|unknown style|max_new_tokens"):
            stream_document(summarizer, **({"text": text, "options": options} | ask))


def test_the_default_length_is_cut_to_what_the_model_writes(tmp_path: Path) -> None:
    summarizer = Summarizer.load(make_model(tmp_path, max_target_tokens=8))
    text = " ".join([SOURCE_TEXT] * 4)
    *_, last = stream_document(summarizer, text, DecodingOptions(num_beams=1), "notes")
    assert {trace.options["max_new_tokens"] for trace in last.part_traces} == {8}


def test_white_space_around_a_text_does_not_divide_it(tmp_path: Path) -> None:
    summarizer = Summarizer.load(make_model(tmp_path))
    text = f"\n{SOURCE_TEXT}{' ' * 200}"
    assert summarizer.read(text).cut_tokens
    options = DecodingOptions(num_beams=1, max_new_tokens=9, forced_prefix="We")
    *_, last = stream_document(summarizer, text, options)
    assert (last.parts, last.cut_sentences, last.text[:2]) == (1, 0, "We")
    assert last.trace.options == options.to_dict()


def document(parts: int) -> str:
    return " ".join([SENTENCE] * 5 * parts)  # five sentences fill what is read


@pytest.mark.parametrize(("steps", "read"), [(0, 1), (3, 1), (7, 2)])
def test_what_there_was_time_for_is_summarised_and_the_rest_named(steps: int, read: int) -> None:
    teller, asked = Teller(), iter(range(10_000))
    updates = list(
        stream_document(teller, document(4), OPTIONS, enough=lambda: next(asked) >= steps)
    )
    last = updates[-1]
    assert last.trace is not None
    assert (len(last.part_traces), last.left_out) == (read, 4 - read)
    assert [update.text for update in updates if update.part == read and not update.merging]
    assert last.text  # a merged run, or the summary of the one part
    assert len(teller.asked) - (last.merging and 1) in (read, read + 1)
    assert teller.closed == len(teller.asked)


def test_time_that_is_short_changes_nothing_of_a_text_that_fits() -> None:
    last = list(stream_document(Teller(), SENTENCE, OPTIONS, enough=lambda: True))[-1]
    assert (last.left_out, last.part_traces) == (0, ())
