"""Rules that look at what tokens say, in runs of models that write nonsense."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import pytest

from model import DecodingOptions, Summarizer
from model.strategies import ending
from model.strategies.wording import ends
from model.text.names import unsupported_names, unsupported_numbers
from model.tokenizer import Tokenizer
from tests.tiny_models import BEAMS, GREEDY, SAMPLE, TEXT

CHAT = "Mia: The council voted.\nBen: I closed the library on Monday."


def rules_behind(
    tiny: Summarizer, source: str, prefix: str, options: DecodingOptions
) -> dict[int, tuple[str, ...]]:
    """By token, what moved or blocked it directly after `prefix`."""
    asked = dataclasses.replace(options, forced_prefix=prefix, record_top_k=100)
    trace = tiny.summarize(source, asked).trace
    written = next(
        place
        for place in range(len(trace.hypotheses[0].token_ids))
        if all("forced_prefix" not in found.rules for found in trace.candidates(0, place))
    )
    return {found.token_id: found.rules for found in trace.candidates(0, written)}


def test_names_and_numbers_come_from_the_source_where_that_is_asked_for(tiny: Summarizer) -> None:
    """From models that write nonsense, so that names are made up all the time."""
    made_up = {False: 0, True: 0}
    for seed in range(8):
        for kept in made_up:
            asked = dataclasses.replace(SAMPLE, seed=seed, temperature=9.0, names_from_source=kept)
            text = tiny.summarize(TEXT, asked).text
            whole = text[: text.rfind(" ")]  # the last word may be cut by the length
            made_up[kept] += len(unsupported_names(whole, TEXT) + unsupported_numbers(whole, TEXT))
    assert made_up[False] > 0
    assert made_up[True] == 0


def test_reports_of_a_speaker_have_no_words_of_others(tiny: Summarizer, folder: Path) -> None:
    """From models that write nonsense; the rule reads what was read of the source."""

    tokenizer = Tokenizer.load(folder)
    of_ben = set(tokenizer.encode_batch([" closed library Monday"])[0])
    of_ben -= set(tokenizer.encode_batch([" The council voted. Mia Ben"])[0])
    for kept in (False, True):
        asked = dataclasses.replace(
            GREEDY, names_from_source=kept, forced_prefix="Mia", record_top_k=100
        )
        trace = tiny.summarize(CHAT, asked).trace
        blocked = {
            candidate.token_id
            for place in range(1, len(trace.hypotheses[0].token_ids))
            for candidate in trace.candidates(0, place)
            if "speaker_words" in candidate.rules
        }
        assert bool(blocked & of_ben) is kept


def test_a_high_price_on_new_wording_keeps_to_pairs_of_the_source(
    tiny: Summarizer, folder: Path
) -> None:
    """From models that write nonsense, so that new pairs are there all the time."""
    tokenizer = Tokenizer.load(folder)
    for options in (SAMPLE, BEAMS, GREEDY):
        new = []
        for price in (0.0, 100.0):
            asked = dataclasses.replace(options, novel_ngram_penalty=price)
            trace = tiny.summarize(TEXT, asked).trace
            known = set(itertools.pairwise(token.id for token in trace.source.tokens))
            new.append([
                pair
                for pair in itertools.pairwise(trace.hypotheses[0].token_ids)
                if pair not in known and pair[1] != tokenizer.eos_id
                and not ends(tokenizer, pair[0])
            ])  # fmt: skip
        assert new[0]
        assert not new[1]


@pytest.mark.parametrize(("prefix", "is_cut"), [
    ("The city", True), ("The city council voted", False),
])  # fmt: skip
def test_an_end_inside_a_phrase_is_recorded_as_that(
    tiny: Summarizer, folder: Path, monkeypatch: pytest.MonkeyPatch, prefix: str, is_cut: bool
) -> None:
    monkeypatch.setattr(ending, "TOPIC", 0)
    end = Tokenizer.load(folder).eos_id
    for penalty in (0.0, 2.0):
        asked = dataclasses.replace(GREEDY, cut_penalty=penalty)
        rules = rules_behind(tiny, TEXT, prefix, asked)
        assert ("cut_penalty" in rules.get(end, ())) is (is_cut and penalty > 0)


def test_a_report_of_a_speaker_pays_nothing_for_new_wording(tiny: Summarizer) -> None:
    for kept in (False, True):
        asked = dataclasses.replace(GREEDY, names_from_source=kept, novel_ngram_penalty=2.0)
        rules = rules_behind(tiny, CHAT, "Mia", asked).values()
        assert any("novel_ngram_penalty" in found for found in rules) is not kept


def test_lines_may_begin_alike_where_names_are_the_sources(tiny: Summarizer) -> None:
    """A name of several tokens stands behind the same stop and line break again and again."""
    for kept in (False, True):
        asked = dataclasses.replace(GREEDY, max_new_tokens=24, no_repeat_ngram_size=2)
        asked = dataclasses.replace(asked, names_from_source=kept)
        found = rules_behind(tiny, CHAT, "Mia closed.\nMia voted.", asked)
        blocked = any("no_repeat_ngram_size" in rules for rules in found.values())
        assert blocked != kept  # another line break behind a stop
