"""What a worker runs: ours, `transformers` or CTranslate2, each imported only where it is meant.

A loader returns a function that summarises a batch of sources once and says at which clock the
first token stood (None where that can't be seen) and which tokens it wrote.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NEW_TOKENS = 64
NO_REPEAT = 3  # as BART's summarisers are run; random weights would repeat one token otherwise
CANDIDATES = 10  # recorded per row and step
PAD, END, WORDS = 0, 2, range(10, 16_000)  # as in shapes.py, which needs PyTorch

Run = Callable[[], tuple[float | None, list[list[int]]]]


@dataclass(frozen=True)
class Task:
    """What is to be run."""

    folder: Path  # with the model of every implementation
    precision: str
    records: bool
    beams: int
    threads: int
    batch: int
    source_tokens: int

    def sources(self) -> list[list[int]]:
        """The sources that everybody summarises: random words, then the end token."""
        words = random.Random(7)
        return [
            [words.choice(WORDS) for _ in range(self.source_tokens - 1)] + [END]
            for _ in range(self.batch)
        ]


def ours(task: Task) -> Run:
    """Our engine; recording keeps all attention and the candidates of every step."""
    import torch

    from model import checkpoint
    from model.decoding import decode
    from model.options import DecodingOptions
    from model.weights.precision import use_precision

    torch.set_num_threads(task.threads)
    opened = checkpoint.load(task.folder / "ours")
    use_precision(opened.model, task.precision)
    ids = torch.tensor(task.sources())
    options = DecodingOptions(
        num_beams=task.beams,
        max_new_tokens=NEW_TOKENS,
        no_repeat_ngram_size=NO_REPEAT,
        record_top_k=CANDIDATES if task.records else 0,
    )

    def run() -> tuple[float | None, list[list[int]]]:
        first, steps = 0.0, []
        with torch.inference_mode():
            memory = opened.model.encode(ids, ids != PAD)
            for update in decode(opened.model, memory, opened.config, options):
                first = first or time.perf_counter()
                steps.append(update.steps)
        found = update.hypotheses or ()
        return first, [list(candidates[0].token_ids) for candidates in found]

    return run


def theirs(task: Task) -> Run:
    """`transformers`; recording asks for attentions and scores, else the fused kernel runs."""
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    import torch
    from transformers import BartForConditionalGeneration, StoppingCriteriaList
    from transformers.utils import logging

    torch.set_num_threads(task.threads)
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    model = BartForConditionalGeneration.from_pretrained(
        task.folder / "theirs", attn_implementation="eager" if task.records else "sdpa"
    )
    model.eval()
    ids = torch.tensor(task.sources())

    def run() -> tuple[float | None, list[list[int]]]:
        clock: list[float] = []

        def note(token_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
            clock.append(time.perf_counter())
            return torch.zeros(len(token_ids), dtype=torch.bool)

        with torch.inference_mode():
            done = model.generate(
                ids,
                attention_mask=(ids != PAD).long(),
                num_beams=task.beams,
                do_sample=False,
                max_new_tokens=NEW_TOKENS,
                no_repeat_ngram_size=NO_REPEAT,
                stopping_criteria=StoppingCriteriaList([note]),
                return_dict_in_generate=True,
                output_attentions=task.records,
                output_scores=task.records,
            )
        return clock[0], done.sequences[:, 1:].tolist()

    return run


def peer(task: Task) -> Run:
    """CTranslate2; recording asks for its attention: the last layer's, the mean of its heads."""
    import ctranslate2

    translator = ctranslate2.Translator(
        str(task.folder / f"peer-{task.precision}"),
        device="cpu",
        compute_type={"fp32": "float32", "int8": "int8"}[task.precision],
        intra_threads=task.threads,
        inter_threads=1,
    )
    sources = [[str(id) for id in ids] for ids in task.sources()]

    def run() -> tuple[float | None, list[list[int]]]:
        clock: list[float] = []

        def note(_: Any) -> bool:
            clock.append(time.perf_counter())
            return False

        found: Sequence[Any] = translator.translate_batch(
            sources,
            beam_size=task.beams,
            no_repeat_ngram_size=NO_REPEAT,
            max_decoding_length=NEW_TOKENS,
            max_input_length=0,
            return_attention=task.records,
            return_scores=True,
            callback=note if task.beams == 1 else None,  # beams have none
        )
        tokens = [[int(token) for token in result.hypotheses[0]] for result in found]
        return clock[0] if clock else None, tokens

    return run


IMPLEMENTATIONS: dict[str, Callable[[Task], Run]] = {"ours": ours, "theirs": theirs, "peer": peer}
