"""Entry of the page: arguments → library → page → launch. Spaces runs this file.

    python app.py [--model FOLDER]...

Models are those of --model, of GISTSCOPE_MODELS (paths joined like PATH) and of assets/models.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page until it is stopped."""
    parser = argparse.ArgumentParser(
        prog="app.py", description="Watch a summary being made, word by word."
    )
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="FOLDER",
        help="a model folder, or a folder of them; can be given several times",
    )
    asked = parser.parse_args(arguments).model

    # Gradio reads this when it is imported, so it is not imported before.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    from demo.library import VARIABLE, Library, LibraryError, find_folders, no_models
    from demo.page import build
    from demo.server import launch

    try:
        library = Library(find_folders(asked, os.environ.get(VARIABLE, "")))
    except LibraryError as error:
        print(error, file=sys.stderr)
        return 2
    if not library.names:
        print(no_models(), file=sys.stderr)  # the page opens all the same and says so
    launch(build(library))
    return 0


if __name__ == "__main__":
    sys.exit(main())
