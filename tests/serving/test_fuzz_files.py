"""Damaged files of every kind that is read: what is sound, or a refusal that says why."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import docx
import gradio as gr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.library import Library
from demo.session import Run
from demo.settings.controls import CONTROLS
from demo.transfer.links import Links
from demo.transfer.report import html_report
from demo.transfer.saved_runs import load_run
from demo.uploads import UploadError, read_document
from model import checkpoint
from model.checkpoint import CheckpointError
from tests.demo.documents import pdf_text, word_file
from tests.demo.made import SOURCE_TEXT, make_model
from tests.interop.made import make
from tests.serving.mutating import EDITS, ENOUGH, harmless, mutated

pytestmark = pytest.mark.slow
PARTS = ("config.json", "tokenizer.json", "model.safetensors")


@pytest.fixture(scope="module")
def library(model_folder: Path) -> Library:
    return Library([model_folder])


def word() -> bytes:
    document = docx.Document()
    document.add_paragraph(SOURCE_TEXT)
    document.add_table(2, 2).cell(0, 1).text = "cell"
    return word_file(document)


DOCUMENTS = {
    "a.pdf": pdf_text(SOURCE_TEXT, "Second page."),
    "a.docx": word(),
    "a.txt": "Ä text, “with” marks.\r\n\r\nEnd.".encode(),
    "b.txt": "UTF-16 tèxt.".encode("utf-16"),
}


@ENOUGH
@given(name=st.sampled_from(sorted(DOCUMENTS)), edits=EDITS)
def test_a_damaged_document_is_read_or_refused(tmp_path: Path, name: str, edits: list[Any]) -> None:
    path = tmp_path / name
    path.write_bytes(mutated(DOCUMENTS[name], edits))
    with harmless(seconds=25):
        try:
            assert read_document(path).strip()
        except UploadError as error:
            assert name in str(error)  # noqa: PT017


@pytest.fixture(scope="module")
def saved(library: Library) -> list[bytes]:
    """A run as JSON and as a report."""
    trace = library.get().summarize(SOURCE_TEXT).trace
    return [trace.to_json().encode(), html_report(Run(trace, "a")).encode()]


@ENOUGH
@given(place=st.integers(0, 1), edits=EDITS)
def test_a_damaged_run_is_opened_or_refused(saved: list[bytes], place: int, edits: Any) -> None:
    text = mutated(saved[place], edits).decode("utf-8", "replace")
    with harmless(seconds=20):
        try:
            run = load_run(text)
            if edits[0][0] < 0.1:  # it takes a while
                html_report(run)
        except ValueError as error:
            assert str(error)  # noqa: PT017


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=2),
    st.just({"a": [{}]}),
)


@ENOUGH
@given(
    held=st.fixed_dictionaries(
        {},
        optional={
            "text": st.just(SOURCE_TEXT) | ODD,
            "model": st.sampled_from(["tiny", None]) | ODD,
            "fingerprint": ODD,
            "style": ODD,
            "strategy": st.sampled_from(["beam", "greedy", "sampling", "contrastive"]) | ODD,
            "controls": st.dictionaries(
                st.sampled_from([one.name for one in CONTROLS]), ODD, max_size=5
            )
            | ODD,
        },
    )
    | ODD
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_any_link_opens_or_is_refused(library: Library, held: Any) -> None:
    with harmless(seconds=10):
        try:
            Links(library).opened(gr.EventData(None, {"link": held}))
        except gr.Error as error:
            assert error.message  # noqa: PT017


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A model of ours and one made elsewhere."""
    made = tmp_path_factory.mktemp("sound")
    make("bart", made / "bart")
    return [make_model(made / "own"), made / "bart"]


def copied(sound: Path, folder: Path) -> Path:
    """A fresh copy of a model folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sound, folder)
    return folder


def assert_opened_or_refused(folder: Path) -> None:
    with harmless(seconds=30):
        try:
            checkpoint.load(folder)
        except CheckpointError as error:
            assert str(error)  # noqa: PT017


@ENOUGH
@given(place=st.integers(0, 1), part=st.sampled_from(PARTS), edits=EDITS)
def test_a_damaged_model_folder_is_opened_or_refused(
    folders: list[Path], tmp_path: Path, place: int, part: str, edits: Any
) -> None:
    folder = copied(folders[place], tmp_path / "damaged")
    (folder / part).write_bytes(mutated((folder / part).read_bytes(), edits))
    assert_opened_or_refused(folder)


VALUES = st.one_of(
    *(st.integers(-2, 70), st.integers(), st.floats(), st.text(max_size=8), st.none()),
    *(st.booleans(), st.just(10**9), st.just([1]), st.just({})),
)


@ENOUGH
@given(place=st.integers(0, 1), share=st.floats(0, 1, exclude_max=True), value=VALUES)
def test_a_model_folder_with_another_setting_is_opened_or_refused(
    folders: list[Path], tmp_path: Path, place: int, share: float, value: Any
) -> None:
    folder = copied(folders[place], tmp_path / "damaged")
    values = json.loads((folder / "config.json").read_text())
    values[list(values)[int(share * len(values))]] = value
    (folder / "config.json").write_text(json.dumps(values))
    assert_opened_or_refused(folder)
