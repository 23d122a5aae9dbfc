"""What nbgrader puts into its exchange: assignments with the students' package beside them, and feedback."""

from __future__ import annotations

import tempfile
from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseAssignment, ExchangeReleaseFeedback

from autograder.course.config import load_course
from autograder.errors import UserError


class ReleaseWithWheel(ExchangeReleaseAssignment):  # type: ignore[misc]
    """nbgrader's release, and with it the wheel of `course_utils`, which the set-up cell finds beside the notebook."""

    def copy_files(self) -> None:
        """Look through all of it for solutions, then copy."""
        # nbgrader looks this class up in each of its commands; torch is for this one.
        from autograder.course.units import load_unit, unit_ids
        from autograder.publish.release import build_wheel, refuse_leaks

        root = Path(self.coursedir.root)
        if self.coursedir.assignment_id not in unit_ids(root):
            # An assignment of the instructor's own.
            super().copy_files()
            return
        released = str(
            self.coursedir.format_path(self.coursedir.release_directory, ".", self.coursedir.assignment_id)
        )
        with tempfile.TemporaryDirectory(prefix="exchange-") as folder:
            made = Path(folder) / "release"
            try:
                units = [load_unit(root, unit) for unit in unit_ids(root)]
                self.do_copy(released, str(made))
                for old in made.glob("*.whl"):
                    old.unlink()
                wheel = build_wheel(root, made)
                refuse_leaks(made, units, load_course(root))
            except UserError as error:
                self.fail(f"Not released: {error}")
            self.src_path = str(made)
            super().copy_files()
        self.log.info("Beside the notebook: %s", wheel.name)


class ReleaseFeedbackOfExchange(ExchangeReleaseFeedback):  # type: ignore[misc]
    """nbgrader's release of feedback, for those who handed in through the exchange.

    Who did not cannot fetch it there, and nbgrader stops at the first one, with nobody's feedback released after that.
    """

    def copy_files(self) -> None:
        """Name who is left out, and release the others'."""
        names, unit = self.coursedir.feedback_directory, self.coursedir.assignment_id
        folders = sorted(Path(self.coursedir.format_path(names, ".", ".")).glob(f"*/{unit}"))
        # Written by `nbgrader submit`.
        needed = ("timestamp.txt", "submission_secret.txt")
        others = [
            folder.parent.name for folder in folders if not all((folder / name).is_file() for name in needed)
        ]
        if others:
            self.log.warning(
                "Not handed in through the exchange, so not released there: %s", ", ".join(others)
            )
        before = self.coursedir.student_id_exclude
        self.coursedir.student_id_exclude = ",".join([*filter(None, [before]), *others])
        try:
            super().copy_files()
        finally:
            self.coursedir.student_id_exclude = before
