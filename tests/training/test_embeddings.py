import gzip

import pytest
import torch

from model import checkpoint
from model.tokenizer import Tokenizer
from model.training.embeddings import load_embeddings

WIDTH = 16


@pytest.fixture(scope="module")
def words() -> Tokenizer:
    return Tokenizer.train(["the cat saw the Cat"] * 50, 290)


@pytest.fixture
def model(words, configure):
    configuration = configure("rnn", max_steps=1)
    return checkpoint.build(configuration.model_config(words.vocabulary_size))


def line(word: str, first: float, width: int = WIDTH) -> str:
    return " ".join([word, str(first), *["0.5"] * (width - 1)]) + "\n"


@pytest.mark.parametrize("header", ["", f"2 {WIDTH}\n"])
def test_rows_of_whole_words_get_their_vectors(tmp_path, model, words, header):
    path = tmp_path / "vectors.txt.gz"
    with gzip.open(path, "wt") as file:
        file.write(header + line("cat", 1.0) + line("unheard", 3.0) + line("the", -1.0))
    before = model.embedding.weight.detach().clone()
    report = load_embeddings(path, model, words)
    table = model.embedding.weight.detach()
    (cat,), (the,) = words.encode_batch([" cat", " the"])
    other = words.encode_batch(["!"])[0][0]
    assert report.in_file == 3
    assert report.found >= 2
    assert f"{report.found} of {report.words} whole-word tokens found" in str(report)
    torch.testing.assert_close(table[cat][0] / table[cat][1], torch.tensor(2.0))
    torch.testing.assert_close(table[the][0], -table[cat][0])
    torch.testing.assert_close(table[other], before[other])
    assert torch.equal(model.output.weight, table)


def test_a_capital_word_falls_back_to_its_lower_case(tmp_path, model, words):
    path = tmp_path / "vectors.txt"
    path.write_text(line("cat", 1.0) + line("the", 5.0))
    load_embeddings(path, model, words)
    (small,), (capital,) = words.encode_batch([" cat", " Cat"])
    table = model.embedding.weight.detach()
    torch.testing.assert_close(table[small], table[capital])


@pytest.mark.parametrize(("text", "message"), [
    (line("cat", 1.0, width=20), r"line 1 has 20 numbers, the model's embeddings have 16"),
    (line("cat", 1.0) + line("the", 1.0, width=9), r"line 2 has 9 numbers"),
    (line("cat", 1.0).replace("0.5", "x"), r"line 1 is no word vector"),
    (line("cat", float("nan")), r"line 1 has a number that is not finite"),
])  # fmt: skip
def test_a_file_that_does_not_fit_is_refused(tmp_path, model, words, text, message):
    path = tmp_path / "vectors.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        load_embeddings(path, model, words)
