"""nbgrader's own commands where its settings do not reach: which file is read, what is made, what is out of date.

`install_converters` puts these in the places from which nbgrader's command line and Formgrader take theirs; nbgrader
has no setting for them.
"""

from __future__ import annotations

import contextlib
import glob
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbconvert.exporters import Exporter
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import NbGraderException
from traitlets import Type

from autograder.errors import UserError
from autograder.nbgrader.disabled import REFUSED, give_full_points, why_refused
from autograder.nbgrader.failures import EarlierResult, told_in_a_sentence
from autograder.nbgrader.reading import BoundedExporter
from autograder.nbgrader.seal import is_edited

if TYPE_CHECKING:
    from autograder.intake.submission import Unreadable
    from autograder.nbgrader.choosing import Chosen

# nbgrader reads its settings in every command, most of which neither grade nor make anything: what is slow to import is
# imported where it is needed.
_PLACES = {
    "nbgrader.apps.autogradeapp": "Autograde",
    "nbgrader.apps.generateassignmentapp": "GenerateAssignment",
}


def install_converters() -> None:
    """Have nbgrader use ours, in this process.

    Raises:
        RuntimeError: this version of nbgrader takes its own from other places.
    """
    ours: dict[str, type] = {"Autograde": CourseAutograde, "GenerateAssignment": CourseGenerateAssignment}
    places = [*_PLACES.items(), *(("nbgrader.apps.api", name) for name in ours)]
    for module, name in places:
        found = import_module(module)
        if not hasattr(found, name):
            raise RuntimeError(f"{module} of this nbgrader has no {name}: use nbgrader 0.9")
        setattr(found, name, ours[name])


class CourseGenerateAssignment(GenerateAssignment):
    """Makes the assignment whether or not its folder is there.

    The release is committed, so that nbgrader would find the folder in each clone, say that there is nothing to do,
    and leave the gradebook without the assignment.
    """

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        """Write over the notebook, and leave other files beside it alone; `--force` removes them, as nbgrader does."""
        return bool(super().init_destination(assignment_id, student_id)) if self.force else True

    def convert_notebooks(self) -> None:
        """As nbgrader's, which removes the folder with all that is in it when something fails: that is put back."""
        unit = self.coursedir.assignment_id
        made = Path(self.coursedir.format_path(self.coursedir.release_directory, ".", unit))
        source = Path(self.coursedir.format_path(self.coursedir.source_directory, ".", unit))
        self._tell_edited(source, "`autograder build`: it is taken as it is")
        self._tell_edited(made, "it was generated: it is written over")
        with tempfile.TemporaryDirectory() as folder:
            kept = Path(folder, "kept")
            if made.is_dir():
                shutil.copytree(made, kept)
            try:
                with told_in_a_sentence(self.log):
                    super().convert_notebooks()
            finally:
                if kept.is_dir() and not made.exists():
                    shutil.copytree(kept, made)
                    self.log.warning("%s is as it was before", made)

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """As nbgrader's.

        Raises:
            UserError: nbgrader refuses to change the cells of an assignment with hand-ins; what to do about it.
        """
        try:
            super().convert_single_notebook(notebook_filename)
        except RuntimeError as error:
            if not str(error).startswith(REFUSED):
                raise
            raise UserError(why_refused(self, self.coursedir.assignment_id)) from error

    def _tell_edited(self, folder: Path, when: str) -> None:
        """Name the notebooks of a folder that have other cells than those that were sealed."""
        for path in sorted(folder.glob("*.ipynb")):
            with contextlib.suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
                # What is no notebook is nbgrader's to refuse.
                if is_edited(json.loads(path.read_bytes())):
                    root = Path(self.coursedir.root).absolute()
                    self.log.warning("%s was edited after %s", path.absolute().relative_to(root), when)


class _ChosenExporter(BoundedExporter):
    """Reads the file that counts where nbgrader would read the one with the notebook's name."""

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> tuple[Any, Any]:
        chosen = self.parent.chosen_for(filename) if self.parent else None
        if chosen is None:
            made: tuple[Any, Any] = super().from_filename(filename, resources=resources, **kw)
            return made
        resources = self._init_resources(resources)
        resources["metadata"].update(name=Path(filename).stem, path=str(Path(filename).parent))
        return self.from_notebook_node(chosen.notebook, resources=resources, **kw)  # type: ignore[no-any-return]


