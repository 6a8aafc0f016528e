"""What a run says: one JSON line per log step in log.jsonl, and a progress bar on stderr."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from tqdm import tqdm

FILE_NAME = "log.jsonl"


class Journal:
    """Writes nothing for workers that don't lead (`output` None)."""

    def __init__(self, output: Path | None, first_step: int, last_step: int, bar: bool) -> None:
        self._file: IO[str] | None = None
        self._shown: dict[str, str] = {}  # the last losses, beside the bar
        if output is not None:
            path = output / FILE_NAME
            _forget_after(path, first_step)
            self._file = path.open("a", encoding="utf-8")
        self._bar = tqdm(
            total=last_step or None, initial=first_step, unit="step", file=sys.stderr,
            disable=output is None or not bar, dynamic_ncols=True,
        )  # fmt: skip

    def write(self, kind: str, **values: Any) -> None:
        """One line; numbers are shortened to what a reader needs."""
        if self._file is not None:
            short = {k: float(f"{v:.6g}") if isinstance(v, float) else v for k, v in values.items()}
            self._file.write(json.dumps({"kind": kind, **short}) + "\n")
            self._file.flush()

        if "loss" in values:
            self._shown[kind] = f"{kind} {values['loss']:.3f}"
            self._bar.set_postfix_str(", ".join(self._shown.values()), refresh=False)

    def say(self, message: str, **values: Any) -> None:
        """A line for the reader on stderr, and its figures in the log."""
        self.write("note", step=self._bar.n, message=message, **values)
        if self._file is not None:
            tqdm.write(message, file=sys.stderr)

    def advance(self) -> None:
        """Move the bar by one step."""
        self._bar.update()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._bar.close()
        if self._file is not None:
            self._file.close()


def _forget_after(path: Path, step: int) -> None:
    """Drop lines of steps that were lost with a kill and will be made again."""
    if not path.is_file():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line + "\n")
        except (ValueError, KeyError, TypeError):
            continue  # a line that the kill cut short
    path.write_text("".join(kept) if step else "", encoding="utf-8")
