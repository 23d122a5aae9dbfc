"""Find written answers again whose cells lost their names, or whose text stands beside its cell.

nbgrader knows a written answer by metadata of its cell, which editors and copying lose; of a cell that it puts back it
says that nothing was answered, and gives 0. Here the released notebook says what stood above and below each answer, and
what a student wrote in that place is taken for it. Where nothing is found, a person is asked, never a 0 given.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from nbformat import NotebookNode

from course_utils.slices.python_text import MAX_CELL_CODE, Unparsable, parse_python

NOTE = "note"
FOUND = "This answer was not in its own cell. It was found by its place in the notebook and put here."
JOINED = "This answer stood in several cells. Their texts were put together here."
LOST = (
    "The cell of this answer was not in the notebook that was handed in, and no answer was found in its place. "
    "A person looks for it in the whole notebook before it gets points."
)
# Prose above an answer that is looked at: the question, a line with its points.
_MOST_PROMPTS = 3
# A shorter line may stand in any cell by chance.
_LONG_LINE = 20
# What is compared of a cell; no answer is longer.
_LONGEST = 50_000


def is_written(cell: NotebookNode) -> bool:
    """Whether a released cell is an answer that a person grades."""
    facts = cell.metadata.get("nbgrader", {})
    return bool(facts.get("grade") and facts.get("solution"))


def note_of(cell: NotebookNode) -> str:
    """What `restore_answers` says of a cell; empty for most."""
    section = cell.metadata.get("course")
    said = section.get(NOTE) if isinstance(section, dict) else None
    return said if isinstance(said, str) else ""


def join_answers(carriers: Sequence[NotebookNode], kept: NotebookNode, original: NotebookNode) -> bool:
    """Put the texts of all cells that carry one answer's id into one of them, as when a cell was split.

    Args:
        carriers: the cells, in the order of the notebook.
        kept: the one that counts.
        original: the released cell.

    Returns:
        Whether there was more than one text.
    """
    texts = list(dict.fromkeys(_text_of(cell) for cell in carriers if not _is_blank(cell, original)))
    if len(texts) > 1:
        kept["source"] = "\n\n".join(texts)
        set_note(kept, JOINED)
    return len(texts) > 1


def set_note(cell: NotebookNode, note: str) -> None:
    """Say something of a cell to whoever grades it and to the student."""
    section = cell.metadata.get("course")
    cell.metadata["course"] = {**(section if isinstance(section, dict) else {}), NOTE: note}


def restore_answers(
    nb: NotebookNode, released: Sequence[NotebookNode], kept: dict[str, NotebookNode]
) -> list[str]:
    """Give each written answer its cell again.

    Args:
        nb: what was handed in; changed in place. No text of the student's is taken out of it.
        released: the cells that students got.
        kept: grade id -> the submission's cell of that id; completed by those that are found or put back.

    Returns:
        A sentence for each answer that was not in its own cell.
    """
    search = _Search(nb, released, kept)
    return [
        f"{name}: {note}"
        for index, original in enumerate(released)
        if is_written(original) and (name := _name(original)) and (note := search.restore(index, name))
    ]


class _Search:
    def __init__(
        self, nb: NotebookNode, released: Sequence[NotebookNode], kept: dict[str, NotebookNode]
    ) -> None:
        self._nb = nb
        self._released = released
        self._kept = kept
        self._taken: set[int] = set()
        self._anchors = _anchors(nb.cells, released, kept)
        # Questions with something written into them.
        self._edited = self._edited_prompts()

    def restore(self, index: int, name: str) -> str:
        """Find one answer. Returns what is to be said of it; empty if it is where it should be."""
        original = self._released[index]
        own = self._kept.get(name)
        if own is not None and not _is_blank(own, original):
            return ""
        prompts = self._prompts(index)
        place, between = self._between(index, prompts)
        if own is None:
            # A cell as it was released, without its name.
            own = next((cell for cell in between if self._anchors.get(id(cell)) == index), None)
        texts, sources = self._answers(between, prompts, original, strict=own is not None)
        if not texts:
            if own is not None:
                self._name_it(own, name, original)
                return ""
            self._put_back(place, name, original)
            return LOST
        if own is None:
            own = sources[0]
            if id(own) in self._edited:
                # The question keeps its cell.
                own = copy.deepcopy(original)
                self._nb.cells.insert(self._position(sources[0]) + 1, own)
        own["source"] = "\n\n".join(texts)
        self._name_it(own, name, original)
        set_note(own, FOUND)
        return FOUND

    def _prompts(self, index: int) -> dict[int, str]:
        """Index of each released cell of prose right above an answer -> its text, the nearest first."""
        found: dict[int, str] = {}
        for above in range(index - 1, -1, -1):
            cell = self._released[above]
            if cell.cell_type != "markdown" or _name(cell) or len(found) == _MOST_PROMPTS:
                break
            found[above] = cell.source
        return found

    def _edited_prompts(self) -> dict[int, int]:
        """Identity of each cell that holds a question and more -> the question's index in the release."""
        answers = (index for index, cell in enumerate(self._released) if is_written(cell))
        prompts = {above: text for index in answers for above, text in self._prompts(index).items()}
        there = set(self._anchors.values())
        left = [cell for cell in self._nb.cells if id(cell) not in self._anchors]
        found: dict[int, int] = {}
        for above, text in sorted(prompts.items()):
            if above not in there:
                cells = (cell for cell in left if id(cell) not in found and _holds(cell.source, text))
                if cell := next(cells, None):
                    found[id(cell)] = above
        return found

    def _place(self, cell: NotebookNode) -> int | None:
        """The index in the release of the cell that this one is, or grew from."""
        return self._anchors.get(id(cell), self._edited.get(id(cell)))

    def _prompt_cells(self, prompts: set[int]) -> list[NotebookNode]:
        """The cells of an answer's question, in the order of the notebook."""
        return [cell for cell in self._nb.cells if self._place(cell) in prompts]

    def _between(self, index: int, prompts: Mapping[int, str]) -> tuple[int | None, list[NotebookNode]]:
        """Where an answer belongs, and the cells there: from its question to the next cell of the release."""
        cells = self._nb.cells
        # Lines with points are alike above all answers, so that one may be taken for another.
        alike = {_squeezed(text) for text in prompts.values()}
        ours = {i for i, cell in enumerate(self._released) if _squeezed(cell.source) in alike}
        heads = self._prompt_cells(set(prompts))
        if not heads:
            return self._above_the_next(index)
        # From the question down: its other lines stand there too.
        start = end = self._position(heads[0])
        while end < len(cells) and self._place(cells[end]) in (None, index, *ours):
            end += 1
        while start and self._place(cells[start - 1]) in prompts:
            start -= 1
        last = max(i for i in range(start, end) if self._place(cells[i]) in ours)
        return last + 1, cells[start:end]

    def _above_the_next(self, index: int) -> tuple[int | None, list[NotebookNode]]:
        """Where the question is gone, what stands right above the cell that followed the answer."""
        cells = self._nb.cells
        end = next((i for i, cell in enumerate(cells) if self._anchors.get(id(cell)) == index + 1), None)
        if end is None:
            return None, []
        start = end
        while start and self._place(cells[start - 1]) in (None, index):
            start -= 1
        return end, cells[start:end]

    def _answers(
        self,
        cells: Sequence[NotebookNode],
        prompts: Mapping[int, str],
        original: NotebookNode,
        *,
        strict: bool,
    ) -> tuple[list[str], list[NotebookNode]]:
        """Texts of a student in these cells, and the cells."""
        texts, sources = [], []
        for cell in cells:
            if id(cell) in self._anchors or id(cell) in self._taken or _is_blank(cell, original):
                continue
            if cell.cell_type == "code" and not _is_prose(cell.source, strict=strict):
                continue
            text = _beyond(_text_of(cell), list(prompts.values()))
            if _squeezed(text) and _squeezed(text) != _squeezed(original.source):
                texts.append(text)
                sources.append(cell)
        self._taken.update(map(id, sources))
        return texts, sources

    def _name_it(self, cell: NotebookNode, name: str, original: NotebookNode) -> None:
        if cell.cell_type != original.cell_type:
            retype(cell, original.cell_type)
        cell.metadata["nbgrader"] = copy.deepcopy(original.metadata["nbgrader"])
        self._kept[name] = cell
        self._anchors[id(cell)] = self._index(name)

    def _put_back(self, place: int | None, name: str, original: NotebookNode) -> None:
        """A cell that says that the answer was lost: unlike an empty one it waits for a person."""
        cell = copy.deepcopy(original)
        cell["source"] = f"*{LOST}*"
        set_note(cell, LOST)
        if place is None:
            # After the last released cell above it that is there.
            index = self._index(name)
            places = [
                i for i, item in enumerate(self._nb.cells) if self._anchors.get(id(item), index) < index
            ]
            place = max(places, default=-1) + 1
        self._nb.cells.insert(place, cell)
        self._kept[name] = cell
        self._anchors[id(cell)] = self._index(name)

    def _index(self, name: str) -> int:
        return next(i for i, cell in enumerate(self._released) if _name(cell) == name)

    def _position(self, cell: NotebookNode) -> int:
        return next(i for i, item in enumerate(self._nb.cells) if item is cell)


