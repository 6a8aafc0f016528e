"""The house's own rules: who may import whom, what may lie in the tree, what is never called."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
GENERATED = {"__pycache__", "data", "runs", "build", "test-results"}
BASE = {"torch", "numpy", "tokenizers", "safetensors", "model"}
TRAINING_ONLY = {"tqdm", "rouge_score", "sumy", "nltk"}
MAX_FILE_BYTES = 50_000_000


def tree_files() -> Iterator[Path]:
    """Every file that belongs to the project, whether under version control or in a plain copy."""
    folders = [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.is_symlink() or path.name in GENERATED or path.name.endswith(".egg-info"):
                continue
            if path.is_file():
                yield path
            elif path.name == ".ci" or not path.name.startswith("."):
                folders.append(path)


def python_files(*rooms: str) -> list[Path]:
    paths = [ROOT / room for room in rooms]
    return [p for path in paths for p in (path.rglob("*.py") if path.is_dir() else [path])]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Full names of all that a file imports, lazily or not; typing-only imports count too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno} has a relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def reachable(start: str) -> set[str]:
    """All of our modules behind `start`, followed through their files.

    The package's own `__init__` is the public door, not an arrow, and is left out.
    """
    files = {module_name(path): path for path in python_files("model", "demo")}
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in files and name not in seen and name not in ("model", "demo"):
            seen.add(name)
            waiting += imports_of(files[name])
    return seen


def loaded_by(statement: str) -> set[str]:
    """Top-level modules in `sys.modules` of a fresh interpreter after `statement`."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_model_loads_no_page() -> None:
    loaded = loaded_by("import model, model.summarizer, model.cli")
    assert not loaded & {"gradio", "plotly", "demo", "app", "transformers", "huggingface_hub"}


def test_plots_load_without_gradio_or_torch() -> None:
    assert not loaded_by("import demo.plots, model.trace") & {"gradio", "torch"}


def test_the_trace_needs_numpy_alone() -> None:
    for name in reachable("model.trace"):
        path = ROOT / Path(*name.split(".")).with_suffix(".py")
        outside = {full.partition(".")[0] for full in imports_of(path)}
        assert outside <= {"numpy", "model"} | sys.stdlib_module_names, name


@pytest.mark.parametrize("path", python_files("model"), ids=module_name)
def test_model_imports_only_what_its_room_may(path: Path) -> None:
    name = module_name(path)
    trains = name.startswith(("model.training", "model.cli", "model.__main__"))
    allowed = BASE | sys.stdlib_module_names | (TRAINING_ONLY if trains else set())
    allowed |= {"huggingface_hub"} if name.startswith("model.interop") else set()
    allowed |= {"ray"} if name == "model.batches.ray_engine" else set()
    imported = imports_of(path)
    assert {full.partition(".")[0] for full in imported} <= allowed
    if not trains:
        assert not any(full.startswith("model.training") for full in imported)


@pytest.mark.parametrize("path", python_files("demo/plots"), ids=module_name)
def test_plots_see_traces_only(path: Path) -> None:
    roots = {full.partition(".")[0] for full in imports_of(path)}
    assert roots <= {"numpy", "plotly", "model", "demo"} | sys.stdlib_module_names


@pytest.mark.parametrize("start", ["model.decoding", "model.search", "model.filters"])
def test_decoding_knows_no_family(start: str) -> None:
    reached = reachable(start)
    assert start in reached
    families = {"model.rnn", "model.transformer", "model.checkpoint", "model.tokenizer"}
    assert not reached & families


LIBRARY = [path for path in python_files("model", "demo") if path.name != "__main__.py"]


@pytest.mark.parametrize("path", LIBRARY, ids=module_name)
def test_nothing_happens_at_import(path: Path) -> None:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        runs = is_call or isinstance(node, ast.For | ast.While | ast.With | ast.Try)
        assert not runs, f"line {node.lineno} runs when the module is imported"


@pytest.mark.parametrize("path", python_files("model", "demo", "app.py"), ids=module_name)
def test_nothing_is_unpickled(path: Path) -> None:
    unsafe = {"pickle", "cPickle", "dill", "marshal", "shelve", "joblib", "cloudpickle"}
    assert not {full.partition(".")[0] for full in imports_of(path)} & unsafe
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        settings = {word.arg: ast.unparse(word.value) for word in node.keywords}
        called = ast.unparse(node.func)
        if called == "torch.load":
            assert settings.get("weights_only") == "True", f"line {node.lineno}"
        assert called not in ("eval", "exec"), f"line {node.lineno}"
        assert settings.get("allow_pickle", "False") == "False", f"line {node.lineno}"
        assert settings.get("shell", "False") == "False", f"line {node.lineno}"


def test_requirements_equal_the_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == project["dependencies"]


def test_the_space_runs_what_is_required() -> None:
    front = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    settings = dict(line.split(": ", 1) for line in front.splitlines())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {r.name: r for r in map(Requirement, project["dependencies"])}
    python = settings["python_version"].strip('"')
    assert Version(settings["sdk_version"]) in required["gradio"].specifier
    assert f">={python}" == project["requires-python"]
    assert (ROOT / settings["app_file"]).is_file()
    assert len(settings["short_description"]) <= 60


def test_no_file_is_too_large_to_push() -> None:
    too_large = [str(path) for path in tree_files() if path.stat().st_size > MAX_FILE_BYTES]
    assert too_large == []


def test_no_text_names_a_place_on_somebodys_machine() -> None:
    private = re.compile(rb"/(?:work|farm|root)/\w")
    suffixes = {".py", ".md", ".toml", ".txt", ".js", ".css", ".html", ".json", ""}
    texts = (path for path in tree_files() if path.suffix in suffixes)
    assert [str(path) for path in texts if private.search(path.read_bytes())] == []
