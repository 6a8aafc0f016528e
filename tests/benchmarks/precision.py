"""What fewer bits cost: greedy summaries of real texts in fp32, fp16 and int8, side by side.

    python -m tests.benchmarks.precision --data FILE --limit 10

writes tests/benchmarks/precision.md. Needs what `model evaluate` needs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median

import torch

from model.options import DecodingOptions
from model.summarizer import Result, Summarizer
from model.training.examples import Example, load_examples
from model.training.rouge import rouge

OUTPUT = Path(__file__).parent / "precision.md"
Tokens = tuple[int, ...]
GREEDY = DecodingOptions(num_beams=1, max_new_tokens=60, record_top_k=0)
PRECISIONS = ("fp32", "fp16", "int8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.precision")
    parser.add_argument("--model", type=Path, default=Path("assets/models/lstm"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=10, help="examples a set")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    examples = load_examples(arguments.data, limit=arguments.limit).chosen
    models = {name: Summarizer.load(arguments.model, precision=name) for name in PRECISIONS}
    results, seconds = summarise(models, examples)
    text = report(arguments.model.name, examples, results, seconds)
    arguments.output.write_text(text, encoding="utf-8")
    print(text)


def summarise(
    models: dict[str, Summarizer], examples: Sequence[Example]
) -> tuple[dict[str, list[Result]], dict[str, list[float]]]:
    """Results and processor seconds by precision; every text goes through all in turn."""
    results: dict[str, list[Result]] = {name: [] for name in models}
    seconds: dict[str, list[float]] = {name: [] for name in models}
    for example in examples:
        for name, model in models.items():
            started = time.process_time()
            results[name].append(model.summarize(example.source, GREEDY, example.style or None))
            seconds[name].append(time.process_time() - started)
    return results, seconds


def report(
    model: str,
    examples: Sequence[Example],
    results: dict[str, list[Result]],
    seconds: dict[str, list[float]],
) -> str:
    """The comparison as a page of Markdown."""
    wide = tokens(results["fp32"])
    rows = [
        (
            name,
            f"{_same_summaries(wide, tokens(found)):.1%}",
            f"{_same_places(wide, tokens(found)):.1%}",
            f"{100 * _rouge(found, examples):.2f}",
            f"{1e3 * median(seconds[name]):.0f}",
        )
        for name, found in results.items()
    ]
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    return f"""# Precision

The model `{model}` on {len(examples)} texts that it was not trained on, greedy, on one thread.
A summary is the same when it is so to the last token. Behind the first token that differs, the rest
mostly differs, too; places count the tokens that don't.

| | same summaries as fp32 | same places | ROUGE-L | processor ms a summary |
|---|---:|---:|---:|---:|
{table}

Again: `python -m tests.benchmarks.precision --model assets/models/{model} --data FILE --limit 10`.
"""


def tokens(results: Sequence[Result]) -> list[Tokens]:
    """The tokens of every best hypothesis."""
    return [result.trace.hypotheses[0].token_ids for result in results]


def _same_summaries(wide: Sequence[Tokens], narrow: Sequence[Tokens]) -> float:
    return mean(one == other for one, other in zip(wide, narrow, strict=True))


def _same_places(wide: Sequence[Tokens], narrow: Sequence[Tokens]) -> float:
    pairs = list(zip(wide, narrow, strict=True))
    same = sum(a == b for one, other in pairs for a, b in zip(one, other, strict=False))
    return same / sum(max(len(one), len(other)) for one, other in pairs)


def _rouge(results: Sequence[Result], examples: Sequence[Example]) -> float:
    return mean(
        rouge(result.text, example.references)["rougeL"]
        for result, example in zip(results, examples, strict=True)
    )


if __name__ == "__main__":
    main()
