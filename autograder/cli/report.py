"""`autograder report`."""

from __future__ import annotations

from rich.markup import escape

from autograder.cli.terminal import OutDir, console, messages, tell


def report_command(folder: OutDir) -> None:
    """Write the class report and the feedback pages from a folder's grades.jsonl."""
    from autograder.grading import journal
    from autograder.report.pages import write_report

    contents = journal.read_journal(folder)
    tell(messages, *contents.notices())
    path = write_report(folder, list(contents.lines.values()))
    console.print(escape(f"The report is {path}"), highlight=False, soft_wrap=True)
