"""A hand-made trace and a tiny random model; neither needs a network or shipped files."""

from __future__ import annotations

import base64
import dataclasses
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from demo.plots.frame import SEPARATOR
from model.trace import Hypothesis, Source, SourceToken, Step, Trace

SOURCE_TOKENS = ("<headline>", "The", " council", " kept", " the", " lib", "rary", ".", "</s>")
SOURCE_TEXT = "The council kept the library. The rest was never read."
VOCABULARY = {
    2: "</s>",
    10: "Council",
    11: " keeps",
    12: " lib",
    13: "rary",
    14: " park",
    15: "<img src=x onerror=alert(1)>",
}
SUMMARY_IDS = (10, 11, 12, 13, 2)
PROBABILITIES = (0.9, 0.3, 0.8, 0.75, 0.6)


def english(text: str) -> str:
    """A figure's text without what tells the page's own words from a text's."""
    return text.replace(SEPARATOR, "")


def unpacked(value: dict[str, str]) -> Any:
    """A packed value, as the browser reads it."""
    assert set(value) == {"packed"}
    return json.loads(zlib.decompress(base64.b64decode(value["packed"])))


def make_step(place: int, layers: int, heads: int, copy_gate: bool) -> Step:
    """Step `place` of one beam: its own token, and ` park` which a rule blocked."""
    id, probability = SUMMARY_IDS[place], PROBABILITIES[place]
    attention = np.full((1, layers, heads, len(SOURCE_TOKENS)), 0.01, dtype=np.float32)
    for layer in range(layers):  # every layer looks one token further
        attention[0, layer, :, 1 + (place + layer) % 7] += 0.91
    log_probs = np.log(np.array([[probability, 0.05, 0.01]], dtype=np.float32))
    return Step(
        parents=np.array([0]),
        token_ids=np.array([id]),
        scores=np.array([np.log(PROBABILITIES[: place + 1]).sum()], dtype=np.float32),
        token_log_probs=log_probs[:, 0],
        ranks=np.array([0]),
        top_ids=np.array([[id, 14, 15]]),
        top_log_probs=log_probs,
        filtered_log_probs=np.array([[log_probs[0, 0], -np.inf, -5.0]], dtype=np.float32),
        entropy=np.array([1.25], dtype=np.float32),
        rules=(((), ("no_repeat_ngram_size",), ("repetition_penalty",)),),
        cross_attention=attention,
        copy_gate=np.array([0.12], dtype=np.float32) if copy_gate else None,
    )


def make_trace(
    layers: int = 2, heads: int = 2, copy_gate: bool = True, cut: bool = True, finished: bool = True
) -> Trace:
    """ "Council keeps library", four words with its end, over a source that was cut."""
    tokens: list[SourceToken] = []
    place = 0
    for text in SOURCE_TOKENS:
        width = 0 if text.startswith("<") else len(text)
        tokens.append(SourceToken(len(tokens), text, place, place + width))
        place += width
    text, ids = "Council keeps library", SUMMARY_IDS if finished else SUMMARY_IDS[:-1]
    return Trace(
        source=Source(
            SOURCE_TEXT if cut else SOURCE_TEXT[:place], tuple(tokens), "headline", 6 * cut, place
        ),
        steps=tuple(make_step(step, layers, heads, copy_gate) for step in range(len(ids))),
        hypotheses=(
            Hypothesis(
                text=text,
                token_ids=ids,
                offsets=((0, 7), (7, 13), (13, 17), (17, 21), (21, 21))[: len(ids)],
                rows=(0,) * len(ids),
                log_prob=float(np.log(PROBABILITIES[: len(ids)]).sum()),
                score=-0.5,
                finished=finished,
            ),
        ),
        options={"num_beams": 1},
        model={"name": "made by hand", "family": "transformer", "fingerprint": "0"},
        vocabulary=VOCABULARY,
        timing={"encode": 0.1, "first_token": 0.2, "total": 0.5},
    )


def make_model(folder: Path, max_target_tokens: int = 160, max_source_tokens: int = 64) -> Path:
    """Build and save a random Transformer."""
    import torch

    from model.checkpoint import build, save
    from model.config import TransformerConfig
    from model.tokenizer import Tokenizer

    texts = [SOURCE_TEXT, "A review of a kettle that boils water in three minutes."] * 4
    tokenizer = Tokenizer.train(texts, 300)
    config = TransformerConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        width=32,
        encoder_layers=1,
        decoder_layers=2,
        heads=2,
        feed_forward_size=64,
        max_source_tokens=max_source_tokens,
        max_target_tokens=max_target_tokens,
    )
    torch.set_num_threads(1)  # so small a model only waits for other threads
    torch.manual_seed(7)
    save(folder, build(config), tokenizer)
    return folder


def said(message: Any) -> str:
    """A message in English, as the browser says it."""
    if isinstance(message, str):
        return message
    key, values = message["key"], message["values"]
    assert isinstance(key, str)
    assert isinstance(values, dict)
    return key.format(**values)


def line(messages: list[Any]) -> str:
    """Messages in English, one after another."""
    return " · ".join(said(message) for message in messages)


def parted() -> Trace:
    """ "Council keeps park", which leaves the hand-made summary at its third word."""
    trace = make_trace()
    steps = list(trace.steps[:3])
    steps[2] = dataclasses.replace(
        steps[2],
        token_ids=np.array([14]),
        token_log_probs=np.log(np.array([0.05], dtype=np.float32)),
        ranks=np.array([1]),
    )
    ended = dataclasses.replace(
        trace.hypotheses[0],
        text="Council keeps park",
        token_ids=(*SUMMARY_IDS[:2], 14),
        offsets=((0, 7), (7, 13), (13, 18)),
        rows=(0, 0, 0),
        finished=False,
    )
    return dataclasses.replace(
        trace, steps=tuple(steps), hypotheses=(ended,), options={"num_beams": 4}
    )
