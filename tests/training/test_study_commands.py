"""`ablate`, `calibrate`, `robustness`, `samples` over tiny models: their tables and faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch

from model import checkpoint
from model.cli import main
from model.config import RNNConfig
from model.tokenizer import Tokenizer
from model.training.perturbations import PERTURBATIONS

TEXT = "The cat sat on the mat. A dog ran to the man, and the man saw it."
SHORT = ["--num-beams", "1", "--max-new-tokens", "4"]


def save_model(folder: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    tokenizer = Tokenizer.train([TEXT] * 5, vocabulary_size=300)
    config = RNNConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        embedding_size=8,
        hidden_size=8,
        max_source_tokens=128,
        max_target_tokens=16,
    )
    checkpoint.save(folder, checkpoint.build(config), tokenizer)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    root = tmp_path_factory.mktemp("models")
    return [str(save_model(root / name, seed)) for seed, name in enumerate(("first", "second"))]


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    rows = [
        {"source": f"{TEXT} {place}", "target": "the cat", "style": style, "set": f"{style} set"}
        for place in range(3)
        for style in ("title", "tldr")
    ]
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return ["--data", str(path), "--limit", "2"]


@pytest.fixture
def prints(capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    """Run a command that must work; returns the lines of its output."""

    def run(*argv: str) -> list[str]:
        assert main(argv) == 0
        return capsys.readouterr().out.splitlines()

    return run


def test_ablate_has_a_row_for_every_model_and_option(folders, data, prints, tmp_path) -> None:
    models = ["--model", folders[0], "--model", folders[1]]
    varied = ["--vary", "min_new_tokens=2,3", "--vary", "no-repeat-ngram-size=0"]
    files = ["--json", str(tmp_path / "figures.json")]
    lines = prints("ablate", *models, *data, *SHORT, *varied, *files)
    names = [line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("| ")]
    variants = ["as given", "min_new_tokens=2", "min_new_tokens=3", "no_repeat_ngram_size=0"]
    assert names[2:] == [f"{model}: {name}" for model in ("first", "second") for name in variants]
    rows = json.loads((tmp_path / "figures.json").read_text())["rows"]
    assert [row["examples"] for row in rows] == [{"title": 2, "tldr": 2}] * 8


def test_only_keeps_a_style_or_a_set(folders, data, prints) -> None:
    command = ["ablate", "--model", folders[0], *data, *SHORT, "--only"]
    assert "title set only" in "".join(prints(*command, "title set"))
    assert any(line.startswith("| variant | tldr (2) | R-L |") for line in prints(*command, "tldr"))


def test_robustness_has_a_row_for_every_disturbance(folders, data, prints) -> None:
    command = ["robustness", "--model", folders[0], *data, *SHORT]
    lines = prints(*command)
    for kind in ("none", *PERTURBATIONS):
        assert sum(line.startswith(f"| {kind} |") for line in lines) == 1
    assert prints(*command) == lines


def test_calibrate_reports_before_and_after(folders, data, prints, tmp_path) -> None:
    file, figure = tmp_path / "figures.json", tmp_path / "figure.svg"
    files = ["--json", str(file), "--figure", str(figure)]
    lines = prints("calibrate", "--model", folders[0], *data, "--fit", data[1], *files)
    assert ElementTree.parse(figure).getroot().tag.endswith("svg")
    figures = json.loads(file.read_text())
    before, after = figures["before"][-1], figures["after"][-1]
    assert (before["temperature"], after["temperature"]) == (1.0, figures["temperature"])
    assert sum(found["tokens"] for found in before["bins"]) == before["tokens"]
    assert after["loss"] <= before["loss"] + 1e-3  # fitted on the same examples
    assert any(line.startswith(f"| all tokens | {before['tokens']} |") for line in lines)


def test_samples_prints_every_text_in_its_styles(folders, prints, tmp_path) -> None:
    (tmp_path / "news-1.txt").write_text(f"title tldr\n{TEXT}\n", encoding="utf-8")
    models = ["--model", folders[0], "--model", folders[1]]
    lines = prints("samples", *models, "--texts", str(tmp_path), *SHORT)
    rows = [line.split(" | ")[:3] for line in lines if line.startswith("| news-1")]
    assert rows == [
        ["| news-1", style, model] for style in ("title", "tldr") for model in ("first", "second")
    ]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--vary", "beams=2"], "unknown decoding options: beams"),
        (["--vary", "num_beams"], "--vary needs NAME=VALUE,VALUE, got 'num_beams'"),
        (["--vary", "num_beams=0"], "num_beams must be between 1 and 64, got 0"),
        (["--only", "ode"], "has no style or set 'ode'"),
    ],
)
def test_ablate_fails_in_one_line(folders, data, capsys, argv, message) -> None:
    assert main(["ablate", "--model", folders[0], *data, *argv]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert message in printed.err