def retype(cell: NotebookNode, cell_type: str) -> None:
    """Make a cell one of another type."""
    cell["cell_type"] = cell_type
    for key in ("outputs", "execution_count", "attachments"):
        cell.pop(key, None)
    if cell_type == "code":
        cell["outputs"], cell["execution_count"] = [], None


def _anchors(
    cells: Sequence[NotebookNode], released: Sequence[NotebookNode], kept: Mapping[str, NotebookNode]
) -> dict[int, int]:
    """Identity of each cell that is one of the release -> its index there, by its name or by its text."""
    names = {id(cell): name for name, cell in kept.items()}
    theirs: list[Any] = [names.get(id(cell)) or _key(cell, number) for number, cell in enumerate(cells)]
    ours: list[Any] = [
        name if (name := _name(cell)) in kept else _key(cell, -1 - number)
        for number, cell in enumerate(released)
    ]
    found = {}
    for block in SequenceMatcher(None, theirs, ours, autojunk=False).get_matching_blocks():
        for step in range(block.size):
            found[id(cells[block.a + step])] = block.b + step
    # What was moved is out of order, and still the only one of its text.
    matched = set(found.values())
    left = {key: number for number, key in enumerate(ours) if number not in matched and ours.count(key) == 1}
    for key, cell in zip(theirs, cells, strict=True):
        if id(cell) not in found and key in left:
            found[id(cell)] = left.pop(key)
    return found


