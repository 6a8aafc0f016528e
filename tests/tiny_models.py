"""Untrained models of both families, and how tests ask them; conftest.py opens them."""

from model import DecodingOptions
from model.config import ModelConfig, RNNConfig, TransformerConfig

TEXT = "The city council voted on Tuesday to keep the library open. Parking fees will rise."
LIMITS = {"max_source_tokens": 64, "max_target_tokens": 24}

BEAMS = DecodingOptions(num_beams=3, max_new_tokens=12)
GREEDY = DecodingOptions(num_beams=1, max_new_tokens=12)
SAMPLE = DecodingOptions(num_beams=1, do_sample=True, seed=4, max_new_tokens=12)

# Every kind of model that the contract is tried on.
CONFIGS: dict[str, ModelConfig] = {
    "lstm-luong": RNNConfig(vocabulary_size=40, embedding_size=12, hidden_size=10),
    "lstm-parallel": RNNConfig(
        vocabulary_size=40, embedding_size=12, hidden_size=10, input_feeding=False
    ),
    "gru-bahdanau-coverage": RNNConfig(
        vocabulary_size=40, embedding_size=12, hidden_size=10, cell="gru",
        attention="bahdanau", coverage=True, encoder_layers=2, decoder_layers=2,
    ),
    "lstm-no-copy": RNNConfig(
        vocabulary_size=40, embedding_size=12, hidden_size=10, copy_gate=False,
        coverage=True, tie_embeddings=False,
    ),
    "transformer-pre": TransformerConfig(
        vocabulary_size=40, width=16, heads=4, feed_forward_size=24, max_source_tokens=32,
        max_target_tokens=16,
    ),
    "transformer-post": TransformerConfig(
        vocabulary_size=40, width=16, heads=2, feed_forward_size=24, norm_position="post",
        final_norm=False, normalize_embeddings=True, position_offset=2, output_bias=True,
        copy_gate=False, max_source_tokens=32, max_target_tokens=16,
    ),
    "transformer-sinusoidal": TransformerConfig(
        vocabulary_size=40, width=16, heads=2, feed_forward_size=24, positions="sinusoidal",
        scale_embeddings=True, tie_embeddings=False, max_source_tokens=32, max_target_tokens=16,
    ),
    "transformer-relative": TransformerConfig(
        vocabulary_size=40, width=16, heads=3, head_size=6, feed_forward_size=24, gated=True,
        activation="gelu_tanh", biases=False, norm="rms", norm_epsilon=1e-6, positions="relative",
        relative_buckets=8, relative_distance=12, tie_embeddings=False, share_embeddings=False,
        copy_gate=False, max_source_tokens=32, max_target_tokens=16,
    ),
}  # fmt: skip


def tiny_configs(vocabulary_size: int) -> dict[str, ModelConfig]:
    size = {"vocabulary_size": vocabulary_size, **LIMITS}
    return {
        "rnn": RNNConfig(embedding_size=16, hidden_size=16, **size),
        "transformer": TransformerConfig(
            width=16, heads=2, encoder_layers=1, decoder_layers=2, feed_forward_size=32, **size
        ),
    }
