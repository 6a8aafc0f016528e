"""What fewer bits cost: greedy summaries of real texts in fp32 and int8, side by side.

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
GREEDY = DecodingOptions(num_beams=1, max_new_tokens=60, record_top_k=0)
NARROW = "int8"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.precision")
    parser.add_argument("--model", type=Path, default=Path("assets/models/lstm"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=10, help="examples a set")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    examples = load_examples(arguments.data, limit=arguments.limit).chosen
    models = {name: Summarizer.load(arguments.model, precision=name) for name in ("fp32", NARROW)}
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
    wide, narrow = (tokens(results[name]) for name in ("fp32", NARROW))
    pairs = list(zip(wide, narrow, strict=True))
    places = sum(max(len(one), len(other)) for one, other in pairs)
    same = sum(a == b for one, other in pairs for a, b in zip(one, other, strict=False))
    scores = {
        name: mean(
            rouge(result.text, example.references)["rougeL"]
            for result, example in zip(found, examples, strict=True)
        )
        for name, found in results.items()
    }
    rows = [
        ("summaries that are the same to the last token", f"{_share(pairs):.1%}"),
        ("places with the same token, until the end", f"{same / places:.1%}"),
        ("ROUGE-L in fp32", f"{100 * scores['fp32']:.2f}"),
        (f"ROUGE-L in {NARROW}", f"{100 * scores[NARROW]:.2f}"),
        ("difference", f"{100 * (scores[NARROW] - scores['fp32']):+.2f}"),
        ("processor ms a summary in fp32", f"{1e3 * median(seconds['fp32']):.0f}"),
        (f"processor ms a summary in {NARROW}", f"{1e3 * median(seconds[NARROW]):.0f}"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"""# Precision

The model `{model}` on {len(examples)} texts that it was not trained on, greedy, on one thread.
Behind the first token that differs, the rest of a summary mostly differs, too.

| | |
|---|---|
{table}

Again: `python -m tests.benchmarks.precision --data FILE --limit N`.
"""


def tokens(results: Sequence[Result]) -> list[tuple[int, ...]]:
    """The tokens of every best hypothesis."""
    return [result.trace.hypotheses[0].token_ids for result in results]


def _share(pairs: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> float:
    return sum(one == other for one, other in pairs) / len(pairs)


if __name__ == "__main__":
    main()
