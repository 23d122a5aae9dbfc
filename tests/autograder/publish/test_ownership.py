"""The build replaces and removes what it has made, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.errors import UserError, WriteError
from autograder.publish.build import BuildResult, build_course
from autograder.publish.ownership import Owner, owner_of
from course_utils import shipped
from tests.autograder.publish.test_build import BUILT, CLEAR, INDEX, RELEASE, SCALE, SOURCE, UNIT, gone
from tests.support.tiny import make_course

OURS = (INDEX, RELEASE, CLEAR, UNIT, SCALE, SOURCE)
GENERATED = (*OURS, BUILT)
# What an instructor may keep beside generated files, some of it named like them.
THEIRS = {
    "source/midterm/midterm.ipynb": json.dumps(nbformat.v4.new_notebook()),
    "source/midterm/data.csv": "a,b\n",
    "source/tiny/picture.png": "\x89PNG",
    "source/tiny/notes.ipynb": json.dumps(nbformat.v4.new_notebook()),
    "source/notes.json": "{}",
    "source/header.ipynb": "{}",
    "assignments/midterm/midterm.ipynb": "{}",
    "assignments/broken/broken.ipynb": "no JSON at all",
    "assignments/tiny/data.csv": "a,b\n",
    "course_utils/shipped/settings.json": '{"colour": "blue"}',
    "course_utils/shipped/list.json": "[]",
    "course_utils/shipped/mine.f.msgpack.z": "not ours",
    "course_utils/shipped/x": "",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_course(tmp_path_factory.mktemp("built"))
    build_course(root)
    return root


@pytest.fixture
def course(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "course")


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def edit(path: Path, change: Callable[[Any], None]) -> None:
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def test_what_is_generated_is_ours(course: Path) -> None:
    assert {owner_of(course / path) for path in GENERATED} == {Owner.BUILD}
    assert owner_of(course / "source/none/none.ipynb") is Owner.NOBODY


def test_files_of_others_stay(course: Path) -> None:
    for place, text in THEIRS.items():
        (course / place).parent.mkdir(exist_ok=True)
        (course / place).write_text(text)
    # Begun as a copy of one of ours: it still names the unit that it was.
    shutil.copyfile(course / SOURCE, course / "source/midterm/midterm.ipynb")
    before = contents(course)
    build_course(course, check=True)
    assert build_course(course) == BuildResult(unchanged=len(GENERATED))
    assert contents(course) == before


def test_what_a_unit_leaves_behind_is_removed_with_the_reason(course: Path) -> None:
    for folder in ("source", "assignments"):
        gone(course, f"{folder}/gone/gone.ipynb")
    (course / "assignments/gone/data.csv").write_text("theirs")
    result = build_course(course)
    assert result.removed == {
        Path(f"{folder}/gone/gone.ipynb"): "solutions/ has no unit gone"
        for folder in ("source", "assignments")
    }
    assert not (course / "source/gone").exists(), "nothing else was in it"
    assert contents(course / "assignments/gone") == {"data.csv": b"theirs"}


def test_what_a_unit_leaves_behind_stays_if_it_was_edited(course: Path) -> None:
    path = gone(course, "source/gone/gone.ipynb")
    edit(path, lambda notebook: notebook.cells.append(nbformat.v4.new_markdown_cell("An afternoon of work.")))
    result = build_course(course)
    assert (result.removed, result.left) == (
        {},
        {Path("source/gone/gone.ipynb"): "solutions/ has no unit gone"},
    )
    assert path.is_file()
    build_course(course, check=True)


@pytest.mark.parametrize("place", OURS)
@pytest.mark.parametrize(
    "content", [b"", b"{}", b"<<<<<<< HEAD\n{}", b'"a text"', b"[" * 100_000, b"\xff\xfe"]
)
def test_what_does_not_carry_our_mark_is_not_ours(tmp_path: Path, place: str, content: bytes) -> None:
    path = tmp_path / Path(place).name
    path.write_bytes(content)
    assert owner_of(path) is Owner.SOMEBODY


def test_files_that_are_not_ours_are_not_replaced(course: Path) -> None:
    for place in OURS:
        (course / place).write_bytes(b"{}")
    before = contents(course)
    for overwrite in (False, True):
        with pytest.raises(UserError) as error:
            build_course(course, overwrite=overwrite)
        said = str(error.value).splitlines()
        assert [line.split(":")[0] for line in said] == list(OURS)
        assert all("not made by it" in line and "move it, or delete it" in line for line in said)
    with pytest.raises(UserError, match=rf"  {SOURCE} \(not made by the build\)"):
        build_course(course, check=True)
    assert contents(course) == before
    for place in OURS:
        (course / place).unlink()
    assert [str(path) for path in build_course(course).written] == list(OURS)


def test_a_record_that_a_merge_has_broken_is_made_anew(course: Path) -> None:
    (course / BUILT).write_text("<<<<<<< HEAD")
    assert build_course(course).written == [Path(BUILT)]


def test_a_folder_in_the_place_of_a_file(course: Path) -> None:
    (course / SOURCE).unlink()
    (course / SOURCE).mkdir()
    with pytest.raises(UserError, match=f"{SOURCE}: stands where"):
        build_course(course)


EDITS: dict[str, Callable[[Any], None]] = {
    "a cell more": lambda notebook: notebook.cells.append(nbformat.v4.new_markdown_cell("Mine.")),
    "a cell less": lambda notebook: notebook.cells.pop(3),
    "other words": lambda notebook: notebook.cells[2].update(source="Mine."),
    "other points": lambda notebook: next(
        cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("points")
    ).metadata.nbgrader.update(points=9),
}


@pytest.mark.parametrize("place", [SOURCE, RELEASE])
@pytest.mark.parametrize("name", EDITS)
def test_edits_are_not_lost(course: Path, place: str, name: str) -> None:
    fresh = (course / place).read_bytes()
    edit(course / place, EDITS[name])
    edited = contents(course)
    with pytest.raises(
        UserError, match=rf"^{place}: was edited .* solutions/tiny/, and build with --overwrite"
    ):
        build_course(course)
    with pytest.raises(UserError, match=rf"  {place} \(edited since it was made\)"):
        build_course(course, check=True)
    assert contents(course) == edited
    assert build_course(course, overwrite=True).written == [Path(place)]
    assert (course / place).read_bytes() == fresh


def test_an_edited_page_of_units(course: Path) -> None:
    with (course / INDEX).open("a") as page:
        page.write("\nOffice hours: Monday.\n")
    with pytest.raises(UserError, match=f"^{INDEX}: was edited .* into course.toml"):
        build_course(course)
    assert build_course(course, overwrite=True).written == [Path(INDEX)]


@pytest.mark.parametrize("place", [SOURCE, RELEASE])
def test_running_and_saving_is_no_edit(course: Path, place: str) -> None:
    def run(notebook: Any) -> None:
        for cell in notebook.cells:
            cell.metadata["tags"] = []
            if cell.cell_type == "code":
                cell.outputs = [nbformat.v4.new_output("stream", text="hello")]
                cell.execution_count = 3
        notebook.metadata.kernelspec["display_name"] = "course"
        notebook.metadata.language_info["version"] = "3.13.1"

    edit(course / place, run)
    assert build_course(course).written == [Path(place)]


def test_files_of_earlier_versions_are_replaced(course: Path) -> None:
    """They carry no seal, and a unit's file had its exercises in it."""
    for place in (SOURCE, RELEASE):
        edit(course / place, lambda notebook: notebook.metadata.course.pop("seal"))
    text = (course / INDEX).read_text()
    (course / INDEX).write_text(re.sub("; seal [0-9a-f]+", "", text).replace("points", "marks"))
    (course / UNIT).write_text('{"unit": "tiny", "exercises": [{"id": "tiny.scale"}], "imports": {}}')
    (course / BUILT).unlink()
    assert len(build_course(course).written) == 5


def test_a_folder_that_cannot_be_written(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (course / SOURCE).read_bytes()
    notebook = course / "solutions/tiny/notebook.md"
    notebook.write_text(notebook.read_text().replace("Why a quarter?", "Why not a third?"))

    def full(source: Path, target: Path) -> None:
        Path(target).write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("autograder.publish.build.shutil.copyfile", full)
    with pytest.raises(WriteError, match=f"{RELEASE} cannot be written: No space left on device"):
        build_course(course)
    assert (course / SOURCE).read_bytes() == before
    assert not list(course.rglob("*.part"))


def test_no_place_for_temporary_files(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(course / "none"))
    with pytest.raises(WriteError, match=r"none/.* cannot be written: No such file .* TMPDIR"):
        build_course(course)


def test_recorded_units_of_others(tmp_path: Path) -> None:
    path = tmp_path / "moco.json"
    path.write_bytes(shipped.record_unit(["moco.enqueue"], {}))
    assert owner_of(path) is Owner.BUILD
    path.write_bytes(shipped.record_unit(["simclr.nt_xent"], {}))
    assert owner_of(path) is Owner.SOMEBODY
