"""Finds model folders and opens each at most once. Knows nothing of the page."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from model.summarizer import Summarizer

MODELS = Path(__file__).resolve().parent.parent / "assets" / "models"
VARIABLE = "GISTSCOPE_MODELS"
CONFIG = "config.json"


class LibraryError(ValueError):
    """No such model, or a folder that is none; the message says what to do."""


class Library:
    """Model folders by name. Safe to share between threads."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = _named(folders)
        self._opened: dict[str, Summarizer] = {}
        self._lock = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all models; the first is the default."""
        return tuple(self._folders)

    def get(self, name: str | None = None) -> Summarizer:
        """The model called `name`, or the first; opened when asked for the first time."""
        if not self._folders:
            raise LibraryError(no_models())
        name = name or self.names[0]
        if name not in self._folders:
            raise LibraryError(
                f"There is no model {name!r:.80}; there are: {', '.join(self.names)}."
            )
        with self._lock:
            if name not in self._opened:
                self._opened[name] = Summarizer.load(self._folders[name])
            return self._opened[name]


def find_folders(asked: Sequence[str], environment: str = "") -> tuple[Path, ...]:
    """Model folders: those asked for, those of the environment variable, the shipped ones.

    A path may be a model folder or a folder of model folders. A path that is neither is an error,
    except for the shipped ones.
    """
    paths = [*asked, *(path for path in environment.split(os.pathsep) if path)]
    found = [folder for path in paths for folder in _folders_at(Path(path).expanduser())]
    found += _inside(MODELS)
    return tuple(dict.fromkeys(folder.resolve() for folder in found))


def no_models() -> str:
    """What to tell somebody who has no model at all."""
    return (
        "No model was found. Put a model folder into assets/models, "
        f"or name one with --model PATH or in {VARIABLE}."
    )


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


def _named(folders: Sequence[Path]) -> dict[str, Path]:
    """Folders by their own name; a second one of the same name gets a number."""
    named: dict[str, Path] = {}
    for folder in folders:
        name, number = folder.name, 2
        while name in named:
            name, number = f"{folder.name} ({number})", number + 1
        named[name] = folder
    return named
