"""What each idea changes in the reference, so that two ideas can be put into one function.

Both are written out first: local names and private helpers are replaced by what they stand for, so that it does not
matter which a function uses. What differs then is the idea's *edit*: for some places of the reference's syntax tree
what stands there instead. Edits that touch different places can be made together.
"""

from __future__ import annotations

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from autograder.course.sources import standalone_tree
from autograder.quality.behaviours import Function
from autograder.quality.writing_out import (
    Renamed,
    Spelled,
    helpers_of,
    with_numbered_names,
    without_labels,
    written_out,
)
from course_utils.checks.definition import misconception, right

# From the top of a tree downwards: names of fields, and places in lists.
Path = tuple[str | int, ...]

# An idea that differs in more places than this is another function, and no edit.
_MOST_PLACES = 12


@dataclass(frozen=True, eq=False)
class Piece:
    """One place of an edit.

    Attributes:
        path: the place in the reference.
        node: what stands there instead: a node, or a list of statements or arguments.
        kept: where in `node` the reference's own node stands on, for what was put around it.
        inner: the place below `path` that is left, for what was taken away around it; `node` is None then.
    """

    path: Path
    node: Any = None
    kept: Path | None = None
    inner: Path | None = None

    def meets(self, other: Piece) -> bool:
        """Whether the two cannot both be made."""
        one, another = (self, other) if len(self.path) <= len(other.path) else (other, self)
        if another.path[: len(one.path)] != one.path:
            return False
        if one.path == another.path or (one.kept is None and one.inner is None):
            return True
        below = one.path + (one.inner or ())
        return another.path[: len(below)] != below


@dataclass(frozen=True)
class Edit:
    """What an idea changes.

    Attributes:
        pieces: the places.
        names: what the changed text may use besides what the reference does.
    """

    pieces: tuple[Piece, ...]
    names: Mapping[str, Any]

    def meets(self, other: Edit) -> bool:
        """Whether the two change the same place."""
        return any(one.meets(another) for one in self.pieces for another in other.pieces)


class Text:
    """A right function into which edits can be put."""

    def __init__(self, right: FunctionType, name: str) -> None:
        """Take a right function, and the name that it is to have.

        Raises:
            OSError: its source is not to be had.
            ValueError: it is more than its body, or takes its arguments in another way than by position.
        """
        self._names = dict(right.__globals__)
        self._name = name
        self._parameters: list[str] = []
        self._tree = self._tree_of(right)
        self._parameters = [argument.arg for argument in self._tree.args.args]

    def compare(self, function: FunctionType) -> Edit | None:
        """All in which a wrong function differs from this text; None if it is no edit of it."""
        try:
            tree = self._tree_of(function)
        except (OSError, SyntaxError, ValueError):
            return None
        # A loop without an end is the one thing that can't be tried.
        if any(isinstance(node, ast.While) for node in ast.walk(tree)):
            return None
        pieces = tuple(_differences(self._tree, tree, ()))
        if not pieces or len(pieces) > _MOST_PLACES or any(len(piece.path) < 2 for piece in pieces):
            return None
        return Edit(pieces, dict(function.__globals__))

    def least(self, edit: Edit, shows: Callable[[Function], bool]) -> Edit | None:
        """As few places of an edit as still show the idea; None if all of them don't.

        Args:
            edit: from `compare`.
            shows: whether a function shows what the idea does.
        """
        pieces = edit.pieces
        made = self.apply([edit])
        if made is None or not shows(made):
            return None
        # The parts of one call may only be changed back together: `stack(...).flatten(...)` for `cat(...)`.
        calls = dict.fromkeys(_call_around(piece.path) for piece in pieces)
        groups = [{piece for piece in pieces if _call_around(piece.path) == call} for call in calls]
        for group in [*groups, *({piece} for piece in pieces)]:
            fewer = tuple(piece for piece in pieces if piece not in group)
            if not fewer or len(fewer) == len(pieces):
                continue
            made = self.apply([Edit(fewer, edit.names)])
            if made is not None and shows(made):
                pieces = fewer
        return Edit(pieces, edit.names)

    def apply(self, edits: Sequence[Edit]) -> FunctionType | None:
        """The text with all of these edits, no two of which meet; None if that is no function."""
        tree = _edited(self._tree, (), [piece for edit in edits for piece in edit.pieces])
        namespace = {name: value for edit in edits for name, value in edit.names.items()} | self._names
        try:
            # As text and back: what cannot be written by hand does not count.
            exec(compile(ast.unparse(ast.fix_missing_locations(tree)), "<edited>", "exec"), namespace)
        except (SyntaxError, ValueError, AttributeError, TypeError):
            return None
        made = namespace.get(self._name)
        return made if isinstance(made, FunctionType) else None

    def _tree_of(self, function: FunctionType) -> ast.FunctionDef:
        """A function written out, with this text's names."""
        if function.__name__ == self._name:
            # The reference or a slip in it: private helpers stand in its file.
            tree, helpers = standalone_tree(function), {}
        else:
            found = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
            if not isinstance(found, ast.FunctionDef):
                raise ValueError(function.__name__)
            tree, helpers = found, helpers_of(found, function)
        own = [argument.arg for argument in tree.args.args]
        wanted = self._parameters or own
        # `@misconception(...)` says nothing of what is computed; `@torch.no_grad()` does.
        others = [item for item in tree.decorator_list if not _is_label(item)]
        if len(own) != len(wanted) or tree.args.vararg or tree.args.kwonlyargs or others:
            raise ValueError(function.__name__)
        tree = Renamed(dict(zip(own, wanted, strict=True))).visit(tree)
        tree.name = self._name
        return Spelled().visit(with_numbered_names(written_out(without_labels(tree), helpers)))  # type: ignore[no-any-return]


