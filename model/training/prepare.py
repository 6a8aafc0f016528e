"""Step one: pairs from files to train.jsonl, valid.jsonl and test.jsonl, and what was counted.

Splits go by document (a hash of the source), so that no source stands in two files. Files already
named train, valid (dev, validation) or test keep their split.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model.training.noise import noisy
from model.training.pseudo import PseudoPairs, pseudo_rows
from model.training.rows import Columns, Row, read_rows
from model.training.series import without_series
from model.training.wording import Wording

SPLITS = ("train", "valid", "test")
SPLIT_NAMES = {
    "train": "train", "training": "train", "valid": "valid", "validation": "valid",
    "val": "valid", "dev": "valid", "test": "test",
}  # fmt: skip


@dataclass(frozen=True)
class Shares:
    """How much of unsplit data is held out."""

    valid: float = 0.025
    test: float = 0.025

    def __post_init__(self) -> None:
        if self.valid < 0 or self.test < 0 or self.valid + self.test >= 1:
            raise ValueError(
                f"valid and test shares must be 0 or more and leave some to train, "
                f"got {self.valid} and {self.test}"
            )


@dataclass
class Counts:
    """What `prepare` met: lines that were no pair, rows left out, rows kept."""

    read: int = 0
    bad_lines: int = 0
    duplicates: int = 0
    leaks: int = 0  # rows whose source is held out in a later split
    reworded: int = 0  # training rows whose target has too many new word pairs
    kept: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # split, style, set
    licences: dict[str, set[str]] = field(default_factory=dict)  # per set

    def table(self) -> str:
        """The counts as lines of text: one per style and set, one column per split."""
        names = sorted({(style, name) for _, style, name in self.kept})
        lines = [f"{'style':10} {'set':28} " + " ".join(f"{split:>8}" for split in SPLITS)]
        for style, name in names:
            cells = " ".join(f"{self.kept[split, style, name]:8d}" for split in SPLITS)
            lines.append(f"{style or '-':10} {name:28} {cells}")
        totals = Counter[str]()
        for (split, _, _), count in self.kept.items():
            totals[split] += count
        lines.append(f"{'all':39} " + " ".join(f"{totals[split]:8d}" for split in SPLITS))
        lines.append(
            f"{self.read} rows read; left out: {self.bad_lines} bad lines, "
            f"{self.duplicates} duplicates, {self.leaks} with a held-out source, "
            f"{self.reworded} too far from their source's wording"
        )
        return "\n".join(lines)

    def to_json(self) -> dict[str, object]:
        """The counts as plain values."""
        return {
            "read": self.read,
            "bad_lines": self.bad_lines,
            "duplicates": self.duplicates,
            "leaks": self.leaks,
            "reworded": self.reworded,
            "kept": [[*key, count] for key, count in sorted(self.kept.items())],
            "licences": {name: sorted(values) for name, values in sorted(self.licences.items())},
        }


def prepare(
    inputs: Sequence[Path],
    output: Path,
    columns: Columns | None = None,
    shares: Shares | None = None,
    pseudo: PseudoPairs | None = None,
    noise_share: float = 0.0,
    wording: Wording | None = None,
) -> Counts:
    """Write the three JSONL files and counts.json into `output`; same input, same output.

    `noise_share` of the training sources are disturbed, see `model.training.noise`; training pairs
    that reword more than `wording` allows are left out.
    """
    pseudo = pseudo or PseudoPairs()
    if not inputs:
        raise ValueError("prepare needs at least one input file")
    for path in [*inputs, *pseudo.passages, *pseudo.articles, *pseudo.prose]:
        if not path.is_file():
            raise ValueError(f"no such file: {path}")
    counts = Counts()
    rows = _split(inputs, columns or Columns(), shares or Shares(), counts)
    held_out: set[bytes] = set()
    # Backwards, so that what is held out is known before the rows it forbids.
    for split in reversed(SPLITS):
        rows[split] = _without_repeats(rows[split], held_out, counts)
        held_out.update(document_key(row.source) for row in rows[split])
    if not rows["train"]:
        raise ValueError(f"no training pairs among {counts.read} rows read")
    if wording is not None:
        before = len(rows["train"])
        rows["train"] = list(wording.kept(rows["train"]))
        counts.reworded = before - len(rows["train"])
    rows["train"] = list(without_series(rows["train"]))
    rows["train"] += pseudo_rows(rows["train"], pseudo)
    rows["train"] = list(noisy(rows["train"], noise_share))
    output.mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        _write(output / f"{split}.jsonl", rows[split])
        for row in rows[split]:
            counts.kept[split, row.style, row.set] += 1
            counts.licences.setdefault(row.set, set()).add(row.licence)
    text = json.dumps(counts.to_json(), indent=2, ensure_ascii=False)
    (output / "counts.json").write_text(text + "\n", encoding="utf-8")
    return counts


def document_key(source: str) -> bytes:
    """A hash of the source that ignores case and spacing."""
    text = " ".join(source.casefold().split())
    return hashlib.blake2b(text.encode("utf-8"), digest_size=12).digest()


def split_of_name(path: Path) -> str | None:
    """The split that a file's name says, `valid.jsonl.xz` for one; None when it says none."""
    return SPLIT_NAMES.get(path.name.split(".")[0].lower())


def _split(
    inputs: Sequence[Path], columns: Columns, shares: Shares, counts: Counts
) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {split: [] for split in SPLITS}
    for path in inputs:
        named = split_of_name(path)
        for row in read_rows(path, columns):
            counts.read += 1
            if row is None:
                counts.bad_lines += 1
            else:
                rows[named or _split_of_source(row.source, shares)].append(row)
    return rows


def _split_of_source(source: str, shares: Shares) -> str:
    place = int.from_bytes(document_key(source)[:6], "big") / 2**48  # uniform in [0, 1)
    if place < shares.test:
        return "test"
    return "valid" if place < shares.test + shares.valid else "train"


def _without_repeats(rows: Iterable[Row], held_out: set[bytes], counts: Counts) -> list[Row]:
    seen: set[tuple[bytes, bytes, str]] = set()
    kept = []
    for row in rows:
        source = document_key(row.source)
        key = (source, document_key(row.target), row.style)
        if source in held_out:
            counts.leaks += 1
        elif key in seen:
            counts.duplicates += 1
        else:
            seen.add(key)
            kept.append(row)
    return kept


def _write(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(vars(row), ensure_ascii=False) + "\n")
