"""`autograder release`."""

from __future__ import annotations

from autograder.cli.terminal import OutDir, console
from autograder.errors import writing


def release_command(folder: OutDir) -> None:
    """Write what students get: notebooks, the course_utils wheel, README."""
    from autograder.course.config import find_root
    from autograder.publish.release import write_release as run

    with writing(folder):
        run(find_root(), folder)
    console.print(f"The release is in {folder}")
