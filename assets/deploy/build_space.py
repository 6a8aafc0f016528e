"""Builds the exact tree that a Hugging Face Space gets: `python build_space.py FOLDER`.

A Space reads README.md for its settings and requirements.txt for its packages, and runs app.py from
the root. Tests, tools and training data stay out. Files above 10 MB are marked for large storage.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = ("README.md", "requirements.txt", "app.py", "LICENSE", "NOTICE")
FOLDERS = ("demo", "model", "assets")
LEFT_OUT = ("__pycache__", "*.pyc", "deploy", "configs", "written", ".*")
LARGE = "*.safetensors filter=lfs diff=lfs merge=lfs -text\n"


def build(target: Path) -> None:
    """Write the tree into `target`, which must not exist or be an earlier build."""
    if target.exists() and any(target.iterdir()) and not (target / "app.py").is_file():
        raise SystemExit(f"{target} is not empty and no earlier build; nothing was written")
    if target.exists():
        for path in target.iterdir():
            if path.name != ".git":  # a clone of the Space keeps its history
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    target.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(ROOT / name, target / name)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (target / ".gitattributes").write_text(LARGE, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    build(Path(sys.argv[1]))
    print(f"built {sys.argv[1]}")
