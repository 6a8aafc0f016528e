"""What a visitor wants masked before a run or a text leaves the page, and what that would be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from demo.asked import shown, visit
from demo.drawing import Views, everything
from demo.messages import Message, message
from demo.privacy.masked_runs import is_masked, masked_run, private_of
from demo.privacy.masking import KINDS
from demo.privacy.private import Private, private
from demo.session import Run
from demo.telling import said

KEEP, NUMBERS, NAMES = "keep", "numbers", "names"
CHOICES = (
    ("Leave as it is", KEEP),
    ("Mask contacts and numbers", NUMBERS),
    ("Mask names, too", NAMES),
)
MOST_LISTED = 100  # texts of a kind; all of them are counted


def run_to_take(session: Any, mask: Any) -> Run:
    """The shown run as it may leave the page."""
    run = shown(session)
    return masked_run(run, mask == NAMES) if asked(mask) else run


def known_in(texts: Sequence[str], mask: Any) -> Private | None:
    """What is personal in these texts; None when nothing is to be masked."""
    return private(texts, mask == NAMES) if asked(mask) else None


def asked(mask: Any) -> bool:
    """Whether anything is to be masked; what is no choice at all is refused, not taken for no."""
    if mask not in [value for _, value in CHOICES]:
        raise ValueError(f"mask must be one of {KEEP}, {NUMBERS}, {NAMES}, got {mask!r:.80}")
    return bool(mask != KEEP)


@said("Not masked")
def what_is_masked(session: Any, mask: Any) -> dict[str, Any]:
    """The list beside the downloads: what would be masked in the shown run."""
    run = visit(session).run
    if not asked(mask) or run is None:
        return {}
    if is_masked(run.trace):
        return {"says": message("Personal data is masked in this run already."), "kinds": []}
    return {**listed(private_of(run, mask == NAMES)), "can_show": True}


@said("Not masked")
def masked_shown(session: Any, mask: Any) -> Views:
    """The shown run without its personal data in all views, as a run of its own."""
    return everything(visit(session).adding(run_to_take(session, mask)))


def listed(known: Private | None) -> dict[str, Any]:
    """What is personal, kind by kind, as the list shows it."""
    if known is None:
        return {}
    kinds = []
    for kind in KINDS:
        texts = sorted(text for text, own in known.kinds.items() if own == kind)
        if texts:
            more = max(0, len(texts) - MOST_LISTED)
            kinds.append(
                {"kind": kind, "count": len(texts), "texts": texts[:MOST_LISTED], "more": more}
            )
    return {"says": _says(len(known.kinds)), "kinds": kinds}


def _says(count: int) -> Message:
    if not count:
        return message("Nothing personal was found. Patterns miss some; read it before you share.")
    key = "Masked in what you take along: {count}. Patterns miss some; read it before you share."
    return message(key, count=count)
