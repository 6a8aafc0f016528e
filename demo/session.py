"""What one visitor has made so far: a value, kept on the server in `gr.State`. Runs no model.

Every handler takes a session and returns a new one; nothing of a visitor lives anywhere else.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from model.trace import Trace

NO_RUN = "There is no summary yet; press Summarize first."
FORCED = "forced"  # what the record of a given text has for its strategy
MOST_RUNS = 12  # the oldest is forgotten beyond them; a trace can be megabytes


@dataclass(frozen=True, eq=False)
class Run:
    """One finished run and which of its hypotheses is looked at."""

    trace: Trace
    label: str  # what the history calls it: "headline · beam search", "from “after”"
    hypothesis: int = 0
    stored: bool = False  # shipped with the page instead of made just now
    parts: tuple[Trace, ...] = ()  # of a long document: the runs whose summaries were merged
    document: str = ""  # the whole of a text that was read in parts
    left_out: int = 0  # of its parts, those that there was no time for

    @property
    def text(self) -> str:
        """What was summarised; a merged run's own source is only what its parts came to."""
        return self.document or self.trace.source.text

    @property
    def joined(self) -> bool:
        """Whether the summary is the parts' summaries as they are, and only scored as a whole."""
        return bool(self.parts) and self.trace.options.get("strategy") == FORCED


@dataclass(frozen=True, eq=False)
class Session:
    """Runs, oldest first, and which one is shown; -1 when there is none."""

    runs: tuple[Run, ...] = ()
    current: int = -1

    @property
    def run(self) -> Run | None:
        """The run that is shown."""
        return self.runs[self.current] if 0 <= self.current < len(self.runs) else None

    def adding(self, run: Run) -> Session:
        """With one more run, which is then shown."""
        runs = (*self.runs, run)[-MOST_RUNS:]
        return Session(runs, len(runs) - 1)

    def showing(self, place: int, hypothesis: int | None = None) -> Session:
        """With the run at `place` shown, and another of its hypotheses where one is named."""
        if not self.runs:
            raise ValueError(NO_RUN)
        if not 0 <= place < len(self.runs):
            raise ValueError(f"run must be between 0 and {len(self.runs) - 1}, got {place}")
        run = self.runs[place]
        if hypothesis is None:
            return Session(self.runs, place)
        last = len(run.trace.hypotheses) - 1
        if not 0 <= hypothesis <= last:
            raise ValueError(f"hypothesis must be between 0 and {last}, got {hypothesis}")
        return self.replacing(place, dataclasses.replace(run, hypothesis=hypothesis))

    def replacing(self, place: int, run: Run) -> Session:
        """With another run at `place`, which is then shown."""
        runs = (*self.runs[:place], run, *self.runs[place + 1 :])
        return Session(runs, place)
