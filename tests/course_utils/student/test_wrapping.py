"""Lines that fit into a cell: broken between words, never inside code or the name of a file."""

from __future__ import annotations

import pytest

from course_utils.student.wrapping import LINE_WIDTH, wrapped

HIDDEN = "Hidden checks also look at: " + ", ".join(f"batches of {n} images" for n in range(12)) + "."


def test_long_sentences_are_broken_between_words_with_a_hanging_indent() -> None:
    lines = wrapped(HIDDEN, indent=8).splitlines()
    assert len(lines) > 1
    assert all(len(line) <= LINE_WIDTH for line in lines)
    assert lines[0].startswith(" " * 8 + "Hidden")
    assert all(line.startswith(" " * 10) and line[10] != " " for line in lines[1:])
    assert " ".join(" ".join(lines).split()) == HIDDEN
    assert wrapped("short") == "short"


@pytest.mark.parametrize(
    "kept",
    [
        "in line 3 of your cell: return   torch.cat([positives, queries @ queue], dim=1) / temperature",
        "/home/ada/my  problem sets/a folder/moco-submission.ipynb",
        "cu.submit('moco', notebook='my file.ipynb')",
        "'def two_views(image: Tensor, generator: torch.Generator) -> Tensor'",
        "`with torch.no_grad():`",
    ],
)
@pytest.mark.parametrize("before", range(60, 100, 7))
def test_code_and_files_are_never_broken(kept: str, before: int) -> None:
    words = ("it isn't the students' own " * 9)[:before].rsplit(" ", 1)[0]
    assert kept.split(" of your cell: ")[-1] in wrapped(f"{words} {kept}")
