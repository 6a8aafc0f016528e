"""Sentences for people as data: the page's language is chosen in the browser, not here."""

from __future__ import annotations

Message = dict[str, object]


def message(key: str, **values: str | int | float | Message) -> Message:
    """A sentence with its values: `message("Read {read} of {total} tokens", read=3, total=9)`.

    The English sentence is the key; `gistscope.say` looks up its translation and fills it in.
    Values are shown as they are and may be a user's text: the browser writes them as text.
    """
    return {"key": key, "values": values}