def _key(cell: NotebookNode, number: int) -> tuple[str, str] | int:
    """Cells of one text have one key; an empty cell is like no other."""
    text = _squeezed(cell.source)
    return ("text", text) if text else number


def _name(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _is_blank(cell: NotebookNode, original: NotebookNode) -> bool:
    return _squeezed(cell.source) in ("", _squeezed(original.source))


def _squeezed(text: str) -> str:
    return " ".join(text[:_LONGEST].split())


def _holds(text: str, prompt: str) -> bool:
    """Whether a cell holds most of a question."""
    lines = _lines(prompt)
    there = _squeezed(text)
    known = [line for line in lines if line in there]
    return bool(lines) and 2 * sum(map(len, known)) >= sum(map(len, lines))


def _lines(prompt: str) -> list[str]:
    """The lines by which a question is known: long ones, or the longest."""
    lines = [_squeezed(line) for line in prompt.splitlines()]
    return [line for line in lines if len(line) >= _LONG_LINE] or sorted(filter(None, lines), key=len)[-1:]


def _beyond(text: str, prompts: Sequence[str]) -> str:
    """A text without the questions in it."""
    if not any(_holds(text, prompt) for prompt in prompts):
        return text
    told = {_squeezed(line) for prompt in prompts for line in prompt.splitlines()} - {""}
    known = [line for prompt in prompts for line in _lines(prompt)]
    left = []
    for line in text[:_LONGEST].splitlines():
        said = _squeezed(line)
        if said in told:
            continue
        for question in known:
            if question in said:
                said = said.replace(question, " ").strip()
                line = said
        left.append(line)
    return "\n".join(left).strip()


def _text_of(cell: NotebookNode) -> str:
    """A cell's text as Markdown: what is code stays as it is."""
    text = cell.source.strip()
    if cell.cell_type != "code" or not text:
        return text
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}\n{text}\n{fence}"


def _is_prose(source: str, *, strict: bool) -> bool:
    """Whether a code cell holds words: no Python at all, or strings, comments and names only.

    Args:
        source: the cell's text.
        strict: do not take what is empty of statements, such as comments, for an answer.
    """
    if len(source) > MAX_CELL_CODE or source.lstrip().startswith(("%", "!")):
        return False
    try:
        tree = parse_python(source)
    except Unparsable:
        return True
    if not tree.body:
        return not strict
    kinds = (ast.Expr, ast.Constant, ast.Name, ast.Load, ast.JoinedStr, ast.FormattedValue)
    return all(isinstance(node, kinds) for part in tree.body for node in ast.walk(part))
