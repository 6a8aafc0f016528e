"""Step three: the training loop. Knows settings, data and a model that meets `Seq2Seq`; no family.

Files of a run: log.jsonl, state/ (to go on from), best/ (a model folder, by validation; averaged).
"""

from __future__ import annotations

import dataclasses
import math
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from model import checkpoint
from model.tokenizer import Tokenizer
from model.training import data as batching
from model.training.averaging import MovingAverage
from model.training.interrupt import stop_requests
from model.training.journal import Journal
from model.training.optimizer import build_optimizer
from model.training.packing import PackedSplit, is_packed, open_split, pack
from model.training.schedule import budget_spent, learning_rate
from model.training.settings import Configuration, TrainingSettings
from model.training.starting import prepare
from model.training.state import Position, RunState, latest_state, load_state, save_state
from model.training.stepping import Stepper, Tally
from model.training.validation import validation_losses
from model.training.workers import Workers, open_workers


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    position: Position
    reason: str  # "max_steps", "max_minutes", "patience" or "signal"


@dataclass(frozen=True)
class Splits:
    """What a run learns from, and what it is validated on."""

    train: PackedSplit
    valid: PackedSplit


def train(
    configuration: Configuration,
    data: Path,
    output: Path,
    *,
    resume: bool = False,
    origin: Path | None = None,
    embeddings: Path | None = None,
    progress: bool = True,
) -> Outcome:
    """Train on the prepared folder `data` (with tokenizer.json), writing into `output`.

    Starts from the weights of the model folder `origin` and from the word vectors of `embeddings`
    where they are given. Packs the data first where that has not been done. Under torchrun every
    process calls this.
    """
    settings = configuration.training
    if settings.threads:
        torch.set_num_threads(settings.threads)
    saved = latest_state(output)
    if saved is not None and not resume:
        raise ValueError(f"{output} holds a run already; resume it or choose another folder")
    tokenizer = Tokenizer.load(data)
    config = configuration.model_config(tokenizer.vocabulary_size)
    with open_workers(settings.device) as workers:
        if workers.leads:
            output.mkdir(parents=True, exist_ok=True)
            if not is_packed(data, tokenizer, settings.max_source_tokens):
                pack(data, tokenizer, settings.max_source_tokens)
        workers.wait()
        torch.manual_seed(settings.seed)
        model = checkpoint.build(config)
        reports = [] if saved else prepare(model, tokenizer, origin, embeddings)
        splits = Splits(open_split(data, "train"), open_split(data, "valid"))
        run = Run(settings, model.to(workers.device), tokenizer, splits, workers, output)
        if saved is not None:
            run.load(saved)
        where = output if workers.leads else None
        with Journal(where, run.position.step, settings.max_steps, progress) as journal:
            for kind, report in reports:
                journal.say(f"{kind}: {report}", **dataclasses.asdict(report))
            return run.to_the_end(journal)


