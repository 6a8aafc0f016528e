"""Chats and letters in the first person, made from prose, and what they say reported.

"Mia: I'll bring my hat." becomes "Mia will bring their hat." Statements are made of sentences in
the third person (`reported`), or were in the first (`quoted`). Questions, thanks and other small
talk stand between the statements and are not reported. Pairs of everyday chats and what was said in
them hardly exist under an open licence.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from model.training.asked import Question, question, request
from model.training.people import LABELLED, LABELS, NAMES, ROLES, SURNAMES, TITLES
from model.training.perturbations import FAREWELLS, SEPARATORS
from model.training.quoted import quoted, told
from model.training.reported import Said, Statement, remark, report, statement
from model.training.rows import Row
from model.training.sentences import split_sentences

SET = "reported_speech"
LETTER_SHARE = 0.25
STATEMENTS = (2, 2, 3, 3, 4, 6)  # in one chat or letter, drawn evenly
STYLES = (*["notes"] * 6, "tldr", "tldr", "headline")
REMARK_SHARE = 0.3  # of the remarks that stand where one is wanted
VARIANTS = 2  # chats of the same statements: other people, other talk
ROLE_SHARE = 0.15  # of the chats
LABEL_SHARE = 0.12  # of them: nobody has a name
LOWER_SHARE = 0.1  # of the chats: nobody bothers with capitals
ASKED_SHARE = 0.6  # of the statements that can be asked for are
TALK = tomllib.loads(Path(__file__).with_name("talk.toml").read_text(encoding="utf-8"))
OLD = re.compile(r"\b(?:th(?:ou|ee|y|ine)|ye|hath|doth|art|sir|madam|lord|shall)\b", re.IGNORECASE)
QUOTED_QUESTION = re.compile(r"[“\"]([A-Z][^“”\"—;:]{3,60}\?)[”\"]")


def chat_rows(passages: Iterable[str], limit: int) -> list[Row]:
    """At most `limit` pairs from prose; its sentences seed the dice: same in, same out."""
    rows: list[Row] = []
    waiting: list[str] = []
    questions: list[str] = []
    for passage in passages:
        questions = [*questions[-20:], *filter(_is_of_today, QUOTED_QUESTION.findall(passage))]
        passage = passage.replace("\n", " ")
        for sentence in (s for text in (passage, *quoted(passage)) for s in split_sentences(text)):
            dice = random.Random(sentence)
            if sentence in waiting or not _is_wanted(sentence, waiting, dice):
                continue
            waiting.append(sentence)
            if len(waiting) < random.Random(waiting[0]).choice(STATEMENTS):
                continue
            for variant in range(min(VARIANTS, limit - len(rows))):
                rows.append(_row(waiting, questions, random.Random(f"{variant} {waiting[0]}")))
            waiting = []
            if len(rows) == limit:
                return rows
    return rows


def _is_of_today(question: str) -> bool:
    return not OLD.search(question)


def _is_wanted(sentence: str, waiting: Sequence[str], dice: random.Random) -> bool:
    """Whether it is a statement, or a remark where there is none yet among some statements."""
    if _stated(sentence, dice) is not None:
        return True
    alone = not waiting or any(remark(other) is not None for other in waiting)
    return not alone and dice.random() < REMARK_SHARE and remark(sentence) is not None


def _stated(sentence: str, dice: random.Random) -> Statement | None:
    return statement(sentence, dice) or told(sentence, dice) or request(sentence, dice)


def _row(sentences: Sequence[str], questions: Sequence[str], dice: random.Random) -> Row:
    found = [_stated(s, dice) or remark(s) for s in dice.sample(sentences, len(sentences))]
    statements = [each for each in found if each is not None]
    style = dice.choice(STYLES)
    if dice.random() < LETTER_SHARE:
        source, said = _letter(statements, dice)
    else:
        source, said = _chat(statements, questions, dice)
    return Row(source, report(said, style), style, SET)


def _chat(
    statements: Sequence[Statement], questions: Sequence[str], dice: random.Random
) -> tuple[str, list[Said]]:
    speakers = _speakers(any(s.addresses for s in statements), dice)
    turns: list[tuple[str, str]] = []
    said: list[Said] = []
    for found in statements:
        while dice.random() < 0.4:
            words = dice.choice(questions) if questions and dice.random() < 0.4 else None
            turns.append((_other(turns, speakers, dice), words or dice.choice(TALK["small_talk"])))
        # Now and then a person goes on speaking; else it is somebody else's turn.
        again = bool(turns) and dice.random() < 0.25
        me = turns[-1][0] if again else _other(turns, speakers, dice)
        you = next(name for name in speakers if name != me)
        asked = question(found)
        if asked is not None and dice.random() < ASKED_SHARE:
            exchange, outcome = _asked(me, you, found, asked, dice)
            turns += exchange
            said.append(outcome)
            continue
        said.append(Said.by(me, you, found))
        words = _typed(found.words, dice)
        if again and dice.random() < 0.6:
            before = turns.pop()[1]
            mark = dice.choice((" ", ", ")) if before.endswith(".") else " "
            words = f"{before.rstrip('.') if mark == ', ' else before}{mark}{words}"
        turns.append((me, words))
    if dice.random() < 0.5:
        turns.append((_other(turns, speakers, dice), dice.choice(TALK["small_talk"])))
    if dice.random() < LOWER_SHARE:
        turns = [(name, _small(words)) for name, words in turns]
    return "\n".join(_labelled(turns, dice)), said


def _asked(
    me: str, you: str, found: Statement, asked: Question, dice: random.Random
) -> tuple[list[tuple[str, str]], Said]:
    """Two turns, a question and its answer, and what comes of them."""
    words = asked.words if dice.random() < 0.8 else asked.words.lower()
    chance = dice.random()
    answer = "yes" if chance < 0.5 else "no" if chance < 0.75 else "unanswered"
    turns = [(you, words), (me, dice.choice(TALK[answer]))]
    if answer == "yes":
        return turns, Said.by(me, you, found)
    if answer == "no":
        return turns, Said.by(me, you, replace(found, predicate=asked.denied))
    return turns, Said.by(you, me, replace(found, predicate=asked.asked))


def _speakers(two: bool, dice: random.Random) -> list[str]:
    kind = dice.random()
    if kind < ROLE_SHARE + LABEL_SHARE:
        pair = list(dice.choice(ROLES if kind < ROLE_SHARE else LABELS))
        dice.shuffle(pair)
        return pair
    return dice.sample(NAMES, 2 if two or dice.random() < 0.5 else 3)


def _typed(words: str, dice: random.Random) -> str:
    """A statement as people type it: at times without "I", behind a word of answer, or loud."""
    dropped = re.sub(r"^I (?!am\b)", "", words)
    if dropped != words and dice.random() < 0.08:
        words = dropped[0].upper() + dropped[1:]
    if dice.random() < 0.15:
        begun = words if words.startswith(("I ", "I'")) else words[0].lower() + words[1:]
        words = f"{dice.choice(TALK['openers'])} {begun}"
    return words.removesuffix(".") + dice.choice(TALK["endings"]) if words.endswith(".") else words


def _small(words: str) -> str:
    """Without capitals, but for names."""
    return words[0].lower() + re.sub(r"\bI\b", "i", words[1:])


def _labelled(turns: Sequence[tuple[str, str]], dice: random.Random) -> Iterator[str]:
    """Lines, each with its speaker: a name, at times with a surname, a time, or in capitals."""
    kind, minute = dice.random(), dice.randrange(24 * 60)
    surnames = {name: dice.choice(SURNAMES) for name in sorted({name for name, _ in turns})}
    for name, words in turns:
        minute += dice.randrange(4)
        time = f"{minute // 60 % 24:02}:{minute % 60:02}"
        if name in LABELLED:
            yield f"{name}: {words}"
        elif kind < 0.1:
            yield f"{name} {surnames[name]}: {words}"
        elif kind < 0.2:
            yield f"[{time}] {name}: {words}"
        else:
            yield f"{name.upper() if kind < 0.25 else name}: {words}"


def _other(turns: Sequence[tuple[str, str]], speakers: Sequence[str], dice: random.Random) -> str:
    last = turns[-1][0] if turns else None
    return dice.choice([name for name in speakers if name != last])


def _letter(statements: Sequence[Statement], dice: random.Random) -> tuple[str, list[Said]]:
    me, you = dice.sample(NAMES, 2)
    if dice.random() < 0.3:
        you = f"{dice.choice(TITLES)} {dice.choice(SURNAMES)}"
    said = [Said.by(me, you, found) for found in statements]
    body = [found.words for found in statements]
    for place in (0, len(body) + 1):
        if dice.random() < 0.5:
            body.insert(place, dice.choice(TALK["letter_talk"]))
    farewell = dice.choice(FAREWELLS).split("\n")[0]
    separator = dice.choice(SEPARATORS)
    signed = me if dice.random() < 0.7 else f"{me} {dice.choice(SURNAMES)}"
    end = (" " if separator == " " else "\n").join((farewell, signed))
    parts = f"{dice.choice(TALK['greetings'])} {you},", " ".join(body), end
    return separator.join(parts), said
