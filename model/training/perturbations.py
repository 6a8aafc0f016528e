"""Sources disturbed as pasted texts are: functions of a text, a seeded dice and other texts."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from model.training.examples import Example
from model.training.metrics import sentences_of

TYPO_SHARE = 0.1  # of the words long enough to have one
WORD = re.compile(r"[^\W\d_]{4,}")
# Marks between words; those inside (don't, 3.5, well-known) stay.
MARKS = re.compile(r"[^\w\s]+(?=\s|$)|(?:(?<=\s)|^)[^\w\s]+|[^\w\s]{2,}", re.MULTILINE)
PARAGRAPH_WORDS = 60  # at least, of a paragraph from elsewhere
GERMAN = (
    "Am Samstag öffnet der Wochenmarkt am Bahnhof schon um sieben Uhr. Die Stadt hat zwölf neue "
    "Stände genehmigt, darunter zwei Bäckereien und einen Käsehändler aus der Nachbargemeinde. "
    "Wer mit dem Auto kommt, kann den Parkplatz hinter der Schule benutzen, der bis zum Mittag "
    "frei bleibt. Bei Regen zieht der Markt in die alte Turnhalle um."
)

GREETINGS = (
    "Hi all,", "Hello everyone,", "Dear team,", "Dear colleagues,", "Dear Ms Novak,", "Hi Sam,",
    "Good morning,", "Dear parents,", "Hello Mr Osei,", "Hi,", "Dear Sir or Madam,", "Hey Lena,",
)  # fmt: skip
FAREWELLS = (
    "Best regards,\nAnna", "Thanks,\nTom", "Kind regards\nThe events team", "Best,\nM.",
    "Yours sincerely,\nDr Ada Brandt", "See you there,\nMia", "Cheers\nBen", "Thank you!",
)  # fmt: skip
SEPARATORS = ("\n\n", "\n\n", "\n", " ")  # between the parts of a letter

Perturbation = Callable[[str, random.Random, Sequence[str]], str]  # text, dice, other texts


def with_typos(text: str, dice: random.Random) -> str:
    """A tenth of the longer words with two letters swapped, or one lost or doubled."""

    def mistyped(match: re.Match[str]) -> str:
        word = match.group()
        if dice.random() >= TYPO_SHARE:
            return word
        place = dice.randrange(1, len(word) - 1)  # the first letter mostly stays right
        before, letter, after = word[:place], word[place], word[place + 1 :]
        kinds = (
            before + after[0] + letter + after[1:],
            before + after,
            before + 2 * letter + after,
        )
        return dice.choice(kinds)

    return WORD.sub(mistyped, text)


def without_punctuation(text: str) -> str:
    """No marks around words, as in a transcript; lines stay."""
    return re.sub(r"[^\S\n]{2,}", " ", MARKS.sub("", text)).strip()


def with_shuffled_sentences(text: str, dice: random.Random) -> str:
    """The sentences in another order; lines stay lines."""
    sentences = sentences_of(text)
    dice.shuffle(sentences)
    return ("\n" if "\n" in text else " ").join(sentences)


def doubled(text: str) -> str:
    """The text twice, as after a clumsy paste."""
    return f"{text}\n\n{text}"


def as_letter(text: str, dice: random.Random) -> str:
    """The text between a greeting and a farewell, in one paragraph with it or in its own."""
    return dice.choice(SEPARATORS).join((dice.choice(GREETINGS), text, dice.choice(FAREWELLS)))


def with_paragraph(text: str, paragraph: str, dice: random.Random) -> str:
    """A paragraph from elsewhere in front of the text or behind it."""
    parts = [text, paragraph] if dice.random() < 0.5 else [paragraph, text]
    return "\n\n".join(parts)


def opening(text: str) -> str:
    """The first sentences of a text, `PARAGRAPH_WORDS` words or a little more."""
    taken: list[str] = []
    for sentence in sentences_of(text):
        if sum(len(part.split()) for part in taken) >= PARAGRAPH_WORDS:
            break
        taken.append(sentence)
    return " ".join(taken)


PERTURBATIONS: Mapping[str, Perturbation] = MappingProxyType(
    {
        "typos": lambda text, dice, others: with_typos(text, dice),
        "lower case": lambda text, dice, others: text.lower(),
        "upper case": lambda text, dice, others: text.upper(),
        "no punctuation": lambda text, dice, others: without_punctuation(text),
        "shuffled sentences": lambda text, dice, others: with_shuffled_sentences(text, dice),
        "doubled text": lambda text, dice, others: doubled(text),
        "as a letter": lambda text, dice, others: as_letter(text, dice),
        "paragraph of another text": lambda text, dice, others: with_paragraph(
            text, opening(dice.choice(others)), dice
        ),
        "paragraph in German": lambda text, dice, others: with_paragraph(text, GERMAN, dice),
    }
)


def disturbed(examples: Sequence[Example], kind: str, seed: int) -> list[str]:
    """Every example's source after one kind of disturbance; other texts are of other sets.

    Each example has a dice of its own: what is done to one doesn't depend on the others' number.
    """
    perturb = PERTURBATIONS[kind]
    found = []
    for example in examples:
        others = [other.source for other in examples if other.set != example.set]
        dice = random.Random(f"{seed} {kind} {example.source}")
        # In data of a single set, any text but this one; in a single example, itself.
        others = others or [o.source for o in examples if o is not example] or [example.source]
        found.append(perturb(example.source, dice, others))
    return found
