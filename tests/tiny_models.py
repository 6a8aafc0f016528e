"""Untrained models of both families, and how tests ask them; conftest.py opens them."""

from model import DecodingOptions
from model.config import ModelConfig, RNNConfig, TransformerConfig

TEXT = "The city council voted on Tuesday to keep the library open. Parking fees will rise."
LIMITS = {"max_source_tokens": 64, "max_target_tokens": 24}

BEAMS = DecodingOptions(num_beams=3, max_new_tokens=12)
GREEDY = DecodingOptions(num_beams=1, max_new_tokens=12)
SAMPLE = DecodingOptions(num_beams=1, do_sample=True, seed=4, max_new_tokens=12)


def tiny_configs(vocabulary_size: int) -> dict[str, ModelConfig]:
    size = {"vocabulary_size": vocabulary_size, **LIMITS}
    return {
        "rnn": RNNConfig(embedding_size=16, hidden_size=16, **size),
        "transformer": TransformerConfig(
            width=16, heads=2, encoder_layers=1, decoder_layers=2, feed_forward_size=32, **size
        ),
    }
