"""Finding and opening model folders."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import app
from demo import library as library_module
from demo.library import Library, LibraryError, find_folders


@pytest.fixture
def no_shipped_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "MODELS", tmp_path / "none")


def make_folder(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "config.json").write_text("{}")
    return path


@pytest.mark.usefixtures("no_shipped_models")
def test_a_path_is_a_model_or_holds_models(tmp_path: Path) -> None:
    one = make_folder(tmp_path / "one")
    two, three = make_folder(tmp_path / "many" / "b"), make_folder(tmp_path / "many" / "a")
    assert find_folders([str(one), str(tmp_path / "many")]) == (one, three, two)


@pytest.mark.usefixtures("no_shipped_models")
def test_the_environment_variable_adds_paths_and_none_is_taken_twice(tmp_path: Path) -> None:
    one, two = make_folder(tmp_path / "one"), make_folder(tmp_path / "two")
    assert find_folders([str(one)], os.pathsep.join([str(two), str(one)])) == (one, two)


def test_shipped_models_come_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "MODELS", tmp_path / "shipped")
    shipped, own = make_folder(tmp_path / "shipped" / "s"), make_folder(tmp_path / "own")
    assert find_folders([str(own)]) == (own, shipped)


@pytest.mark.usefixtures("no_shipped_models")
def test_a_path_without_a_model_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="nowhere is no model folder"):
        find_folders([str(tmp_path / "nowhere")])


def test_an_empty_library_says_what_to_do() -> None:
    with pytest.raises(LibraryError, match="--model PATH"):
        Library([]).get()


def test_folders_of_the_same_name_stay_apart(tmp_path: Path) -> None:
    library = Library([make_folder(tmp_path / "a" / "x"), make_folder(tmp_path / "b" / "x")])
    assert library.names == ("x", "x (2)")


def test_an_unknown_name_lists_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"no model '\.\./x'; there are: tiny"):
        Library([tmp_path / "tiny"]).get("../x")


def test_a_broken_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"):
        Library([make_folder(tmp_path / "broken")]).get()


def test_a_model_is_opened_once_however_many_ask(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    load = library_module.Summarizer.load
    monkeypatch.setattr(
        library_module.Summarizer, "load", lambda path: opened.append(path) or load(path)
    )
    library, found = Library([model_folder]), []
    threads = [threading.Thread(target=lambda: found.append(library.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 1
    assert len({id(one) for one in found}) == 1


def test_the_entry_names_a_folder_that_is_no_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["--model", str(tmp_path / "nowhere")]) == 2
    assert "nowhere is no model folder" in capsys.readouterr().err


def test_importing_the_entry_opens_nothing() -> None:
    code = "import sys, app; sys.exit(any(n in sys.modules for n in ('gradio', 'torch', 'demo')))"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=Path(app.__file__).parent).returncode == 0
    )
