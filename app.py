"""Entry of the page: arguments → library → page → server. Spaces runs this file.

    python app.py [--model PATH_OR_ID]...

Models are those of --model, of GISTSCOPE_MODELS (joined like PATH) and of assets/models. Limits
and the password are environment variables: see demo/serving.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page until it is told to stop."""
    parser = argparse.ArgumentParser(
        prog="app.py", description="Watch a summary being made, word by word."
    )
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="PATH_OR_ID",
        help="a model folder, a folder of them, or owner/name on the Hugging Face Hub; "
        "can be given several times",
    )
    asked = parser.parse_args(arguments).model

    # Gradio reads this when it is imported, so it is not imported before.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    from demo.library import VARIABLE, Library, LibraryError, find_models, no_models
    from demo.page import build
    from demo.server import serve
    from demo.serving.limits import LimitError, Limits
    from demo.serving.metrics import Metrics
    from demo.serving.watching import Watch
    from demo.serving.workers import Workers
    from demo.serving.zero import zero_gpu
    from model.checkpoint import CheckpointError
    from model.weights.allocator import keep_few_arenas

    keep_few_arenas()
    try:
        limits = Limits.from_environment(os.environ)
        library = Library(find_models(asked, os.environ.get(VARIABLE, "")), tell)
        if not library.names:
            tell(no_models())  # the page opens all the same and says so
        elif asked:
            library.get()  # what can't be opened is refused here, not to the first visitor
        elsewhere = zero_gpu(library, limits.run_seconds)
        if elsewhere is None and limits.workers and library.names:
            elsewhere = Workers(library.places, limits.workers)
        watch = Watch(limits, Metrics(), elsewhere=elsewhere)
        serve(build(library), watch, lambda: library.is_open)
    except (CheckpointError, LibraryError, LimitError) as error:
        tell(str(error))
        return 2
    return 0


def tell(line: str) -> None:
    """Say something to whoever started the page."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
