import json
from pathlib import Path

import pytest

from model.training.prepare import SPLITS, Shares, prepare
from model.training.pseudo import PseudoPairs
from model.training.wording import Wording


def write(path: Path, pairs: list[tuple[str, str]], style: str = "title") -> Path:
    rows = [{"source": s, "target": t, "style": style, "set": "papers"} for s, t in pairs]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def sources(folder: Path, split: str) -> list[str]:
    lines = (folder / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["source"] for line in lines]


def test_no_source_stands_in_two_splits(tmp_path):
    pairs = [(f"document {n // 3}", f"reference {n}") for n in range(900)]
    prepare([write(tmp_path / "all.jsonl", pairs)], tmp_path / "out", shares=Shares(0.1, 0.2))
    found = {split: set(sources(tmp_path / "out", split)) for split in SPLITS}
    assert sum(len(part) for part in found.values()) == len(set.union(*found.values())) == 300
    assert 40 <= len(found["test"]) <= 80
    assert 15 <= len(found["valid"]) <= 50


def test_a_document_keeps_its_split_when_rows_are_added(tmp_path):
    pairs = [(f"document {n}", "reference") for n in range(200)]
    prepare([write(tmp_path / "all.jsonl", pairs[:100])], tmp_path / "a", shares=Shares(0.2, 0.2))
    prepare([write(tmp_path / "all.jsonl", pairs)], tmp_path / "b", shares=Shares(0.2, 0.2))
    for split in SPLITS:
        assert set(sources(tmp_path / "a", split)) <= set(sources(tmp_path / "b", split))


def test_named_files_keep_their_split_and_held_out_sources_leave_train(tmp_path):
    inputs = [
        write(tmp_path / "train.jsonl", [("one", "x"), ("Two ", "x"), ("three", "x")]),
        write(tmp_path / "valid.jsonl", [("two", "y"), ("four", "y"), ("four", "z")]),
        write(tmp_path / "test.jsonl", [("four", "y"), ("five", "y")]),
    ]
    counts = prepare(inputs, tmp_path / "out")
    assert sources(tmp_path / "out", "test") == ["four", "five"]
    assert sources(tmp_path / "out", "valid") == ["two"]
    assert sources(tmp_path / "out", "train") == ["one", "three"]
    assert counts.leaks == 3


def test_duplicates_go_and_further_references_stay(tmp_path):
    path = write(tmp_path / "train.jsonl", [("a b", "x"), ("A  b", "X"), ("a b", "another")])
    counts = prepare([path], tmp_path / "out")
    assert counts.duplicates == 1
    assert sources(tmp_path / "out", "train") == ["a b", "a b"]


def test_counts_are_printed_per_split_style_and_set(tmp_path):
    path = write(tmp_path / "train.jsonl", [("a", "x"), ("b", "x")])
    path.write_text(path.read_text() + "no json\n")
    counts = prepare([path], tmp_path / "out")
    assert counts.kept["train", "title", "papers"] == 2
    assert "title      papers" in counts.table()
    assert "3 rows read; left out: 1 bad lines, 0 duplicates" in counts.table()
    saved = json.loads((tmp_path / "out" / "counts.json").read_text())
    assert saved["kept"] == [["train", "title", "papers", 2]]


def test_pseudo_pairs_come_from_training_abstracts_alone(tmp_path):
    def abstract(topic: str) -> str:
        return (
            f"Systems for {topic} are slow. We propose a method that makes {topic} ten times "
            f"faster on common machines. Its cost is low. Results on two tasks confirm it."
        )

    inputs = [
        write(tmp_path / "train.jsonl", [(abstract("parsing"), "Fast parsing")]),
        write(tmp_path / "test.jsonl", [(abstract("tagging"), "Fast tagging")]),
    ]
    pseudo = PseudoPairs(contributions=9, contribution_sets=("papers",))
    counts = prepare(inputs, tmp_path / "out", pseudo=pseudo)
    assert counts.kept["train", "tldr", "contribution_sentence"] == 1
    assert "tagging" not in (tmp_path / "out" / "train.jsonl").read_text()


@pytest.mark.parametrize(
    ("inputs", "message"), [([], "at least one input"), (["gone.jsonl"], r"no such file: .*gone")]
)
def test_missing_inputs_are_named(tmp_path, inputs, message):
    with pytest.raises(ValueError, match=message):
        prepare([tmp_path / name for name in inputs], tmp_path / "out")


def test_a_file_without_a_usable_pair_is_an_error(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text("nothing\nhere\n")
    with pytest.raises(ValueError, match="no training pairs among 2 rows read"):
        prepare([path], tmp_path / "out")


def test_a_share_of_training_sources_is_disturbed_always_alike_and_no_other(tmp_path):
    pairs = [(f"The council of town {n} opened a bridge.", f"A bridge {n}") for n in range(300)]
    inputs = [write(tmp_path / "train.jsonl", pairs), write(tmp_path / "test.jsonl", [("A.", "B")])]
    for name, share in (("clean", 0.0), ("noisy", 0.5), ("again", 0.5)):
        prepare(inputs, tmp_path / name, noise_share=share)
    clean, noisy = sources(tmp_path / "clean", "train"), sources(tmp_path / "noisy", "train")
    assert noisy == sources(tmp_path / "again", "train")
    assert clean == [source for source, _ in pairs]
    assert 90 < sum(a != b for a, b in zip(clean, noisy, strict=True)) < 150  # typos may find none
    assert {"upper", "lower"} == {
        kind for kind in ("upper", "lower") if any(getattr(s, f"is{kind}")() for s in noisy)
    }
    assert sources(tmp_path / "noisy", "test") == ["A."]
    with pytest.raises(ValueError, match=r"noise_share must be in \[0, 1\], got 2"):
        prepare(inputs, tmp_path / "wrong", noise_share=2)


def test_the_name_of_a_series_is_no_part_of_a_headline(tmp_path, monkeypatch):
    monkeypatch.setattr("model.training.series.AT_LEAST", 2)
    kept = ["Tide: a model", "Tide: a study", "Now and then: rain"]
    pairs = [(f"document {number}", target) for number, target in enumerate(kept)]
    pairs += [("first", "Week by week: bees"), ("second", "Week by week: ants: a study")]
    prepare([write(tmp_path / "train.jsonl", pairs)], tmp_path / "out")
    lines = (tmp_path / "out" / "train.jsonl").read_text().splitlines()
    assert [json.loads(line)["target"] for line in lines] == [*kept, "bees", "ants: a study"]


def test_training_pairs_far_from_their_sources_wording_are_left_out(tmp_path):
    near, far = ("one two three four", "two three four"), ("five six seven", "a b c six")
    inputs = [
        write(tmp_path / "train.jsonl", [near, far]),
        write(tmp_path / "valid.jsonl", [("eight nine", "x y z")]),
    ]

    def train_sources(name: str, wording: Wording | None = None) -> list[str]:
        counts = prepare(inputs, tmp_path / name, wording=wording)
        found = sources(tmp_path / name, "train")
        assert counts.reworded == 2 - len(found)
        return found

    assert train_sources("all") == [near[0], far[0]]
    assert train_sources("any", Wording()) == [near[0], far[0]]
    assert train_sources("near", Wording(0.5)) == [near[0]]
    assert train_sources("others", Wording(0.5, ("books",))) == [near[0], far[0]]
    assert train_sources("named", Wording(0.5, ("books", "papers"))) == [near[0]]
    assert sources(tmp_path / "near", "valid") == ["eight nine"]
    with pytest.raises(ValueError, match=r"most_new must be in \[0, 1\], got 1.5"):
        Wording(1.5)
