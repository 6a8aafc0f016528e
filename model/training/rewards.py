"""What a summary is worth: training by whole summaries that the model writes, not word by word.

Word by word a model learns to go on from a reference, and has to go on from its own words later. So
some of its own summaries are drawn, and those that are worth more than their siblings are made
likelier: the self-critical training of Rennie et al. 2017, for summaries Paulus et al. 2018, with
the other draws as the baseline (Kool et al. 2019). A summary is worth what it shares with the
reference, less what neither the reference nor the source says: two words joined by nobody else are
where a model's sentence breaks. That price falls with the share of its own pairs that a reference
joined itself: a title that rewords its text asks for rewording. It is paid where it is due, by the
tokens of the pair and the few before them, so that one break spoils no good line of long notes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import accumulate, pairwise
from statistics import fmean
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from model.config import SpecialTokens
from model.seq2seq import Memory, Readers, Seq2Seq
from model.tokenizer import Tokenizer

DRAWS = 4  # per source
TEMPERATURE = 0.7  # a search looks where the model is surest
LONGEST = 80  # tokens; what comes behind them is taught word by word alone
JOINED_PRICE = 1.0  # of pairs nobody else has, where the source has all of the reference
DISCOUNT = 0.8  # a token answers for its own pair, and less and less for those that follow
LINE_END = "\n"  # before a line's first word stands nothing, as before a text's


class Reward:
    """The worth of token ids. Case and the space before a word make no other token here."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        texts = [tokenizer.token_text(id) for id in range(tokenizer.vocabulary_size)]
        folded = [text.strip().casefold() or text for text in texts]
        known = {text: id for id, text in enumerate(folded)}
        self._same = [known[text] for text in folded]
        self._line_end = known.get(LINE_END)

    def shared(self, written: Sequence[int], reference: Sequence[int]) -> float:
        """Mean F1 of single tokens and of pairs."""
        own, wanted = self._folded(written), self._folded(reference)
        return (_f1(own, wanted) + _f1([*pairwise(own)], [*pairwise(wanted)])) / 2

    def joined(
        self, written: Sequence[int], reference: Sequence[int], source: Sequence[int]
    ) -> list[bool]:
        """For each token, whether nobody else has it behind the one before it.

        The end token is one of them: an end where neither of the others ends is a cut.
        """
        own, wanted, read = (self._folded(ids) for ids in (written, reference, source))
        known = set(pairwise(read)).union(pairwise(wanted))
        pairs = pairwise(own)
        return [False, *(pair not in known and pair[0] != self._line_end for pair in pairs)]

    def price(self, reference: Sequence[int], source: Sequence[int]) -> float:
        """Of a pair nobody else has: the more, the more of the reference's the source has."""
        wanted = [*pairwise(self._folded(reference))]
        of_source = set(pairwise(self._folded(source)))
        return JOINED_PRICE * (fmean(pair in of_source for pair in wanted) if wanted else 1.0)

    def advantages(
        self, drawn: Sequence[Sequence[int]], reference: Sequence[int], source: Sequence[int]
    ) -> list[list[float]]:
        """For each token of a source's draws, how much more it is worth than the other draws.

        What is shared is the whole draw's. What is joined is the mean over the tokens from this
        one on, each with `DISCOUNT` of the weight of the one before it.
        """
        price = self.price(reference, source)
        shared = [self.shared(written, reference) for written in drawn]
        joined = [self.joined(written, reference, source) for written in drawn]
        advantages = []
        for place, breaks in enumerate(joined):
            others = [other for index, other in enumerate(joined) if index != place]
            usual = fmean(is_joined for other in others for is_joined in other)
            better = shared[place] - fmean(shared[:place] + shared[place + 1 :])
            smoother = _discounted([usual - is_joined for is_joined in breaks])
            advantages.append([better + price * following for following in smoother])
        return advantages

    def _folded(self, ids: Sequence[int]) -> list[int]:
        return [self._same[id] for id in ids]


@torch.no_grad()
def draw_targets(model: Seq2Seq, memory: Memory, special: SpecialTokens) -> tuple[Tensor, Tensor]:
    """`DRAWS` targets [B, T] for every source in turn, to the end or `LONGEST`, and their mask."""
    sources = Readers(DRAWS).sources(memory)
    state = model.start(memory).select(sources)
    rows = torch.arange(len(sources), device=sources.device)  # those that the state still has
    drawn = torch.full((len(rows), LONGEST), special.pad_id, device=rows.device)
    is_real = torch.zeros_like(drawn, dtype=torch.bool)
    previous = torch.full_like(rows, special.decoder_start_id)
    is_live = torch.ones_like(rows, dtype=torch.bool)
    length = 0
    while length < LONGEST and bool(is_live.any()):
        if 2 * int(is_live.sum()) <= len(rows):
            live = is_live.nonzero().squeeze(1)
            state, rows, previous, is_live = (
                state.select(live), rows[live], previous[live], is_live[live],
            )  # fmt: skip
        output, state = model.step(previous, state, record=False)
        previous = _draw((output.log_probs / TEMPERATURE).softmax(dim=-1))
        drawn[rows, length] = previous.where(is_live, special.pad_id)
        is_real[rows, length] = is_live
        is_live = is_live & (previous != special.eos_id)
        length += 1
    return drawn[:, :length], is_real[:, :length]


def reward_loss(
    model: Seq2Seq,
    memory: Memory,
    target: Tensor,
    target_mask: Tensor,
    special: SpecialTokens,
    reward: Reward,
) -> Tensor:
    """Minus log P of every token drawn, times its advantage: the mean of a source's draws, summed.

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
        torch.tensor(advantage)
        for place, (reference, source) in enumerate(zip(references, sources, strict=True))
        for advantage in reward.advantages(
            written[DRAWS * place : DRAWS * (place + 1)], reference, source
        )
    ]
    log_probs = model.forced(memory, drawn).target_log_probs(drawn)
    gained = log_probs * pad_sequence(advantages, batch_first=True).to(log_probs)
    return -torch.where(is_real, gained, 0.0).sum() / DRAWS


def _draw(probs: Tensor) -> Tensor:
    """One column [B] of each row [B, V]; `multinomial` takes ten times as long on a CPU."""
    sums = probs.cumsum(dim=-1)
    return torch.searchsorted(sums, sums[:, -1:] * torch.rand_like(sums[:, :1])).squeeze(1)


def _discounted(values: Sequence[float]) -> list[float]:
    """For each value, the mean of it and those that follow; `DISCOUNT` weighs each step away."""
    backwards = accumulate(
        reversed(values),
        lambda later, value: DISCOUNT * later + (1 - DISCOUNT) * value,
        initial=0.0,
    )
    return [*backwards][:0:-1]


def _f1(written: Sequence[Hashable], wanted: Sequence[Hashable]) -> float:
    """Of what two lists share, as often as both have it."""
    shared = (Counter(written) & Counter(wanted)).total()
    return 2 * shared / max(1, len(written) + len(wanted))
