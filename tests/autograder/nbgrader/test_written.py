"""Written answers whose cells lost their names, or that stand beside their cells."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.nbgrader.written import FOUND, JOINED, LOST, join_answers, note_of, restore_answers

STUB = "*Your answer takes the place of this line.*"
FIRST = "**Question 1.** Why is the queue longer than a batch of keys?\nSay it in two sentences."
SECOND = "**Question 2.** What happens to the loss at a momentum of one?"
POINTS = "*Written answer · 2 points · about 10 minutes*"


def answer(name: str) -> NotebookNode:
    facts = {"grade": True, "solution": True, "locked": False, "grade_id": name, "points": 2.0}
    return nbformat.v4.new_markdown_cell(
        STUB, id=name, metadata={"nbgrader": facts, "course": {"answer": name}}
    )


def stub() -> NotebookNode:
    facts = {"grade": False, "solution": True, "locked": False, "grade_id": "u-f"}
    return nbformat.v4.new_code_cell("def f(): ...", id="u-f", metadata={"nbgrader": facts})


def markdown(text: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(text)


@pytest.fixture
def released() -> list[NotebookNode]:
    cells = [markdown("# A unit"), stub(), nbformat.v4.new_code_cell("plot(f)")]
    cells += [markdown(FIRST), markdown(POINTS), answer("u-q1")]
    cells += [markdown(SECOND), markdown(POINTS), answer("u-q2"), markdown("## Handing in")]
    return cells


def without_names(cells: list[NotebookNode]) -> list[NotebookNode]:
    made = copy.deepcopy(cells)
    for number, cell in enumerate(made):
        cell["metadata"], cell["id"] = NotebookNode(), f"colab-{number}"
    return made


def named(cells: list[NotebookNode], *names: str) -> dict[str, NotebookNode]:
    return {name: cell for cell in cells for name in names if cell.get("id") == name}


Edit = Callable[[list[NotebookNode]], None]


def in_place(cells: list[NotebookNode]) -> None:
    cells[5].source, cells[8].source = "The first answer.", "The second answer."


def pasted(cells: list[NotebookNode]) -> None:
    cells[5:6] = [markdown("The first answer.")]
    cells[8:9] = [markdown("The second answer.")]


def as_code(cells: list[NotebookNode]) -> None:
    cells[5:6] = [nbformat.v4.new_code_cell("The first answer.")]
    cells[8:9] = [nbformat.v4.new_code_cell('"""The second answer."""')]


def as_raw(cells: list[NotebookNode]) -> None:
    cells[5:6] = [nbformat.v4.new_raw_cell("The first answer.")]
    cells[8:9] = [nbformat.v4.new_raw_cell("The second answer.")]


def split(cells: list[NotebookNode]) -> None:
    cells[8:9] = [markdown("The second"), markdown("answer.")]
    cells[5:6] = [markdown("The first"), nbformat.v4.new_raw_cell("answer.")]


def into_the_question(cells: list[NotebookNode]) -> None:
    del cells[8], cells[5]
    cells[3].source += "\n\nThe first answer."
    cells[5].source += " The second answer."


def into_the_points(cells: list[NotebookNode]) -> None:
    del cells[8], cells[5]
    cells[4].source += "\nThe first answer."
    cells[6].source += "\nThe second answer."


def below_the_stub(cells: list[NotebookNode]) -> None:
    cells.insert(9, markdown("The second answer."))
    cells.insert(6, markdown("The first answer."))


@pytest.mark.parametrize(
    "edit", [in_place, pasted, as_code, as_raw, split, into_the_question, into_the_points, below_the_stub]
)
def test_answers_are_found(released: list[NotebookNode], edit: Edit) -> None:
    cells = without_names(released)
    edit(cells)
    before = [cell.source for cell in cells]
    nb = nbformat.v4.new_notebook(cells=cells)
    kept = dict[str, NotebookNode]()
    told = restore_answers(nb, released, kept)
    for name, word in (("u-q1", "first"), ("u-q2", "second")):
        cell = kept[name]
        assert cell.cell_type == "markdown"
        assert cell.metadata["nbgrader"]["grade_id"] == name
        assert f"The {word}" in cell.source
        assert "answer." in cell.source
        assert "Question" not in cell.source
        assert ("second" in cell.source) is (word == "second")
        assert note_of(cell) == FOUND
    assert len(told) == 2
    after = "\n".join(cell.source for cell in nb.cells)
    assert all(line in after for text in before for line in text.splitlines() if text != STUB), (
        "nothing is lost"
    )


@pytest.mark.parametrize("edit", [into_the_question, into_the_points, pasted, as_raw])
def test_an_empty_cell_is_filled_with_what_stands_beside_it(released: list[NotebookNode], edit: Edit) -> None:
    cells = without_names(released)
    edit(cells)
    short = edit in (into_the_question, into_the_points)
    cells.insert(7 if short else 9, answer("u-q2"))
    cells.insert(5, answer("u-q1"))
    nb, kept = nbformat.v4.new_notebook(cells=cells), named(cells, "u-q1", "u-q2")
    restore_answers(nb, released, kept)
    assert kept["u-q1"].source == "The first answer."
    assert kept["u-q2"].source == "The second answer."


def test_what_cannot_be_found_waits_with_a_note(released: list[NotebookNode]) -> None:
    cells = without_names(released)
    del cells[8], cells[5]
    cells.insert(5, nbformat.v4.new_code_cell("x = 1\nprint(x)"))
    nb, kept = nbformat.v4.new_notebook(cells=cells), dict[str, NotebookNode]()
    told = restore_answers(nb, released, kept)
    assert len(told) == 2
    for name in ("u-q1", "u-q2"):
        assert LOST in kept[name].source
        assert note_of(kept[name]) == LOST
    texts = [cell.source for cell in nb.cells]
    assert texts.index(f"*{LOST}*") == texts.index(POINTS) + 1, "below its question"


def test_a_blank_answer_is_blank(released: list[NotebookNode]) -> None:
    cells = without_names(released)
    # A test of one's own below an answer is no answer.
    cells.insert(6, nbformat.v4.new_code_cell('cu.submit("u")\n# done'))
    nb, kept = nbformat.v4.new_notebook(cells=cells), dict[str, NotebookNode]()
    assert restore_answers(nb, released, kept) == []
    assert [kept[name].source for name in ("u-q1", "u-q2")] == [STUB, STUB]
    assert not any(note_of(cell) for cell in nb.cells)


def test_an_answer_in_its_cell_is_left_alone(released: list[NotebookNode]) -> None:
    cells = copy.deepcopy(released)
    in_place(cells)
    cells.insert(6, markdown("More of it."))
    nb, kept = nbformat.v4.new_notebook(cells=cells), named(cells, "u-q1", "u-q2")
    assert restore_answers(nb, released, kept) == []
    assert kept["u-q1"].source == "The first answer."


def test_questions_that_were_moved(released: list[NotebookNode]) -> None:
    cells = without_names(released)
    pasted(cells)
    cells[3:9] = cells[6:9] + cells[3:6]
    nb, kept = nbformat.v4.new_notebook(cells=cells), dict[str, NotebookNode]()
    restore_answers(nb, released, kept)
    assert (kept["u-q1"].source, kept["u-q2"].source) == ("The first answer.", "The second answer.")


def test_where_questions_are_gone_what_follows_tells(released: list[NotebookNode]) -> None:
    cells = without_names(released)
    pasted(cells)
    del cells[7], cells[6]
    cells[6:6] = [nbformat.v4.new_code_cell("y = 2")]
    nb, kept = nbformat.v4.new_notebook(cells=cells), dict[str, NotebookNode]()
    restore_answers(nb, released, kept)
    assert "The second answer." in kept["u-q1"].source + kept["u-q2"].source
    assert all(note_of(kept[name]) for name in ("u-q1", "u-q2"))


def test_the_texts_of_a_split_cell_are_joined() -> None:
    original = answer("u-q1")
    carriers = [copy.deepcopy(original) for _ in range(4)]
    for cell, text in zip(carriers, ("One.", STUB, "Two.", "One."), strict=True):
        cell["source"] = text
    assert join_answers(carriers, carriers[2], original)
    assert carriers[2].source == "One.\n\nTwo."
    assert note_of(carriers[2]) == JOINED
    assert not join_answers(carriers[:2], carriers[0], original)
    assert note_of(carriers[0]) == ""


def test_many_copies_of_a_question_take_no_time(released: list[NotebookNode]) -> None:
    cells = [markdown(f"{FIRST}\n{number}") for number in range(3000)]
    nb, kept = nbformat.v4.new_notebook(cells=cells), dict[str, NotebookNode]()
    restore_answers(nb, released, kept)
    assert all(note_of(cell) for cell in kept.values())


def note_given(value: Any) -> str:
    cell = markdown("x")
    cell.metadata["course"] = value
    return note_of(cell)


@pytest.mark.parametrize("value", [None, 3, "note", ["note"], {"note": 3}])
def test_strange_metadata_say_nothing(value: Any) -> None:
    assert note_given(value) == ""
