"""Every hand-in finds its person: all shapes, as a folder and as a zip."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autograder.errors import UserError
from autograder.intake.belonging import KnownExercises
from autograder.intake.collect import Intake, collect
from autograder.intake.layouts import LAYOUT_NAMES
from autograder.intake.layouts.table import LAYOUTS
from autograder.intake.submission import Submission
from tests.support import ROOT, handins

KNOWN = KnownExercises("moco", ("moco.enqueue",), {"simclr": ("simclr.nt_xent",)})
CASES = [
    pytest.param(
        item, as_zip, id=f"{item.layout}-{item.name}-{'zip' if as_zip else 'folder'}".replace(" ", "_")
    )
    for item in handins.ALL
    for as_zip in (False, True)
]


def place(item: handins.HandedIn, root: Path, *, as_zip: bool) -> Path:
    return item.as_zip(root) if as_zip else item.as_folder(root)


def whose(intake: Intake) -> dict[str, str]:
    """Key -> whose work counts; empty for what is not read."""
    found = {}
    for item in intake:
        (read,) = item.read()
        said = re.search("return '(.*)'", read.cells[0].source) if isinstance(read, Submission) else None
        assert isinstance(read, Submission) or read.reason
        found[item.person.key] = said[1] if said else ""
    return found


@pytest.mark.parametrize(("item", "as_zip"), CASES)
def test_everybody_gets_their_own(item: handins.HandedIn, as_zip: bool, tmp_path: Path) -> None:
    intake = collect([place(item, tmp_path, as_zip=as_zip)], "moco", known=KNOWN)
    assert whose(intake) == item.people
    assert len({found.student for found in intake}) == len(item.people)
    files = sum(len(_inside(name, content)) for name, content in item.files.items() if not name.endswith("/"))
    assert intake.counts().seen == files


def _inside(name: str, content: bytes) -> list[str]:
    import io
    import zipfile

    if not name.endswith(".zip"):
        return [name]
    return [
        inner for inner in zipfile.ZipFile(io.BytesIO(content)).namelist() if not inner.startswith("__MACOSX")
    ]


@pytest.mark.parametrize("item", handins.ALL, ids=lambda item: f"{item.layout}-{item.name}".replace(" ", "_"))
def test_the_layout_is_recognised_and_can_be_named(item: handins.HandedIn, tmp_path: Path) -> None:
    path = item.as_folder(tmp_path)
    recognised = collect([path], "moco", known=KNOWN)
    named = collect([path], "moco", known=KNOWN, layout=item.layout)
    assert recognised.places == named.places
    assert {found.person for found in recognised} == {found.person for found in named}


def test_the_names_of_layouts() -> None:
    assert tuple(layout.name for layout in LAYOUTS) == LAYOUT_NAMES
    assert {item.layout for item in handins.ALL} == set(LAYOUT_NAMES)


def test_the_table_in_the_docs(tmp_path: Path) -> None:
    found = {}
    for number, item in enumerate(handins.ALL):
        for as_zip in (False, True):
            path = place(item, tmp_path / f"{number}{as_zip}", as_zip=as_zip)
            found[f"{item.layout}: {item.name}", as_zip] = whose(collect([path], "moco", known=KNOWN))
    made = handins.in_markdown(handins.tallies(found))
    assert len(handins.ALL) >= 40
    assert made in (ROOT / "docs/hand-ins.md").read_text(encoding="utf-8"), made


def test_who_handed_in_alone_as_well_keeps_it_from_the_group(tmp_path: Path) -> None:
    def submission(number: int, *names: str) -> str:
        who = "".join(f"  - :name: {name}\n    :sid: {name}\n" for name in names)
        return f"submission_{number}:\n  :submitters:\n{who}"

    metadata = "---\n" + submission(1, "Bob") + submission(2, "Ada", "Bob")
    item = handins.HandedIn(
        "a group, and one of it alone",
        "gradescope",
        {
            "submission_metadata.yml": metadata.encode(),
            "submission_1/moco (1).ipynb": handins.work("Bob alone"),
            "submission_2/moco.ipynb": handins.work("both"),
        },
        {},
    )
    intake = collect([item.as_folder(tmp_path)], "moco", known=KNOWN)
    assert whose(intake) == {"gradescope:Ada": "both", "gradescope:Bob": "both"}
    assert intake.counts() == collect([item.as_zip(tmp_path)], "moco", known=KNOWN).counts()


def test_names_that_a_zip_calls_utf_8_have_one_unicode_form(tmp_path: Path) -> None:
    files = {"Zo\u00eb/moco.ipynb": handins.work("Z"), "Zoe\u0308/notes.pdf": b"%PDF", "bob/moco.ipynb": b""}
    item = handins.HandedIn("two forms", "names", files, {})
    intake = collect([item.as_zip(tmp_path)], "moco", known=KNOWN)
    assert [found.person.key for found in intake] == ["Zo\u00eb", "bob"]


@pytest.mark.parametrize("around", ["ssl2026/submissions", "Week 5/moco", "dl/moco/submissions"])
def test_folders_around_a_systems_download_are_nobodys(around: str, tmp_path: Path) -> None:
    files = {
        f"{around}/ada_1_1_moco.ipynb": handins.work("1"),
        f"{around}/bob_2_2_moco.ipynb": handins.work("2"),
    }
    item = handins.HandedIn("in folders", "canvas", {**files, "README.md": b"x"}, {})
    intake = collect([item.as_zip(tmp_path)], "moco", known=KNOWN)
    assert whose(intake) == {"canvas:1": "1", "canvas:2": "2"}


def test_a_released_notebook_beside_a_download_is_asked_about(tmp_path: Path) -> None:
    files = {f"dl/{name}_{n}_{n}_moco.ipynb": handins.work(name) for n, name in ((1, "ada"), (2, "bob"))}
    path = handins.HandedIn("", "", {**files, "moco.ipynb": handins.blank()}, {}).as_folder(tmp_path)
    with pytest.raises(UserError, match="the download of several people"):
        collect([path], "moco", known=KNOWN)
    beside = handins.HandedIn("", "", {**files, "exam.pdf": b"%PDF", "feedback/a.html": b"x"}, {}, place="b")
    intake = collect([beside.as_folder(tmp_path)], "moco", known=KNOWN)
    assert whose(intake) == {"canvas:1": "ada", "canvas:2": "bob"}
    assert intake.counts().ignored["files beside the download"] == 2


def test_downloads_of_sections(tmp_path: Path) -> None:
    files = {
        "mon/Ada_1_assignsubmission_file_/moco.ipynb": handins.work("ada"),
        "tue/Ada_1_assignsubmission_file_/moco.ipynb": handins.work("another ada"),
    }
    intake = collect([handins.HandedIn("", "", files, {}).as_folder(tmp_path)], "moco", known=KNOWN)
    assert whose(intake) == {"mon/moodle:1": "ada", "tue/moodle:1": "another ada"}
    assert {found.person.section for found in intake} == {"mon", "tue"}


def test_a_folder_with_nothing_but_what_is_hidden_is_somebodys(tmp_path: Path) -> None:
    files = {
        "Ada_1_assignsubmission_file_/.ipynb_checkpoints/moco-checkpoint.ipynb": handins.work("ada"),
        "Bob_2_assignsubmission_file_/moco.ipynb": handins.work("bob"),
    }
    item = handins.HandedIn("", "", files, {})
    for path in (item.as_folder(tmp_path), item.as_zip(tmp_path)):
        assert whose(collect([path], "moco", known=KNOWN)) == {"moodle:1": "", "moodle:2": "bob"}
