"""An optional password: GISTSCOPE_AUTH="user:password[,user:password]…". Never logged or shown."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping

from demo.serving.limits import LimitError

VARIABLE = "GISTSCOPE_AUTH"
SHORTEST = 8  # characters of a password


def login_check(environment: Mapping[str, str]) -> Callable[[str, str], bool] | None:
    """What Gradio asks at the login; None where no password is set. Raises `LimitError`."""
    pairs = [pair.strip() for pair in environment.get(VARIABLE, "").split(",") if pair.strip()]
    if not pairs:
        return None
    users: dict[str, bytes] = {}
    for number, pair in enumerate(pairs, 1):
        user, colon, password = pair.partition(":")
        if not colon or not user.strip() or len(password) < SHORTEST:
            raise LimitError(
                f"{VARIABLE}: entry {number} must be user:password "
                f"with a password of at least {SHORTEST} characters"
            )
        users[user.strip()] = password.encode()

    def allowed(user: str, password: str) -> bool:
        # An unknown user takes as long as a wrong password.
        right = hmac.compare_digest(users.get(user, b"\x00"), password.encode())
        return right and user in users

    return allowed
