"""What a summary is worth: training by whole summaries that the model writes, not word by word.

Word by word a model learns to go on from a reference, and has to go on from its own words later. So
some of its own summaries are drawn, and those that are worth more than their siblings are made
likelier: the self-critical training of Rennie et al. 2017, for summaries Paulus et al. 2018, with
the other draws as the baseline (Kool et al. 2019). A summary is worth what it shares with the
reference, less what neither the reference nor the source says: two words joined by nobody else are
where a model's sentence breaks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import pairwise
from statistics import fmean
from typing import cast

import torch
from torch import Tensor, nn

from model.config import SpecialTokens
from model.seq2seq import Memory, Seq2Seq
from model.tokenizer import Tokenizer

DRAWS = 4  # per source
TEMPERATURE = 0.7  # a search looks where the model is surest
LONGEST = 40  # tokens; what comes behind them is taught word by word alone
JOINED_PRICE = 0.5  # of pairs of neighbours all of which nobody else has


class Reward:
    """The worth of token ids. Case and the space before a word make no other token here."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        texts = [tokenizer.token_text(id) for id in range(tokenizer.vocabulary_size)]
        folded = [text.strip().casefold() or text for text in texts]
        known = {text: id for id, text in enumerate(folded)}
        self._same = [known[text] for text in folded]

    def __call__(
        self, written: Sequence[int], reference: Sequence[int], source: Sequence[int]
    ) -> float:
        """Mean F1 of single tokens and of pairs, less the price of the pairs nobody else has.

        The end token is one of them: an end where neither of the others ends is a cut.
        """
        own, wanted, read = ([self._same[id] for id in ids] for ids in (written, reference, source))
        pairs, wanted_pairs = list(pairwise(own)), list(pairwise(wanted))
        known = {*wanted_pairs, *pairwise(read)}
        joined = sum(pair not in known for pair in pairs) / max(1, len(pairs))
        return (_f1(own, wanted) + _f1(pairs, wanted_pairs)) / 2 - JOINED_PRICE * joined

    def advantages(
        self, drawn: Sequence[Sequence[int]], reference: Sequence[int], source: Sequence[int]
    ) -> list[float]:
        """How much more each of a source's draws is worth than the mean of the others."""
        worth = [self(written, reference, source) for written in drawn]
        return [len(worth) / (len(worth) - 1) * (own - fmean(worth)) for own in worth]


@torch.no_grad()
def draw_targets(model: Seq2Seq, memory: Memory, special: SpecialTokens) -> tuple[Tensor, Tensor]:
    """`DRAWS` targets [B, T] for every source in turn, to the end or `LONGEST`, and their mask."""
    sources = torch.arange(len(memory.mask), device=memory.mask.device)
    state = model.start(memory).select(sources.repeat_interleave(DRAWS))
    previous = torch.full((DRAWS * len(sources),), special.decoder_start_id, device=sources.device)
    is_live = torch.ones_like(previous, dtype=torch.bool)
    tokens: list[Tensor] = []
    real: list[Tensor] = []
    while len(tokens) < LONGEST and bool(is_live.any()):
        output, state = model.step(previous, state, record=False)
        drawn = _draw((output.log_probs / TEMPERATURE).softmax(dim=-1))
        previous = drawn.where(is_live, special.pad_id)
        tokens.append(previous)
        real.append(is_live)
        is_live = is_live & (previous != special.eos_id)
    return torch.stack(tokens, dim=1), torch.stack(real, dim=1)


def reward_loss(
    model: Seq2Seq,
    memory: Memory,
    target: Tensor,
    target_mask: Tensor,
    special: SpecialTokens,
    reward: Reward,
) -> Tensor:
    """Minus log P of what is drawn, times its advantage: the mean of a source's draws, summed.

    `target` [B, T] has the references of the sources in `memory`.
    """
    module = cast(nn.Module, model)
    is_training = module.training
    module.eval()  # what is drawn is what it would write: without dropout
    drawn, is_real = draw_targets(model, memory, special)
    module.train(is_training)
    written = [ids[real].tolist() for ids, real in zip(drawn, is_real, strict=True)]
    references = [ids[real].tolist() for ids, real in zip(target, target_mask, strict=True)]
    sources = [ids[real].tolist() for ids, real in zip(memory.source_ids, memory.mask, strict=True)]
    advantages = [
        advantage
        for place, (reference, source) in enumerate(zip(references, sources, strict=True))
        for advantage in reward.advantages(
            written[DRAWS * place : DRAWS * (place + 1)], reference, source
        )
    ]
    rows = torch.arange(len(sources), device=target.device).repeat_interleave(DRAWS)
    log_probs = model.forced(memory.select(rows), drawn).target_log_probs(drawn)
    sums = torch.where(is_real, log_probs, 0.0).sum(dim=-1)
    return -(sums * sums.new_tensor(advantages)).sum() / DRAWS


def _draw(probs: Tensor) -> Tensor:
    """One column [B] of each row [B, V]; `multinomial` takes ten times as long on a CPU."""
    sums = probs.cumsum(dim=-1)
    return torch.searchsorted(sums, sums[:, -1:] * torch.rand_like(sums[:, :1])).squeeze(1)


def _f1(written: Sequence[Hashable], wanted: Sequence[Hashable]) -> float:
    """Of what two lists share, as often as both have it."""
    shared = (Counter(written) & Counter(wanted)).total()
    return 2 * shared / max(1, len(written) + len(wanted))
