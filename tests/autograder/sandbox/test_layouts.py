"""Grading where `course_utils` and `autograder` are imported from different folders, each of which holds both.

All of it without bubblewrap. Beside the package that is meant stands another of the same name that cannot be used, so
no order of the path is right: the sandbox has to import each from where the grader did.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.course.units import Unit
from autograder.errors import UserError
from autograder.sandbox import tiers, view
from tests.attacks.corpus import corpus
from tests.support import ROOT
from tests.support.notebooks import sources, write
from tests.support.optional import tiers_here

DRIVER = ROOT / "tests/support/layouts.py"
(THIEF,) = [attack for attack in corpus() if attack.name == "search/borrowed_reference"]
NOT_MEANT = 'raise ImportError("this package is not the one that the grader has imported")\n'


@dataclass(frozen=True)
class Layout:
    """Folders to import from, and where solutions lie that nobody shall read.

    Attributes:
        autograder: holds that package.
        course_utils: holds the other one.
        root: the course.
        path: what comes first in `sys.path`.
        repositories: folders with solutions, as an attacker may look for them.
    """

    autograder: Path
    course_utils: Path
    root: Path
    path: tuple[Path, ...]
    repositories: tuple[str, ...]


def package(root: Path, name: str, folder: Path) -> None:
    """Copy one of our packages, so that it can say which one it is."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(root / name, folder / name, ignore=ignored)
    with (folder / name / "__init__.py").open("a") as file:
        file.write(f'\nPLACE = "{name} of {folder.name}"\n')


def decoy(name: str, folder: Path) -> None:
    """A package that must not be imported."""
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(NOT_MEANT)


def course(root: Path, folder: Path) -> None:
    """Copy a unit and the course's own file."""
    shutil.copytree(root / "solutions/moco", folder / "solutions/moco")
    shutil.copy(root / "course.toml", folder)


def lay_out(name: str, root: Path, folder: Path) -> Layout:
    """Make the folders.

    - `course`: a course with its own `course_utils`, first on the path; `autograder` is the staff's clone.
    - `wheel`: a student's wheel of `course_utils` among the installed packages, beside the staff's clone.
    - `inside`: as `course`, but the staff's clone, with solutions, lies within the installed packages.
    """
    packages = folder / "lib" / "site-packages"
    packages.mkdir(parents=True)
    clone = (packages if name == "inside" else folder) / "clone"
    package(root, "autograder", clone)
    decoy("course_utils", clone)
    course(root, clone)
    utils = packages if name == "wheel" else folder / "course"
    package(root, "course_utils", utils)
    decoy("autograder", utils)
    if name != "wheel":
        course(root, utils)
    told = (clone, utils, "/course/packages/clone", "/course/packages", "/course/code")
    return Layout(
        clone, utils, clone if name == "wheel" else utils, (utils, clone, packages), tuple(map(str, told))
    )


Outcomes = Callable[[str, str], Any]