class CourseAutograde(Autograde):
    """Takes the file of a student's folder that `autograder grade` takes, and says which grades are out of date."""

    # No setting: with another one the file that counts would not be read.
    exporter_class = Type(_ChosenExporter, klass=Exporter)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._chosen: dict[str, Chosen] = {}
        self._skipped: list[tuple[str, str]] = []
        self._made: list[tuple[str, str]] = []
        self._earlier = EarlierResult(self.log)

    def init_notebooks(self) -> None:
        """As nbgrader's, but each folder of a unit has the unit's notebook, whatever its files are called."""
        pattern = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
        # As nbgrader looks for them, so that the names agree.
        folders = [folder for folder in sorted(glob.glob(pattern)) if self._is_ours(folder)]  # noqa: PTH207
        try:
            super().init_notebooks()
        except NbGraderException:
            if not folders:
                raise
        for folder in folders:
            self.assignments[folder] = [f"{folder}/{self._names(folder)[0]}.ipynb"]

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        """As nbgrader's; who is passed over because there is a result already is remembered.

        nbgrader removes that result before it knows whether there will be another one: it is put back if there is none.
        """
        self._earlier.put_back()
        self._earlier.keep(Path(self._format_dest(assignment_id, student_id)), student_id)
        wanted = bool(super().init_destination(assignment_id, student_id))
        if not wanted:
            self._earlier.drop()
        if not wanted and student_id not in self.coursedir.student_id_exclude.split(","):
            self._skipped.append((assignment_id, student_id))
        return wanted

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """As nbgrader's, with the file that counts.

        Raises:
            UserError: nothing that was handed in can be read; there is no score then, and no zero.
        """
        folder = self._format_source(assignment_id, student_id)
        if not self._is_ours(folder):
            super().init_assignment(assignment_id, student_id)
            return
        from autograder.course.units import load_unit
        from autograder.intake.belonging import known_exercises
        from autograder.nbgrader.choosing import Chosen, chosen_file

        known = known_exercises(load_unit(Path(self.coursedir.root), assignment_id))
        chosen: Chosen | Unreadable = chosen_file(Path(folder), assignment_id, student_id, known)
        if isinstance(chosen, Chosen) or not self._earlier.is_there:
            with self._scores_kept(assignment_id, student_id):
                super().init_assignment(assignment_id, student_id)
        if not isinstance(chosen, Chosen):
            raise UserError(f"{student_id}: {chosen.path}: {chosen.reason}")
        name = Path(chosen.submission.path).name
        if name != f"{assignment_id}.ipynb":
            self.log.info("%s: %s is graded", student_id, name)
        self._chosen[self.notebooks[0]] = chosen

    def run_post_convert_hook(self) -> None:
        """As nbgrader's; the student's result is made then."""
        super().run_post_convert_hook()
        self._earlier.drop()
        self._made.append(self._names(str(Path(self.notebooks[0]).parent)))

    def convert_notebooks(self) -> None:
        """As nbgrader's; at the end, which grades that were left alone are older than the checks."""
        try:
            with told_in_a_sentence(self.log):
                super().convert_notebooks()
        finally:
            self._earlier.put_back()
            self._chosen.clear()
            self._settle_disabled()
            self._tell_stale()

    def chosen_for(self, filename: str) -> Chosen | None:
        """The file that counts for a notebook of that name; None for what nbgrader reads itself."""
        return self._chosen.get(filename) if self._sanitizing else None

    def _names(self, folder: str) -> tuple[str, str]:
        """The assignment and the student of a folder; empty if it has another place."""
        found = re.match(self._format_source("(?P<unit>.*)", "(?P<student>.*)", escape=True), folder)
        return (found["unit"], found["student"]) if found else ("", "")

    def _is_ours(self, folder: str) -> bool:
        """Whether a folder is one of a unit: an instructor may have other assignments as well."""
        from autograder.course.units import unit_ids

        unit, student = self._names(folder)
        root = Path(self.coursedir.root)
        asked = self.coursedir.notebook_id in ("*", unit)
        return bool(student) and asked and Path(folder).is_dir() and unit in unit_ids(root)

    @contextlib.contextmanager
    def _scores_kept(self, unit: str, student: str) -> Iterator[None]:
        """nbgrader gives 0 where the notebook has another name, before it is known whether it can be graded."""
        before = self._scores(unit, student)
        yield
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            for grade in gradebook.find_submission_notebook(unit, unit, student).grades:
                grade.auto_score, grade.needs_manual_grade = before.get(grade.name, (None, False))
            gradebook.db.commit()

    def _scores(self, unit: str, student: str) -> dict[str, tuple[float | None, bool]]:
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                grades = gradebook.find_submission_notebook(unit, unit, student).grades
            except MissingEntry:
                return {}
            return {grade.name: (grade.auto_score, grade.needs_manual_grade) for grade in grades}

    def _settle_disabled(self) -> None:
        from autograder.course.units import unit_ids

        made, self._made = self._made, []
        for unit in sorted({unit for unit, _ in made} & set(unit_ids(Path(self.coursedir.root)))):
            if said := give_full_points(self, unit, [student for of, student in made if of == unit]):
                self.log.warning("%s", said)

    def _tell_stale(self) -> None:
        from autograder.nbgrader.stale import other_points, stale_grades

        skipped, self._skipped = self._skipped, []
        if said := other_points(self, self.coursedir.assignment_id):
            self.log.warning("%s", said)
        for sentence in stale_grades(self, skipped):
            self.log.warning("%s", sentence)
