"""The part of benchmarks/README.md that a report makes, between its two markers."""

from pathlib import Path

README = Path(__file__).resolve().parent / "README.md"


def put_in(text: str, made: str, marks: tuple[str, str]) -> str:
    """The README's text with what was made between the markers.

    Args:
        text: of the README.
        made: what a report has to say.
        marks: the lines before and after it.

    Raises:
        ValueError: a marker is missing.
    """
    begin, end = (f"{mark}\n" for mark in marks)
    head, found, rest = text.partition(begin)
    _, found_end, tail = rest.partition(end)
    if not found or not found_end:
        raise ValueError(f"{README.name} needs the lines {marks[0]!r} and {marks[1]!r}")
    return f"{head}{begin}\n{made}\n{end}{tail}"