@pytest.fixture(scope="module")
def outcomes(root: Path, moco: Unit, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """Layout and tier -> what came of it. Both tiers of a layout are tried at once, when one of them is asked for."""

    @functools.cache
    def tried(name: str) -> dict[str, Any]:
        return run(lay_out(name, root, tmp_path_factory.mktemp(name)), moco, tmp_path_factory.mktemp("work"))

    return lambda name, tier: tried(name)[tier]


def run(layout: Layout, unit: Unit, folder: Path) -> Any:
    """Grade one who is right, and a thief for each place, by a program of its own."""
    submissions = folder / "submissions"
    write(submissions / "right.ipynb", sources(unit))
    for number, place in enumerate(layout.repositories):
        cells = []
        for id_, source in sources(unit):
            mine = id_ == THIEF.exercise.replace(".", "-")
            cells += THIEF.cells({"ROOT": place}) if mine else [(id_, source)]
        write(submissions / f"thief-{number}.ipynb", cells)
    told = {
        "autograder": str(layout.autograder),
        "course_utils": str(layout.course_utils),
        "path": [str(place) for place in layout.path],
        "root": str(layout.root),
        "submissions": str(submissions),
        "tiers": tiers.TIERS[1:],
    }
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, str(DRIVER), json.dumps(told)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(params=tiers_here())
def tier(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("layout", ["course", "wheel"])
def test_grading_where_the_packages_lie_apart(outcomes: Outcomes, layout: str, tier: str) -> None:
    check(outcomes(layout, tier), "site-packages" if layout == "wheel" else "course")


def test_namespaces_cover_a_repository_within_the_packages(outcomes: Outcomes, tier: str) -> None:
    outcome = outcomes("inside", tier)
    if tier == "full":
        check(outcome, "course")
    else:  # nothing can be covered there
        assert "clone lie in" in outcome["refused"]
        assert "move that folder elsewhere" in outcome["refused"]


def check(outcome: Any, utils: str) -> None:
    """Each package is imported from where the grader has it, grading works, and nobody gets hold of a reference."""
    assert "refused" not in outcome, outcome["refused"]
    assert f"'course_utils of {utils} autograder of clone'" in outcome["place"]
    right = outcome["grades"].pop("right")
    assert right["score"] == right["max_score"] > 0, right
    assert len(outcome["grades"]) == 5
    for student, grade in outcome["grades"].items():
        own = grade["exercises"].pop(THIEF.exercise)
        assert (own["status"], own["score"]) == ("wrong", 0.0), (student, own["checks"])
        assert {item["status"] for item in grade["exercises"].values()} == {"correct"}, student


# --- the same, without a grader ---------------------------------------------------------------------------------------


def test_a_machine_on_which_a_course_is_exposed_offers_no_restricted_tier(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = dataclasses.replace(view.make_view(), exposed=(("/usr/lib/clone", "/usr/lib"),))
    monkeypatch.setattr(tiers, "make_view", lambda **kind: seen)
    monkeypatch.setattr(tiers, "_try", lambda way: "refused")
    monkeypatch.setattr(tiers.landlock, "version", lambda: tiers.landlock.LEAST)
    found = tiers.probe.__wrapped__()
    assert found.best == "none"
    assert "/usr/lib/clone lie in /usr/lib" in found.reasons["restricted"]
    monkeypatch.setattr(tiers, "_try", lambda way: "")
    found = tiers.probe.__wrapped__()
    assert found.best == "full"
    # What is asked for by name is refused as well, though the machine has a stronger one.
    monkeypatch.setattr(tiers, "probe", lambda: found)
    assert tiers.choose(None, "restricted") == "full"
    with pytest.raises(UserError, match="--sandbox restricted: .* move that folder elsewhere"):
        tiers.choose("restricted", "restricted")


def test_a_repository_within_another_is_covered_before_it(tmp_path: Path) -> None:
    inner, outer = tmp_path / "clone/courses/mine/course_utils", tmp_path / "clone/autograder"
    roots = view._roots([outer / "__init__.py", inner / "__init__.py"])
    assert roots == [inner.parent, outer.parent]
    hidden = view._hidden([(str(tmp_path), "/usr/lib")], [], roots)
    assert [place.rstrip("/") for place in hidden] == ["/usr/lib/clone/courses/mine", "/usr/lib/clone"]


def test_both_ends_of_a_link_to_a_package_are_covered(tmp_path: Path) -> None:
    (tmp_path / "clone/course_utils").mkdir(parents=True)
    (tmp_path / "course").mkdir()
    (tmp_path / "course/course_utils").symlink_to(tmp_path / "clone/course_utils")
    found = view._roots([tmp_path / "course/course_utils/__init__.py"])
    assert set(found) == {tmp_path / "course", tmp_path / "clone"}


def test_solutions_among_the_packages_are_covered(tmp_path: Path) -> None:
    (tmp_path / "solutions").mkdir()
    hidden = view._hidden([(str(tmp_path), "/course/packages")], [str(tmp_path)], [tmp_path])
    assert hidden == ["/course/packages/solutions/"]
