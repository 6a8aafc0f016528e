"""Chats and letters in the first person, made from prose, and what they say reported.

"Mia: I'll bring my hat." becomes "Mia will bring their hat." Statements are made of sentences in
the third person (`reported`), or were in the first (`quoted`). Questions, thanks and other small
talk stand between the statements and are not reported. Pairs of everyday chats and what was said in
them hardly exist under an open licence.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from model.training.people import LABELLED, LABELS, NAMES, ROLES, SURNAMES, TITLES
from model.training.perturbations import FAREWELLS, SEPARATORS
from model.training.quoted import quoted, told
from model.training.reported import Statement, remark, statement
from model.training.rows import Row
from model.training.sentences import split_sentences

SET = "reported_speech"
LETTER_SHARE = 0.25
STATEMENTS = (2, 2, 3, 3, 4, 6)  # in one chat or letter, drawn evenly
REPORTED = 4  # of them at most, the longest
STYLES = (*["notes"] * 6, "tldr", "tldr", "headline")
HEADLINE_WORDS = 13
REMARK_SHARE = 0.3  # of the remarks that stand where one is wanted
VARIANTS = 2  # chats of the same statements: other people, other talk
ROLE_SHARE = 0.15  # of the chats
LABEL_SHARE = 0.12  # of them: nobody has a name
LOWER_SHARE = 0.1  # of the chats: nobody bothers with capitals
JOINED_WORDS = 18  # of two statements by one person that a report joins with "and"
OPENERS = (
    "Yes,", "No,", "Ok,", "Great,", "Well,", "Sorry,", "Right!", "Hmm,", "Thank you.", "ok", "oh",
    "Hi!", "Sure,", "Actually,", "Thanks!", "yes", "no", "Good.", "Of course.",
)  # fmt: skip
SMALL_TALK = (
    "ok", "Thanks!", "Sounds good.", "haha", "Great, see you then.", "No worries", "Sure.", "Hi!",
    "Good morning", "Oh no!", "👍", "Really?", "Perfect, thank you.", "Hey, how are you?", "Nice!",
    "Let me know.", "Sorry to hear that.", "What do you mean?", "Anything else?", "Bye!", "lol",
    "Is that ok with you?", "Are you coming?", "What time?", "And you?", "yes please", "Cool",
    "Hello everyone", "Good idea!", "Fine with me.", "See you tomorrow!", "Did you see the news?",
    "me too", "same here", "yeah", "nope", "I know", "I see", "I think so", "I hope so :)", "why?",
    "not really", "I don't know", "you're right", "don't worry about it", "good luck!", "when?",
    "where are you?", "how much is it?", "thank you so much!!", "wow", "hmm", "No way!", "same",
    "what's up?", "of course", "take care", "ouch", "sorry, can't", "Congratulations!", "you sure?",
    "Just tell me", "call me later", "come on", "I guess", "great!!", "hahaha", "ok, let's do that",
)  # fmt: skip
ENDINGS = (".", ".", ".", ".", ".", "", "", "", "", "!", "!!", " :)", " 😊", "...", " haha", " 🙂")
LETTER_TALK = (
    "Thank you for your message.", "I hope you are well.", "Please let me know.", "Any questions?",
    "Could you have a look?", "Have a good weekend!", "Sorry for the late reply.",
    "Hope this helps.", "How are things?",
)  # fmt: skip
GREETING_WORDS = ("Hi", "Hello", "Dear", "Hey", "Good morning", "Good evening")
OLD = re.compile(r"\b(?:th(?:ou|ee|y|ine)|ye|hath|doth|art|sir|madam|lord|shall)\b", re.IGNORECASE)
QUOTED_QUESTION = re.compile(r"[“\"]([A-Z][^“”\"—;:]{3,60}\?)[”\"]")


@dataclass(frozen=True)
class Said:
    """One statement in somebody's mouth, and the report of it without its stop."""

    speaker: str  # as a sentence begins with it
    predicate: str

    @classmethod
    def by(cls, speaker: str, other: str, found: Statement) -> Said:
        """A statement of `speaker`, who talks to `other`."""
        you = _called(other)
        subject = f"{_called(speaker)} and {you}" if found.together else _called(speaker)
        predicate = found.predicate.replace("{you}", you)
        return cls(subject[0].upper() + subject[1:], predicate)


