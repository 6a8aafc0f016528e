"""Models of the Hub: only the files that are read, and none of the large ones before a check."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from model.conventions import FILE_NAME
from model.interop import opening
from model.interop.slow_tokenizer import BPE_MERGES, BPE_VOCABULARY, PIECES
from model.interop.weights import INDEX, PICKLED, SAFE, find_files
from model.skeleton import CheckpointError

ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
SMALL = [
    opening.CONFIG, opening.GENERATION, opening.TOKENIZER_CONFIG, FILE_NAME,
    BPE_VOCABULARY, BPE_MERGES, *PIECES, SAFE + INDEX, PICKLED + INDEX,
]  # fmt: skip
LARGE = (  # patterns of the weights' files, in the order in which they are tried
    [SAFE, "model-*.safetensors"],
    [PICKLED, "pytorch_model-*.bin"],
)

Snapshot = Callable[[str, Sequence[str]], Path]  # name and patterns to the folder they lie in


def is_id(name: str | Path) -> bool:
    """Whether this may be the name of a model there."""
    return ID.fullmatch(str(name)) is not None


def fetch(
    name: str, tell: Callable[[str], None] | None = None, snapshot: Snapshot | None = None
) -> Path:
    """Download what is needed of a model and return the folder.

    Settings come first: a model that is not supported or too large costs no more than them.
    """
    snapshot = snapshot or _snapshot
    folder = snapshot(name, SMALL)
    if not (folder / opening.CONFIG).is_file():
        raise CheckpointError(f"the Hub's {name} has no {opening.CONFIG}")
    opening.check(opening.plan_of(folder), name, tell)
    for patterns in LARGE:
        folder = snapshot(name, patterns)
        try:
            find_files(folder)
        except CheckpointError:
            if patterns is LARGE[-1]:
                raise
        else:
            break
    return folder


def _snapshot(name: str, patterns: Sequence[str]) -> Path:
    """The Hub's own client, which shows its progress and keeps what it has fetched."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=list(patterns)))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise CheckpointError(
            f"no model folder at {name}, and none from the Hub: {reason:.200}"
        ) from error
