"""Leading a finished run another way: the tokens a continuation must begin with.

Reads a trace, which may come from anyone, and a tokenizer; never runs a model. Whatever is odd is
a `ValueError` that names the value and the limit.
"""

from __future__ import annotations

from model.options import DecodingOptions
from model.text.source_text import UNWRITABLE, clean_text
from model.text.words import SINGLE_CHARACTER_WORDS
from model.tokenizer import Tokenizer
from model.trace import Trace


def forced_ids(
    trace: Trace,
    hypothesis: int,
    step: int,
    tokenizer: Tokenizer,
    *,
    token_id: int | None = None,
    text: str | None = None,
) -> list[int]:
    """The hypothesis' tokens before `step`, then one token or a typed text.

    The kept tokens are those of the run, not a new encoding of their text, which could differ.
    """
    if (token_id is None) == (text is None):
        given = "neither" if text is None else "both"
        raise ValueError(f"a continuation takes a token_id or a text, got {given}")
    kept = trace.kept(hypothesis, step)
    for place, id in enumerate(kept):
        _check_known(id, tokenizer)
        if id == tokenizer.eos_id:
            raise ValueError(f"the summary ends at step {place}, nothing follows step {step}")
    if token_id is not None:
        return [*kept, _checked(token_id, tokenizer)]
    assert text is not None
    typed = clean_text(text, "typed text").rstrip()
    written = tokenizer.decode(kept)
    replaced = trace.hypotheses[hypothesis].token_ids[step : step + 1]
    if _wants_space(written, typed, _text_of(replaced, tokenizer)):
        typed = f" {typed}"
    return [*kept, *tokenizer.encode_batch([typed])[0]]


def continued_options(
    options: DecodingOptions, ids: list[int], tokenizer: Tokenizer
) -> DecodingOptions:
    """The options with the text of `ids` as their prefix, so that a record reproduces the run."""
    values = options.to_dict()
    # Half a character at the end is completed by the model; as text it could only mislead.
    prefix = UNWRITABLE.sub("\ufffd", tokenizer.decode(ids).rstrip("\ufffd"))
    return DecodingOptions.from_dict(values | {"forced_prefix": prefix})


def options_of(trace: Trace, max_target_tokens: int) -> DecodingOptions:
    """The options a trace was made with; the defaults for a scored text, which had none."""
    if trace.options.get("strategy") != "forced":
        return DecodingOptions.from_dict(trace.options)
    default = DecodingOptions.max_new_tokens
    return DecodingOptions(max_new_tokens=min(default, max_target_tokens))


def _wants_space(written: str, typed: str, replaced: str) -> bool:
    """Whether the typed text needs a space before it: where the token in its place had one.

    Where no word stood, behind the last one, a letter or a digit starts a new word, unless its
    script has no spaces.
    """
    if typed[0].isspace() or not written or written[-1].isspace():
        return False
    if replaced:
        return replaced[0].isspace()
    return typed[0].isalnum() and not SINGLE_CHARACTER_WORDS.match(typed)


def _text_of(ids: tuple[int, ...], tokenizer: Tokenizer) -> str:
    for id in ids:
        _check_known(id, tokenizer)
    return tokenizer.decode(ids, inside=True)


def _checked(token_id: int, tokenizer: Tokenizer) -> int:
    """The token, if a summary can go on with it; the end token ends it there."""
    _check_known(token_id, tokenizer)
    if tokenizer.is_special(token_id) and token_id != tokenizer.eos_id:
        name = tokenizer.token_text(token_id)
        raise ValueError(f"token {token_id} ({name}) stands for no text: a summary can't hold it")
    return token_id


def _check_known(id: int, tokenizer: Tokenizer) -> None:
    if isinstance(id, bool) or not isinstance(id, int) or not 0 <= id < tokenizer.vocabulary_size:
        last = tokenizer.vocabulary_size - 1
        raise ValueError(f"token_id must be a number between 0 and {last}, got {id!r:.80}")
