"""Models of the Hub: only the files that are read, and none of the large ones before a check."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from model.interop import opening
from model.interop.slow_tokenizer import BPE_MERGES, BPE_VOCABULARY, PIECES
from model.interop.weights import INDEX, PICKLED, SAFE, find_files
from model.text.conventions import FILE_NAME
from model.untrusted import CheckpointError

ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
SMALL = [
    opening.CONFIG, opening.GENERATION, opening.TOKENIZER_CONFIG, FILE_NAME,
    BPE_VOCABULARY, BPE_MERGES, *PIECES, SAFE + INDEX, PICKLED + INDEX,
]  # fmt: skip
LARGE = (  # patterns of the weights' files, in the order in which they are tried
    [SAFE, "model-*.safetensors"],
    [PICKLED, "pytorch_model-*.bin"],
)

MAX_SMALL_BYTES = 100_000_000  # all of them together
# Eight bytes each is the widest that is read, and a table may be there under several names.
BYTES_PER_PARAMETER = 16
# Name, patterns and the most bytes that the files may have, to the folder they lie in.
Snapshot = Callable[[str, Sequence[str], int], Path]


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
    folder = snapshot(name, SMALL, MAX_SMALL_BYTES)
    if not (folder / opening.CONFIG).is_file():
        raise CheckpointError(f"the Hub's {name} has no {opening.CONFIG}")
    parameters = opening.check(opening.plan_of(folder), name, tell)
    most = BYTES_PER_PARAMETER * parameters + MAX_SMALL_BYTES
    for patterns in LARGE:
        folder = snapshot(name, patterns, most)
        try:
            find_files(folder)
        except CheckpointError:
            if patterns is LARGE[-1]:
                raise
        else:
            break
    return folder


def _snapshot(name: str, patterns: Sequence[str], most: int) -> Path:
    """The Hub's own client, which shows its progress and keeps what it has fetched."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import DryRunError, HfHubHTTPError, LocalEntryNotFoundError

    try:
        try:
            files = snapshot_download(name, allow_patterns=list(patterns), dry_run=True)
        except DryRunError:  # offline: what was fetched before will do, and nothing else comes
            return Path(snapshot_download(name, allow_patterns=list(patterns)))
        size = sum(file.file_size or 0 for file in files)
        if size > most:
            raise CheckpointError(f"the Hub's {name} has {size} bytes, its settings ask for {most}")
        revision = files[0].commit_hash if files else None  # what was measured is what comes
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(patterns)))
    except CheckpointError:
        raise
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise CheckpointError(
            f"no model folder at {name}, and none from the Hub: {reason:.200}"
        ) from error
