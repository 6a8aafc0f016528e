"""Printed lines back to paragraphs: a PDF knows where ink is, not where a sentence goes on.

Works on text; knows no PDF. All of it is a guess from what lines look like.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence

EDGE_PAGES = 3  # a line that heads or ends so many pages is no part of the text
SHORT = 0.75  # of a usual line; a shorter one that ends a sentence ends its paragraph
HEADING = 0.6  # of a usual line; a shorter one without an end mark is a heading
SENTENCE_END = re.compile(r"[.!?:…。！？][\"'’”»)\]]*$")
BULLET = re.compile(r"(?:[•◦▪‣●∙*–—-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+\S")
# A number that stands alone at a page's edge: "7", "- 7 -", "Page 7 of 12".
PAGE_NUMBER = re.compile(
    r"(?:page|seite|p\.)?\s*[-–—]?\s*\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?\s*[-–—]?", re.I
)
HYPHENS = "-\u2010\u00ad"
LONGEST_WORD = 40  # characters; no pattern may walk far through a hostile line
BROKEN_WORD = re.compile(rf"(\w+)[{HYPHENS}]$")
HYPHENATED = re.compile(r"\b\w{1,40}-\w{1,40}")
# Ligatures are a font's matter; the letters are what was written.
LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB06: "st"}
IDEOGRAPH = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")


def paragraphs(pages: Sequence[str]) -> str:
    """The pages as one text: lines joined, words put together, page numbers left out."""
    lines = list(_lines(pages))
    usual = _usual_length(lines)
    hyphenated = set(HYPHENATED.findall("\n".join(lines).casefold()))
    found: list[str] = []  # lines and what stands between them
    before = ""  # the line above; empty where a paragraph has to begin
    for line in lines:
        if not line:
            # An empty line inside a sentence is a page's edge or wide line spacing.
            if not before or _ends_sentence(before) or len(before) < HEADING * usual:
                before = ""
            continue
        if before and not _begins(line, before, usual):
            if drops_hyphen := _breaks_word(before, line, hyphenated):
                found[-1] = found[-1][:-1]
            found.append("" if drops_hyphen else _gap(before, line))
        elif found:
            found.append("\n\n")
        found.append(line)
        before = line
    return "".join(found).replace("\u00ad", "")


def _lines(pages: Sequence[str]) -> Iterator[str]:
    """All lines in order, an empty one after every page; running heads and numbers left out."""
    split = [_page_lines(page) for page in pages]
    edges = Counter(_running(line) for lines in split for line in {*lines[:1], *lines[-1:]})
    for lines in split:
        if lines and _is_edge(lines[0], edges):
            lines = lines[1:]
        if lines and _is_edge(lines[-1], edges):
            lines = lines[:-1]
        yield from lines
        yield ""


def _page_lines(page: str) -> list[str]:
    return [" ".join(line.split()) for line in page.translate(LIGATURES).strip().splitlines()]


def _running(line: str) -> str:
    """A line without its numbers, which differ from page to page."""
    return re.sub(r"\d+", "#", line)


def _is_edge(line: str, edges: Counter[str]) -> bool:
    return bool(PAGE_NUMBER.fullmatch(line)) or edges[_running(line)] >= EDGE_PAGES


def _usual_length(lines: Sequence[str]) -> float:
    """The length of a full line: most lines of a text are full."""
    lengths = [len(line) for line in lines if line]
    return statistics.quantiles(lengths, n=10)[7] if len(lengths) > 1 else 0.0


def _begins(line: str, before: str, usual: float) -> bool:
    """Whether a paragraph begins with `line`, which stands below `before`."""
    if BULLET.match(line):
        return before[-1] not in HYPHENS
    if _ends_sentence(before):
        return len(before) < SHORT * usual
    return len(before) < HEADING * usual and not line[0].islower() and not before.endswith(",")


def _ends_sentence(line: str) -> bool:
    return bool(SENTENCE_END.search(line[-8:]))


def _breaks_word(before: str, line: str, hyphenated: set[str]) -> bool:
    """Whether the hyphen that ends `before` only breaks a word, and so is not written."""
    first = BROKEN_WORD.search(before[-LONGEST_WORD:])
    last = re.match(r"\w+", line[:LONGEST_WORD])
    if not first or not last or not last[0][0].islower():
        return False
    # "well-" + "known" keeps its hyphen if the document also has "well-known" in one line.
    whole = f"{first[1]}-{last[0]}".casefold()
    return before[-1] == "\u00ad" or whole not in hyphenated


def _gap(before: str, line: str) -> str:
    """What stands between two lines of one paragraph."""
    if before[-1] in HYPHENS and before[-2:-1].isalnum():
        return ""
    return "" if IDEOGRAPH.match(before[-1]) and IDEOGRAPH.match(line[0]) else " "
