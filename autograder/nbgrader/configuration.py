"""How nbgrader is set up for a course: `nbgrader_config.py` and the build call `configure`."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder.course.config import load_course
from autograder.errors import UserError
from autograder.nbgrader.converters import install_converters
from autograder.nbgrader.lateness import install_lateness, install_times

STUB = "# Your code takes the place of this line and the next."
ANSWER_STUB = "*Your answer takes the place of this line.*"
_NOT_RIGHT_YET = (
    'VALIDATION FAILED ON {num_failed} CELL(S)! "Partial credit" stands here for wrong and for not attempted '
    "alike: run the cell in the notebook to see which it is, and why. Hidden checks are not run here.\n"
)
_OURS = "autograder.nbgrader.preprocessors"
_PAGES = "autograder.nbgrader.pages"
_NBGRADER = "nbgrader.preprocessors"
_RUBRIC = "autograder.nbgrader.rubric"
_EXCHANGE = "autograder.publish.exchange"


def configure(config: Config, root: Path) -> None:
    """Set up nbgrader for a course.

    Args:
        config: what `get_config()` gives in `nbgrader_config.py`.
        root: the course's repository.
    """
    config.CourseDirectory.root = str(root)
    install_times()
    if (root / "course.toml").is_file():
        _configure_exchange(config, root)
        install_converters()
        install_lateness(root)
    config.CourseDirectory.release_directory = "assignments"
    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = ANSWER_STUB
    config.GenerateAssignment.preprocessors = [
        f"{_OURS}.RemoveSourceNotes",
        f"{_NBGRADER}.LockCells",
        f"{_NBGRADER}.ClearSolutions",
        f"{_NBGRADER}.ClearOutput",
        f"{_NBGRADER}.CheckCellMetadata",
        f"{_NBGRADER}.ComputeChecksums",
        f"{_OURS}.SealCells",
        f"{_NBGRADER}.SaveCells",
        f"{_OURS}.SaveDueDate",
    ]
    config.Autograde.sanitize_preprocessors = [
        f"{_NBGRADER}.ClearOutput",
        f"{_OURS}.RepairCells",
        f"{_NBGRADER}.OverwriteKernelspec",
        f"{_NBGRADER}.OverwriteCells",
        f"{_NBGRADER}.CheckCellMetadata",
        # After all that may make a text of a student's into Markdown.
        f"{_PAGES}.CleanCells",
    ]
    config.Autograde.autograde_preprocessors = [
        f"{_OURS}.GradeExercises",
        f"{_NBGRADER}.SaveAutoGrades",
        f"{_OURS}.SaveNotes",
        f"{_OURS}.SaveDueDate",
        f"{_NBGRADER}.AssignLatePenalties",
        f"{_NBGRADER}.CheckCellMetadata",
    ]
    config.AssignLatePenalties.plugin_class = f"{_OURS}.LatePolicy"
    # For Formgrader's pages and for feedback; the rubric is for Formgrader's alone.
    config.HTMLExporter.preprocessors = [
        f"{_PAGES}.CleanPage",
        f"{_RUBRIC}.ShowRubric",
    ]
    config.HTMLExporter.filters = {
        "markdown2html": f"{_PAGES}.markdown_filter",
        "strip_files_prefix": f"{_PAGES}.strip_no_prefix",
    }
    config.GenerateFeedback.preprocessors = [
        "autograder.nbgrader.late.RenewLatePenalty",
        f"{_NBGRADER}.GetGrades",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    config.ExportApp.plugin_class = "autograder.nbgrader.late.CsvExportWithPenalties"
    # `nbgrader validate` runs the whole notebook, 30 seconds a cell unless told otherwise.
    config.Execute.timeout = 120
    # What nbgrader says of each failed cell, "Partial credit; passed some but not all", is true of few of them.
    config.Validator.failed_warning = _NOT_RIGHT_YET
    # nbgrader's queries make newer SQLAlchemy talk; none of it is for the person at the terminal.
    warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")
    if Path(sys.argv[0]).name == "nbgrader":
        # Only for the command: a JupyterLab that loads this file too must not force its kernels.
        os.environ.setdefault("COURSE_PROFILE", "check")


def _configure_exchange(config: Config, root: Path) -> None:
    """The course's id and its exchange, which nbgrader asks for when assignments are released and collected."""
    try:
        course = load_course(root)
    except UserError as error:
        # nbgrader would only log this and go on with its defaults.
        sys.exit(f"nbgrader_config.py: {error}")
    config.CourseDirectory.course_id = course.id
    config.ExchangeFactory.release_assignment = f"{_EXCHANGE}.ReleaseWithWheel"
    config.ExchangeFactory.release_feedback = f"{_EXCHANGE}.ReleaseFeedbackOfExchange"
    if course.exchange:
        config.Exchange.root = str((root / course.exchange).absolute())
