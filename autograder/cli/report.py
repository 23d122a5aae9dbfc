"""`autograder report`."""

from __future__ import annotations

from autograder.cli.terminal import OutDir, console


def report_command(folder: OutDir) -> None:
    """Write the class report and the feedback pages from a folder's grades.jsonl."""
    from autograder.grading import journal
    from autograder.report.pages import write_report

    console.print(f"The report is {write_report(folder, list(journal.read_journal(folder).values()))}")