class Run:
    """A model in training: takes steps, validates, saves."""

    def __init__(
        self,
        settings: TrainingSettings,
        model: nn.Module,
        tokenizer: Tokenizer,
        splits: Splits,
        workers: Workers,
        output: Path,
    ) -> None:
        self.settings, self.model, self.tokenizer = settings, model, tokenizer
        self.splits, self.workers, self.output = splits, workers, output
        self.lengths = batching.Lengths.of(splits.train, batching.Limits.of(settings))
        self.shares = batching.shares(splits.train, settings.sampling)
        self.average = MovingAverage(model, settings.average_decay)
        self.optimizer = build_optimizer(model, settings)
        self.stepper = Stepper(model, self.optimizer, settings, workers, tokenizer)
        self.position = Position()

    def load(self, folder: Path) -> None:
        """Go on from a saved state."""
        self.position = load_state(folder, self._state, self._config)

    def to_the_end(self, journal: Journal) -> Outcome:
        """Train until a limit of the settings or a signal; always leaves a saved state."""
        settings = self.settings
        started = time.monotonic() - self.position.seconds
        tallies: list[Tally] = []
        with stop_requests() as asked_to_stop:
            reason = self._reason_to_stop(False)
            while not reason:
                for batches in self._remaining_steps():
                    rate = self._rate()
                    norm, tally = self.stepper.step(
                        batches, self.splits.train, self.position.step, rate
                    )
                    tallies.append(tally)
                    seconds, stop = self.workers.agree(time.monotonic() - started, asked_to_stop())
                    self._moved(seconds)
                    if self.position.step % settings.log_every == 0:
                        self._log(journal, tallies, learning_rate=rate, gradient_norm=norm)
                        tallies = []
                    journal.advance()
                    if self.position.step % settings.validate_every == 0:
                        self.validate(journal)
                    if self.position.step % settings.save_every == 0:
                        self.save()
                    if reason := self._reason_to_stop(stop):
                        break
                else:
                    self._place(epoch=self.position.epoch + 1, epoch_step=0)
        if reason != "signal" and self.position.step % settings.validate_every:
            self.validate(journal)
        self.save()
        journal.write("end", step=self.position.step, reason=reason)
        return Outcome(self.position, reason)

    def validate(self, journal: Journal) -> float:
        """The mean over styles of the loss per token, with the averaged weights; keeps the best."""
        losses = validation_losses(self.stepper, self.average, self.splits.valid)
        mean = sum(losses.values()) / len(losses)
        best = self.position.best_loss
        if best < 0 or mean < best:
            step = self.position.step
            self._place(best_loss=mean, best_step=step, stale_validations=0)
            if self.workers.leads:
                self._write_best()
        else:
            self._place(stale_validations=self.position.stale_validations + 1)
        journal.write(
            "validation", step=self.position.step, loss=mean, perplexity=math.exp(min(mean, 50)),
            minutes=self.position.seconds / 60,
            **{f"loss_{style or 'plain'}": loss for style, loss in losses.items()},
        )  # fmt: skip
        return mean

    def save(self) -> None:
        """Write the state; the first worker does it, the others wait."""
        if self.workers.leads:
            save_state(self.output, self.position, self._state, self._config)
        self.workers.wait()

    @property
    def _state(self) -> RunState:
        return RunState(self.model, self.average, self.optimizer)

    @property
    def _config(self) -> dict[str, Any]:
        return checkpoint.config_to_json(self.model.config)  # type: ignore[arg-type]

    def _place(self, **changes: float) -> None:
        self.position = dataclasses.replace(self.position, **changes)  # type: ignore[arg-type]

    def _moved(self, seconds: float) -> None:
        """One step further, the averages included."""
        place = self.position
        self._place(step=place.step + 1, epoch_step=place.epoch_step + 1, seconds=seconds)
        self.average.update(self.position.step)

    def _rate(self) -> float:
        step = self.position.step + 1
        spent = budget_spent(self.settings, step, self.position.seconds / 60)
        return learning_rate(self.settings, step, spent)

    def _remaining_steps(self) -> Iterator[list[np.ndarray]]:
        """This epoch's steps that are not done yet, each with the batches of all workers."""
        settings, epoch = self.settings, self.position.epoch
        size = settings.epoch_rows or len(self.splits.train)
        groups = np.asarray(self.splits.train.groups)
        rows = batching.epoch_rows(groups, self.shares, size, settings.seed, epoch)
        batches = list(batching.cut_batches(rows, self.lengths, settings.batch_tokens))
        per_step = settings.accumulation * self.workers.count
        steps = batching.epoch_steps(batches, per_step, settings.seed, epoch)
        return iter(steps[self.position.epoch_step :])

    def _log(self, journal: Journal, tallies: list[Tally], **values: float) -> None:
        """One line about the steps since the last one, all workers together."""
        sums = torch.tensor([t.sums() for t in tallies], dtype=torch.float64).sum(dim=0)
        totals = self.workers.sum(sums.to(self.workers.device)).tolist()
        objective, likelihood, target_tokens, read_tokens = totals
        journal.write(
            "train", step=self.position.step, epoch=self.position.epoch,
            loss=likelihood / target_tokens, objective=objective / target_tokens, **values,
            tokens_per_second=read_tokens / tallies[0].seconds(),
            minutes=self.position.seconds / 60,
        )  # fmt: skip

    def _write_best(self) -> None:
        folder, partial = self.output / "best", self.output / ".best"
        shutil.rmtree(partial, ignore_errors=True)
        with self.average.in_place():
            checkpoint.save(partial, self.model, self.tokenizer)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)

    def _reason_to_stop(self, signalled: bool) -> str:
        """Why the run ends here; empty while it goes on."""
        settings, place = self.settings, self.position
        if signalled:
            return "signal"
        if settings.max_steps and place.step >= settings.max_steps:
            return "max_steps"
        if settings.max_minutes and place.seconds / 60 >= settings.max_minutes:
            return "max_minutes"
        if settings.patience and place.stale_validations >= settings.patience:
            return "patience"
        return ""
