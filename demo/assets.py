"""Files that ship beside the code: styles, scripts and examples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"


@dataclass(frozen=True)
class Example:
    """A text to try, and the style that suits it."""

    name: str
    style: str
    text: str


def asset(*path: str) -> str:
    """The text of one file under assets/."""
    return ASSETS.joinpath(*path).read_text(encoding="utf-8")


def examples() -> tuple[Example, ...]:
    """All of assets/examples in order: `<number>-<name>.txt`, the first line is the style."""
    found = []
    for path in sorted(ASSETS.joinpath("examples").glob("*.txt")):
        style, text = path.read_text(encoding="utf-8").split("\n", 1)
        found.append(Example(path.stem.split("-", 1)[1].capitalize(), style.strip(), text.strip()))
    return tuple(found)
