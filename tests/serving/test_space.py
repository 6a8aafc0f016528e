"""The tree that a Space gets runs by itself and needs nothing but what requirements.txt names."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from demo.assets import ASSETS

SCRIPT = """
import json, os, sys
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
import app
from demo.library import Library, find_models
from demo.page import build
from demo import server
library = Library(find_models([]))
build(library)
text = library.get().summarize("The council kept the library open.").text
import demo, model
ours = [demo.__path__[0], model.__path__[0]]
roots = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"text": text, "ours": ours, "roots": roots}))
"""
# Loaded where they happen to be installed, and not needed.
IF_THERE = {"setuptools", "pip", "gistscope"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("space") / "tree"
    builder = ASSETS / "deploy" / "build_space.py"
    subprocess.run([sys.executable, str(builder), str(target)], check=True)
    return target


def needed(names: list[str]) -> set[str]:
    """The distributions and all that they require here."""
    found: set[str] = set()
    while names:
        name = canonicalize_name(names.pop())
        if name in found:
            continue
        found.add(name)
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue
        wanted = [Requirement(line) for line in lines]
        names += [one.name for one in wanted if not one.marker or one.marker.evaluate()]
    return found


def test_the_tree_has_all_and_no_more(tree: Path) -> None:
    assert {path.name for path in tree.iterdir()} == {
        *("README.md", "requirements.txt", "app.py", "LICENSE", "NOTICE"),
        *("demo", "model", "assets", ".gitattributes"),
    }
    assert not list(tree.rglob("__pycache__"))
    kept = {path.name for path in (tree / "assets").iterdir()}
    assert kept.isdisjoint({"configs", "deploy", "written"})  # for training, and for servers
    large = [path for path in tree.rglob("*") if path.is_file() and path.stat().st_size > 10**7]
    assert {path.suffix for path in large} <= {".safetensors"}  # what .gitattributes marks


def test_a_folder_that_is_no_earlier_build_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    builder = ASSETS / "deploy" / "build_space.py"
    done = subprocess.run([sys.executable, str(builder), str(tmp_path)], capture_output=True)
    assert (done.returncode, [path.name for path in tmp_path.iterdir()]) == (1, ["mine.txt"])


@pytest.mark.slow
def test_it_runs_and_imports_only_what_is_required(tree: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tree, capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["text"]
    assert all(Path(place).is_relative_to(tree) for place in said["ours"])
    lines = (tree / "requirements.txt").read_text(encoding="utf-8").splitlines()
    named = [Requirement(line).name for line in lines if line and not line.startswith("#")]
    allowed = needed(named) | IF_THERE
    homes = packages_distributions()
    for root in said["roots"]:
        owners = {canonicalize_name(owner) for owner in homes.get(root, [])}
        assert not owners or owners & allowed, f"{root} comes from {owners}"