def _called(name: str) -> str:
    return f"the {name.lower()}" if any(name in pair for pair in ROLES) else name


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
    return statement(sentence, dice) or told(sentence, dice)


def _row(sentences: Sequence[str], questions: Sequence[str], dice: random.Random) -> Row:
    found = [_stated(s, dice) or remark(s) for s in dice.sample(sentences, len(sentences))]
    statements = [each for each in found if each is not None]
    style = dice.choice(STYLES)
    if dice.random() < LETTER_SHARE:
        source, said = _letter(statements, dice)
    else:
        source, said = _chat(statements, questions, dice)
    return Row(source, _report(said, style), style, SET)


def _chat(
    statements: Sequence[Statement], questions: Sequence[str], dice: random.Random
) -> tuple[str, list[Said]]:
    speakers = _speakers(any(s.addresses for s in statements), dice)
    turns: list[tuple[str, str]] = []
    said: list[Said] = []
    for found in statements:
        while dice.random() < 0.4:
            words = dice.choice(questions) if questions and dice.random() < 0.4 else None
            turns.append((_other(turns, speakers, dice), words or dice.choice(SMALL_TALK)))
        # Now and then a person goes on speaking; else it is somebody else's turn.
        again = bool(turns) and dice.random() < 0.25
        me = turns[-1][0] if again else _other(turns, speakers, dice)
        said.append(Said.by(me, next(name for name in speakers if name != me), found))
        words = _typed(found.words, dice)
        if again and dice.random() < 0.6:
            before = turns.pop()[1]
            mark = dice.choice((" ", ", ")) if before.endswith(".") else " "
            words = f"{before.rstrip('.') if mark == ', ' else before}{mark}{words}"
        turns.append((me, words))
    if dice.random() < 0.5:
        turns.append((_other(turns, speakers, dice), dice.choice(SMALL_TALK)))
    if dice.random() < LOWER_SHARE:
        turns = [(name, _small(words)) for name, words in turns]
    return "\n".join(_labelled(turns, dice)), said


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
        words = f"{dice.choice(OPENERS)} {begun}"
    return words.removesuffix(".") + dice.choice(ENDINGS)


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
            body.insert(place, dice.choice(LETTER_TALK))
    farewell = dice.choice(FAREWELLS).split("\n")[0]
    separator = dice.choice(SEPARATORS)
    signed = me if dice.random() < 0.7 else f"{me} {dice.choice(SURNAMES)}"
    end = (" " if separator == " " else "\n").join((farewell, signed))
    parts = f"{dice.choice(GREETING_WORDS)} {you},", " ".join(body), end
    return separator.join(parts), said


def _report(said: Sequence[Said], style: str) -> str:
    if style == "headline":
        fit = [s for s in said if len(s.predicate.split()) < HEADLINE_WORDS] or said
        longest = max(fit, key=lambda s: len(s.predicate))
        return f"{longest.speaker} {longest.predicate}"
    kept = sorted(said, key=lambda s: len(s.predicate))[-REPORTED:]
    sentences = list(_sentences([s for s in said if s in kept]))
    if style == "tldr":
        return max(sentences, key=len)
    return "\n".join(sentences)  # a name then has the tokens that it has where a turn begins


def _sentences(said: Sequence[Said]) -> Iterator[str]:
    """A sentence for each statement; two short ones in a row by the same person share theirs."""
    place = 0
    while place < len(said):
        pair = said[place : place + 2]
        size = sum(len(s.predicate.split()) for s in pair)
        same = len({s.speaker for s in pair}) == 1 and len(pair) == 2
        plain = not any(re.search(r",|\band\b|^says\b", s.predicate) for s in pair)
        count = 2 if same and plain and size <= JOINED_WORDS else 1
        yield f"{said[place].speaker} {' and '.join(s.predicate for s in pair[:count])}."
        place += count
