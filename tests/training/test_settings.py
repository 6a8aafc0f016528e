from pathlib import Path

import pytest

from model.config import RNNConfig, TransformerConfig
from model.tokenizer import STYLES
from model.training.settings import TrainingSettings, configuration_from, load_configuration

CONFIGS = Path(__file__).parents[2] / "assets" / "configs"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_committed_configurations_are_valid(path):
    configuration = load_configuration(path)
    kind = RNNConfig if path.stem.startswith("lstm") else TransformerConfig
    assert isinstance(configuration.model_config(12_000), kind)
    shares = configuration.training.sampling.style_weights
    # None named: styles share by their number of rows, as text that only fills gaps should.
    assert not shares or shares.keys() == set(STYLES)


def test_a_file_gives_model_training_and_weights(tmp_path):
    text = """
    [model]
    family = "rnn"
    hidden_size = 24
    [training]
    max_steps = 5
    learning_rate = 1
    [training.set_weights]
    news = 0.5
    """
    configuration = load_configuration(write(tmp_path, text))
    assert configuration.model_config(300) == RNNConfig(vocabulary_size=300, hidden_size=24)
    assert configuration.training.max_steps == 5
    assert configuration.training.sampling.set_weights == {"news": 0.5}


FILE = "[model]\nfamily = 'rnn'\n[training]\nmax_steps = 5\n[training.set_weights]\nnews = 0.5\n"


def test_changes_go_before_the_file(tmp_path):
    changes = ["training.max_steps = 9", "training.set_weights.mail = 0", "model.copy_gate = false"]
    configuration = load_configuration(write(tmp_path, FILE), changes)
    assert configuration.training.max_steps == 9
    assert configuration.training.sampling.set_weights == {"news": 0.5, "mail": 0}
    assert configuration.model_config(300) == RNNConfig(vocabulary_size=300, copy_gate=False)


@pytest.mark.parametrize(("change", "message"), [
    ("training.max_steps", "'training.max_steps' is not TOML"),
    ("training = 3", "training must be a table, got 3"),
    ("training.max_steps.a = 3", "max_steps must be int, got {'a': 3}"),
    ("training.lr = 3", "unknown settings: lr"),
])  # fmt: skip
def test_mistakes_in_a_change_are_named(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        load_configuration(write(tmp_path, FILE), [change])


@pytest.mark.parametrize(("text", "message"), [
    ("[model", "not a readable TOML file"),
    ("[mode]", "unknown tables: mode"),
    ("[model]\nfamily = 'gpt'\n", "family must be one of rnn, transformer, got 'gpt'"),
    ("[model]\nfamily = 'rnn'\n[training]\nlr = 1", "unknown settings: lr"),
    ("[model]\nfamily = 'rnn'\n[training]\nmax_steps = 'all'", "max_steps must be int, got 'all'"),
    ("[model]\nfamily = 'rnn'\n[training]\nmax_steps = 1\nprecision = 'fp8'", "bf16, fp32, got"),
    ("[model]\nfamily = 'rnn'\n[training]\n", "never ends: set max_steps, max_minutes or"),
    ("[model]\nfamily = 'rnn'\n[training.set_weights]\na = -1", "set_weights.a must be a number"),
])  # fmt: skip
def test_mistakes_in_a_file_are_named(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        load_configuration(write(tmp_path, text))


@pytest.mark.parametrize(("changes", "message"), [
    ({"denoising": 1.5}, r"denoising must be in \[0, 1\], got 1.5"),
    ({"label_smoothing": 1.0}, r"label_smoothing must be in \[0, 1\), got 1.0"),
    ({"learning_rate": 0.0}, "learning_rate must be above 0, got 0.0"),
    ({"learning_rate": float("nan")}, "learning_rate must be above 0, got nan"),
    ({"accumulation": 0}, "accumulation must be at least 1, got 0"),
    ({"reward_weight": -1.0}, "reward_weight must be at least 0, got -1.0"),
    (
        {"reward_weight": 2.0, "denoising": 0.5},
        "reward_weight 2.0 is for summaries: denoising must be 0, got 0.5",
    ),
    ({"batch_tokens": 100}, "batch_tokens must be at least 256, got 100"),
])  # fmt: skip
def test_settings_out_of_range_name_value_and_limit(changes, message):
    with pytest.raises(ValueError, match=message):
        TrainingSettings(max_steps=1, **changes)


def test_training_may_not_read_more_than_the_model_does():
    values = {"model": {"family": "rnn", "max_source_tokens": 64}, "training": {"max_steps": 1}}
    with pytest.raises(ValueError, match="max_source_tokens is 256, the model reads only 64"):
        configuration_from(values, "test").model_config(300)
