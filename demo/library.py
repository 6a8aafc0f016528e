"""Finds models and opens each at most once. Knows nothing of the page.

A model is a folder, or an id of the Hugging Face Hub such as owner/name: what that means is known
where checkpoints are opened. Here it is only told from a path.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from demo.serving.bounded import BoundedSummarizer
from model.interop import hub
from model.summarizer import Summarizer

MODELS = Path(__file__).resolve().parent.parent / "assets" / "models"
DEFAULT = "transformer"  # of the shipped models; it comes first
VARIABLE = "GISTSCOPE_MODELS"
CONFIG = "config.json"


class LibraryError(ValueError):
    """No such model, or a folder that is none; the message says what to do."""


class Library:
    """Models by name. Safe to share between threads; one that takes long holds up no other."""

    def __init__(
        self, places: Sequence[Path | str], tell: Callable[[str], None] | None = None
    ) -> None:
        """`tell` hears what opening a model needs, before it is read."""
        self._places = _named(places)
        self._tell = tell
        self._opened: dict[str, Summarizer] = {}
        self._locks = {name: threading.Lock() for name in self._places}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all models; the first is the default."""
        return tuple(self._places)

    @property
    def places(self) -> tuple[Path | str, ...]:
        """Their folders and ids, in the same order."""
        return tuple(self._places.values())

    @property
    def is_open(self) -> bool:
        """Whether there is a model that can answer at once."""
        return bool(self._opened)

    def get(self, name: str | None = None) -> Summarizer:
        """The model called `name`, or the first; opened when asked for the first time."""
        if not self._places:
            raise LibraryError(no_models())
        name = name or self.names[0]
        if name not in self._places:
            raise LibraryError(
                f"There is no model {name!r:.80}; there are: {', '.join(self.names)}."
            )
        with self._locks[name]:
            if name not in self._opened:
                opened = BoundedSummarizer.load(self._places[name], self._tell)
                self._opened[name] = cast(BoundedSummarizer, opened).called(name)
            return self._opened[name]


def find_models(asked: Sequence[str], environment: str = "") -> tuple[Path | str, ...]:
    """Models that were asked for, those of the environment variable, the shipped ones.

    A path may be a model folder or a folder of model folders; what is no path and looks like
    owner/name is an id. Anything else is an error.
    """
    texts = [*asked, *(text for text in environment.split(os.pathsep) if text)]
    found: list[Path | str] = [place for text in texts for place in _places_of(text)]
    shipped = sorted(_inside(MODELS), key=lambda folder: folder.name != DEFAULT)
    found += [folder.resolve() for folder in shipped]
    return tuple(dict.fromkeys(found))


def no_models() -> str:
    """What to tell somebody who has no model at all."""
    return (
        "No model was found. Put a model folder into assets/models, "
        f"or name one with --model PATH_OR_ID or in {VARIABLE}."
    )


def _places_of(text: str) -> Sequence[Path | str]:
    path = Path(text).expanduser()
    if not path.exists() and hub.is_id(text):
        return [text]
    return [folder.resolve() for folder in _folders_at(path)]


def _folders_at(path: Path) -> list[Path]:
    if (path / CONFIG).is_file():
        return [path]
    inside = _inside(path)
    if not inside:
        raise LibraryError(
            f"{path} is no model folder: it has no {CONFIG}, nor has any folder in it."
        )
    return inside


def _inside(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    return sorted(folder for folder in path.iterdir() if (folder / CONFIG).is_file())


def _named(places: Sequence[Path | str]) -> dict[str, Path | str]:
    """Folders by their own name, ids as they are; a second one of the same name gets a number."""
    named: dict[str, Path | str] = {}
    for place in places:
        own = place if isinstance(place, str) else place.name
        name, number = own, 2
        while name in named:
            name, number = f"{own} ({number})", number + 1
        named[name] = place
    return named
