"""One implementation in one process: loads a model, then summarises once per line it is sent.

Answers are JSON lines: first {"load"}, then per "run" {"total", "first", "processor", "tokens"},
and for "end" {"peak"}. Times are seconds, `processor` those of all threads; `peak` is the process's
largest resident memory in MiB.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from tests.benchmarks.shapes import PAD, source_ids

SOURCE_TOKENS = 400
NEW_TOKENS = 64
NO_REPEAT = 3  # as BART's summarisers are run; random weights would repeat one token otherwise
CANDIDATES = 10  # recorded per row and step

Run = Callable[[], tuple[float, list[int]]]  # clock when the first token stood, and the tokens


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("implementation", choices=["ours", "theirs"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--beams", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    prepare = {"ours": ours, "theirs": theirs}[arguments.implementation]
    load = prepare(arguments.folder / arguments.implementation, arguments.beams, arguments.record)
    started = time.perf_counter()
    run = load()
    answer(load=time.perf_counter() - started)
    for line in sys.stdin:
        if line.strip() == "end":
            break
        started, processor = time.perf_counter(), time.process_time()
        with torch.inference_mode():
            first, tokens = run()
        processor = time.process_time() - processor
        total = time.perf_counter() - started
        answer(total=total, first=first - started, processor=processor, tokens=tokens)
    answer(peak=peak_memory())


def peak_memory() -> float:
    """MiB; from Linux itself, since `getrusage` counts the parent before the fork too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def answer(**values: Any) -> None:
    print(json.dumps(values), flush=True)


def ours(folder: Path, beams: int, record: bool) -> Callable[[], Run]:
    """Our engine; recording keeps all attention and the candidates of every step."""
    from model import checkpoint
    from model.decoding import decode
    from model.options import DecodingOptions
    from model.prepacked import prepack

    options = DecodingOptions(
        num_beams=beams,
        max_new_tokens=NEW_TOKENS,
        no_repeat_ngram_size=NO_REPEAT,
        record_top_k=CANDIDATES if record else 0,
    )
    ids = source_ids(SOURCE_TOKENS)

    def load() -> Run:
        opened = checkpoint.load(folder)
        prepack(opened.model)

        def run() -> tuple[float, list[int]]:
            first, steps = 0.0, []
            memory = opened.model.encode(ids, ids != PAD)
            for update in decode(opened.model, memory, opened.config, options):
                first = first or time.perf_counter()
                steps.append(update.steps)
            return first, list(update.hypotheses[0][0].token_ids)

        return run

    return load


def theirs(folder: Path, beams: int, record: bool) -> Callable[[], Run]:
    """`transformers`; recording asks for attentions and scores, else the fused kernel runs."""
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    from transformers import BartForConditionalGeneration, StoppingCriteriaList
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    ids = source_ids(SOURCE_TOKENS)
    kernel = "eager" if record else "sdpa"

    def load() -> Run:
        model = BartForConditionalGeneration.from_pretrained(folder, attn_implementation=kernel)
        model.eval()

        def run() -> tuple[float, list[int]]:
            clock: list[float] = []

            def note(token_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
                clock.append(time.perf_counter())
                return torch.zeros(len(token_ids), dtype=torch.bool)

            done = model.generate(
                ids,
                attention_mask=(ids != PAD).long(),
                num_beams=beams,
                do_sample=False,
                max_new_tokens=NEW_TOKENS,
                no_repeat_ngram_size=NO_REPEAT,
                stopping_criteria=StoppingCriteriaList([note]),
                return_dict_in_generate=True,
                output_attentions=record,
                output_scores=record,
            )
            return clock[0], done.sequences[0, 1:].tolist()

        return run

    return load


if __name__ == "__main__":
    main()
