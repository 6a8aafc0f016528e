"""Finding and opening model folders."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import app
from demo import library as library_module
from demo.library import Library, LibraryError, find_models
from model.summarizer import Summarizer
from tests.demo.made import SOURCE_TEXT


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
    assert find_models([str(one), str(tmp_path / "many")]) == (one, three, two)


@pytest.mark.usefixtures("no_shipped_models")
def test_the_environment_variable_adds_paths_and_none_is_taken_twice(tmp_path: Path) -> None:
    one, two = make_folder(tmp_path / "one"), make_folder(tmp_path / "two")
    assert find_models([str(one)], os.pathsep.join([str(two), str(one)])) == (one, two)


def test_shipped_models_come_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "MODELS", tmp_path / "shipped")
    shipped, own = make_folder(tmp_path / "shipped" / "s"), make_folder(tmp_path / "own")
    default = make_folder(tmp_path / "shipped" / library_module.DEFAULT)
    assert find_models([str(own)]) == (own, default, shipped)


def test_the_default_is_shipped() -> None:
    assert Path(find_models([])[0]).name == library_module.DEFAULT


@pytest.mark.usefixtures("no_shipped_models")
def test_a_path_without_a_model_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="nowhere is no model folder"):
        find_models([str(tmp_path / "nowhere")])


def test_an_empty_library_says_what_to_do() -> None:
    with pytest.raises(LibraryError, match="--model PATH_OR_ID"):
        Library([]).get()


def test_what_is_no_path_and_looks_like_an_id_is_passed_on(tmp_path: Path) -> None:
    owner = make_folder(tmp_path / "one")
    found = find_models([str(owner), "facebook/bart-large-cnn"])
    assert found[:2] == (owner, "facebook/bart-large-cnn")
    assert Library(found[:2]).names == ("one", "facebook/bart-large-cnn")


def test_a_model_goes_by_the_name_the_library_has_for_it(model_folder: Path) -> None:
    link = model_folder.parent / "other" / "tiny"
    if not link.exists():
        shutil.copytree(model_folder, link)
    library = Library([model_folder, link])
    assert [library.get(name).name for name in library.names] == ["tiny", "tiny (2)"]
    trace = library.get("tiny (2)").summarize(SOURCE_TEXT).trace
    assert trace.model["name"] == "tiny (2)"  # by which the page finds it again


def test_a_slow_model_holds_up_no_other(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, gate = library_module.BoundedSummarizer.load, threading.Event()

    def slow(path: object, tell: object) -> object:
        if isinstance(path, str):
            assert gate.wait(30)
        return load(model_folder)

    monkeypatch.setattr(library_module.BoundedSummarizer, "load", slow)
    library = Library(["owner/slow", model_folder])
    waiting = threading.Thread(target=lambda: library.get("owner/slow"))
    waiting.start()
    assert library.get("tiny").name == "tiny"
    gate.set()
    waiting.join()
    assert library.get("owner/slow").name == "owner/slow"


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
    load = library_module.BoundedSummarizer.load

    def counted(path: Path, tell: None) -> Summarizer:
        opened.append(path)
        return load(path, tell)

    monkeypatch.setattr(library_module.BoundedSummarizer, "load", counted)
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