def _call_around(path: Path) -> Path:
    """The outermost of the calls in a chain of methods to which a place belongs."""
    cut = len(path)
    while cut and path[cut - 1] in ("func", "args", "keywords", "value", "attr"):
        cut -= 1
    return path[:cut]


def _is_label(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Name) and called.id in (misconception.__name__, right.__name__)


# --- comparing ----------------------------------------------------------------------------------------------------


def _differences(one: ast.AST, other: ast.AST, path: Path) -> Iterator[Piece]:
    """The places in which two trees differ."""
    if ast.dump(one) == ast.dump(other):
        return
    if isinstance(one, ast.expr) and isinstance(other, ast.expr):
        if (place := _find(other, one)) is not None:
            yield Piece(path, node=other, kept=place)
            return
        if (place := _find(one, other)) is not None:
            yield Piece(path, inner=place)
            return
    if type(one) is not type(other) or isinstance(one, ast.Name | ast.Constant):
        yield Piece(path, node=other)
        return
    found: list[Piece] = []
    for name in one._fields:
        left, right = getattr(one, name), getattr(other, name)
        if isinstance(left, ast.AST) and isinstance(right, ast.AST):
            found += _differences(left, right, (*path, name))
        elif isinstance(left, list) and isinstance(right, list):
            found += _of_lists(left, right, (*path, name))
        elif left != right:
            # A method, a number, a missing part: the node as a whole.
            found.append(Piece((*path, name), node=right))
    yield from found


def _of_lists(left: list[Any], right: list[Any], path: Path) -> Iterator[Piece]:
    if len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            if isinstance(one, ast.AST) and isinstance(other, ast.AST):
                yield from _differences(one, other, (*path, index))
            elif one != other:
                yield Piece((*path, index), node=other)
        return
    # What is the same at both ends stays; of the rest, the first few are compared one by one.
    ends = [ast.dump(item) for item in left], [ast.dump(item) for item in right]
    first = next((i for i, (a, b) in enumerate(zip(*ends, strict=False)) if a != b), min(map(len, ends)))
    tail = 0
    while tail < min(map(len, ends)) - first and ends[0][-1 - tail] == ends[1][-1 - tail]:
        tail += 1
    old, new = left[first : len(left) - tail], right[first : len(right) - tail]
    if len(old) == 1 and not new and isinstance(old[0], ast.stmt):
        yield Piece((*path, first), node=[])
    elif old and new and isinstance(old[0], ast.stmt) and len(new) > len(old):
        # More statements than before: all of them in the first one's place.
        yield Piece((*path, first), node=new)
        yield from (Piece((*path, first + i), node=[]) for i in range(1, len(old)))
    elif not old and new and isinstance(new[0], ast.stmt) and left:
        if first < len(left):
            yield Piece((*path, first), node=[*new, left[first]], kept=(len(new),))
        else:
            yield Piece((*path, first - 1), node=[left[-1], *new], kept=(0,))
    else:
        yield Piece(path, node=right)


def _find(tree: ast.AST, wanted: ast.AST) -> Path | None:
    """Where in a tree a node stands that is not its top."""
    text = ast.dump(wanted)
    waiting: list[tuple[ast.AST, Path]] = [(tree, ())]
    while waiting:
        node, path = waiting.pop(0)
        for name in node._fields:
            value = getattr(node, name)
            items = [(value, (*path, name))] if isinstance(value, ast.AST) else []
            if isinstance(value, list):
                items = [
                    (item, (*path, name, index))
                    for index, item in enumerate(value)
                    if isinstance(item, ast.AST)
                ]
            for item, place in items:
                if ast.dump(item) == text and not isinstance(wanted, ast.Constant | ast.Name):
                    return place
                waiting.append((item, place))
    return None


# --- putting in ---------------------------------------------------------------------------------------------------


def _edited(node: Any, path: Path, pieces: Sequence[Piece]) -> Any:
    """A copy of what stands at a place of the reference, with the pieces put in."""
    below = [piece for piece in pieces if piece.path[: len(path)] == path]
    if not below:
        return copy.deepcopy(node)
    here = next((piece for piece in below if piece.path == path), None)
    rest = [piece for piece in below if piece is not here]
    if here is not None:
        if here.inner is not None:
            return _edited(_at(node, here.inner), path + here.inner, rest)
        if here.kept is None:
            return copy.deepcopy(here.node)
        made = copy.deepcopy(here.node)
        return _put(made, here.kept, _edited(node, path, rest))
    if isinstance(node, list):
        found: list[Any] = []
        for index, item in enumerate(node):
            new = _edited(item, (*path, index), rest)
            found += new if isinstance(new, list) else [new]
        return found
    made = copy.copy(node)
    for name in getattr(node, "_fields", ()):
        setattr(made, name, _edited(getattr(node, name), (*path, name), rest))
    return made


def _at(node: Any, path: Path) -> Any:
    for step in path:
        node = node[step] if isinstance(step, int) else getattr(node, step)
    return node


def _put(node: Any, path: Path, value: Any) -> Any:
    owner, last = _at(node, path[:-1]), path[-1]
    if isinstance(last, int):
        owner[last : last + 1] = value if isinstance(value, list) else [value]
    else:
        setattr(owner, last, value)
    return node
