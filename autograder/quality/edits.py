"""What each idea changes in the reference, so that two ideas can be put into one function.

Both are written out first: local names and private helpers are replaced by what they stand for, so that it does not
matter which a function uses. What differs then is the idea's *edit*: for some places of the reference's syntax tree what stands
there instead. Edits that touch different places can be made together.
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
from course_utils.checks.definition import misconception, right

Function = Callable[..., Any]
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

    def size(self, edit: Edit) -> int:
        """How much of the text an edit replaces, in nodes of its tree."""
        found = 0
        for piece in edit.pieces:
            node = _at(self._tree, piece.path)
            for item in node if isinstance(node, list) else [node]:
                if piece.kept is None and isinstance(item, ast.AST):
                    found += sum(1 for _ in ast.walk(item))
        return found

    def _tree_of(self, function: FunctionType) -> ast.FunctionDef:
        """A function written out, with this text's names."""
        if function.__name__ == self._name:
            # The reference or a slip in it: private helpers stand in its file.
            tree, helpers = standalone_tree(function), {}
        else:
            found = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
            if not isinstance(found, ast.FunctionDef):
                raise ValueError(function.__name__)
            tree, helpers = found, _helpers(found, function)
        own = [argument.arg for argument in tree.args.args]
        wanted = self._parameters or own
        # `@misconception(...)` says nothing of what is computed; `@torch.no_grad()` does.
        others = [item for item in tree.decorator_list if not _is_label(item)]
        if len(own) != len(wanted) or tree.args.vararg or tree.args.kwonlyargs or others:
            raise ValueError(function.__name__)
        tree = _Rename(dict(zip(own, wanted, strict=True))).visit(tree)
        tree.name = self._name
        return _Spelled().visit(_canonical(_written_out(_bare(tree), helpers)))  # type: ignore[no-any-return]


def _call_around(path: Path) -> Path:
    """The outermost of the calls in a chain of methods to which a place belongs."""
    cut = len(path)
    while cut and path[cut - 1] in ("func", "args", "keywords", "value", "attr"):
        cut -= 1
    return path[:cut]


def _is_label(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Name) and called.id in (misconception.__name__, right.__name__)


def _bare(tree: ast.FunctionDef) -> ast.FunctionDef:
    tree.decorator_list, tree.returns = [], None
    for argument in tree.args.args:
        argument.annotation = None
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:] or [ast.Pass()]
    return tree


# --- writing out --------------------------------------------------------------------------------------------------


class _Rename(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self._names.get(node.arg, node.arg)
        return node


def _helpers(tree: ast.FunctionDef, function: FunctionType) -> dict[str, ast.FunctionDef]:
    """The private functions of its file that a function calls, each written out."""
    found: dict[str, ast.FunctionDef] = {}
    for node in ast.walk(tree):
        name = node.id if isinstance(node, ast.Name) else ""
        helper = function.__globals__.get(name) if name.startswith("_") and name not in found else None
        if not isinstance(helper, FunctionType) or helper.__module__ != function.__module__:
            continue
        made = ast.parse(textwrap.dedent(inspect.getsource(helper))).body[0]
        if isinstance(made, ast.FunctionDef) and not made.decorator_list:
            found[name] = made
            found |= _helpers(made, helper)
    return {name: _written_out(_bare(made), found) for name, made in reversed(found.items())}


def _canonical(tree: ast.FunctionDef) -> ast.FunctionDef:
    """Local names that are left are numbered."""
    names: dict[str, str] = {}
    parameters = {argument.arg for argument in tree.args.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in parameters:
            names.setdefault(node.id, f"local_{len(names)}")
    return _Rename(names).visit(tree)  # type: ignore[no-any-return]


def _written_out(tree: ast.FunctionDef, helpers: Mapping[str, ast.FunctionDef]) -> ast.FunctionDef:
    """A function with its local names and its helpers replaced by what they stand for."""
    body: list[ast.stmt] = []
    known: dict[str, ast.expr] = {}
    helpers = dict(helpers)
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            helpers[statement.name] = _written_out(_bare(statement), helpers)
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            continue
        substitute = _Substitute(known, helpers)
        bound = list(_bound(statement, known))
        if bound:
            values = [substitute.visit(copy.deepcopy(value)) for _, value in bound]
            body += substitute.above
            known.update(zip((name for name, _ in bound), values, strict=True))
            continue
        inside = {
            node.id
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        for name in inside & known.keys():
            body.append(ast.Assign([ast.Name(name, ast.Store())], known.pop(name)))
        written = substitute.visit(copy.deepcopy(statement))
        body += substitute.above
        body += written if isinstance(written, list) else [written]
    return ast.FunctionDef(tree.name, tree.args, body or [ast.Pass()], [], lineno=1)


# Functions of torch that are methods as well, with the names of what stands behind the tensor.
_METHODS = {
    **dict.fromkeys(("softmax", "log_softmax", "sum", "mean", "cumsum", "logsumexp", "unsqueeze"), ("dim",)),
    **dict.fromkeys(("amax", "amin", "argmax", "squeeze"), ("dim",)),
    **dict.fromkeys(("flatten", "transpose", "permute", "roll", "flip", "unflatten", "clamp", "detach"), ()),
    **dict.fromkeys(("exp", "log", "sqrt", "square", "tanh", "matmul", "bmm"), ()),
}


class _Spelled(ast.NodeTransformer):
    """One spelling for what can be written in several ways: methods, `dim=`, `@`, `.transpose(1, 2)`."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr != "mT":
            return node
        method = ast.Attribute(node.value, "transpose", ast.Load())
        return ast.Call(method, [ast.Constant(1), ast.Constant(2)], [])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Attribute):
            return node
        name, owner = node.func.attr, node.func.value
        is_module = isinstance(owner, ast.Name) and owner.id in ("torch", "F")
        if is_module and name == "einsum":
            return self._product(node) or node
        if name == "reshape":
            return self._split(node) or node
        if name not in _METHODS or any(isinstance(item, ast.Starred) for item in node.args):
            return node
        if is_module:
            if not node.args:
                return node
            owner, *arguments = node.args
        else:
            arguments = list(node.args)
        if name in ("matmul", "bmm") and len(arguments) == 1:
            return ast.BinOp(owner, ast.MatMult(), arguments[0])
        keywords = list(node.keywords)
        for parameter in _METHODS[name]:
            if arguments:
                keywords.insert(0, ast.keyword(parameter, arguments.pop(0)))
        return ast.Call(ast.Attribute(owner, name, ast.Load()), arguments, keywords)

    def _split(self, node: ast.Call) -> ast.AST | None:
        """`x.reshape(*y.shape[:2], *sizes)` as `x.unflatten(2, sizes)`, which it is for an x of three dimensions."""
        if len(node.args) != 2 or not all(isinstance(item, ast.Starred) for item in node.args):
            return None
        assert isinstance(node.func, ast.Attribute), "a method"
        first, sizes = (item.value for item in node.args if isinstance(item, ast.Starred))
        if (
            isinstance(first, ast.Subscript)
            and isinstance(first.value, ast.Attribute)
            and first.value.attr == "shape"
            and isinstance(first.slice, ast.Slice)
            and isinstance(first.slice.upper, ast.Constant)
        ):
            return ast.Call(
                ast.Attribute(node.func.value, "unflatten", ast.Load()), [first.slice.upper, sizes], []
            )
        return None

    def _product(self, node: ast.Call) -> ast.AST | None:
        """An einsum over one common index of batches of matrices, as a product."""
        equation = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        if not isinstance(equation, str) or len(node.args) != 3:
            return None
        inputs, _, output = equation.replace(" ", "").partition("->")
        left, _, right_ = inputs.partition(",")
        if not len(left) == len(right_) == len(output) == 3 or not left[0] == right_[0] == output[0]:
            return None
        rows, columns = output[1], output[2]
        shared = (set(left) & set(right_)) - {output[0]}
        if len(shared) != 1 or rows not in left or columns not in right_:
            return None
        (over,) = shared
        one, other = node.args[1:]
        return ast.BinOp(
            one if left[1:] == rows + over else _transposed(one),
            ast.MatMult(),
            other if right_[1:] == over + columns else _transposed(other),
        )


def _transposed(value: ast.expr) -> ast.expr:
    return ast.Call(ast.Attribute(value, "transpose", ast.Load()), [ast.Constant(1), ast.Constant(2)], [])


def _bound(statement: ast.stmt, known: Mapping[str, ast.expr]) -> Iterator[tuple[str, ast.expr]]:
    """Local names that a plain assignment binds, or that a method changes in place, with their values."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
        if isinstance(target, ast.Name):
            yield target.id, value
        elif isinstance(target, ast.Tuple) and all(isinstance(item, ast.Name) for item in target.elts):
            names = [item.id for item in target.elts if isinstance(item, ast.Name)]
            if isinstance(value, ast.Tuple) and len(value.elts) == len(names):
                yield from zip(names, value.elts, strict=True)
            elif (
                isinstance(value, ast.GeneratorExp)
                and len(value.generators) == 1
                and isinstance(value.generators[0].iter, ast.Tuple)
                and isinstance(value.generators[0].target, ast.Name)
                and len(value.generators[0].iter.elts) == len(names)
            ):
                over = value.generators[0]
                for name, item in zip(names, over.iter.elts, strict=True):  # type: ignore[attr-defined]
                    yield name, _Substitute({over.target.id: item}, {}).visit(copy.deepcopy(value.elt))  # type: ignore[attr-defined]
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        called = statement.value.func
        if isinstance(called, ast.Attribute) and called.attr.endswith("_"):
            owner = called.value
            if isinstance(owner, ast.Name) and owner.id in known:
                yield owner.id, statement.value


class _Substitute(ast.NodeTransformer):
    """Puts in what names stand for.

    Attributes:
        above: statements of helpers that belong above the one that was visited.
    """

    def __init__(self, known: Mapping[str, ast.expr], helpers: Mapping[str, ast.FunctionDef]) -> None:
        self._known, self._helpers = known, helpers
        self.above: list[ast.stmt] = []

    def visit_Name(self, node: ast.Name) -> ast.AST:
        value = self._known.get(node.id) if isinstance(node.ctx, ast.Load) else None
        return copy.deepcopy(value) if value is not None else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        helper = self._helper(node)
        if helper is None or not isinstance(helper.body[-1], ast.Return) or helper.body[-1].value is None:
            return node
        *before, last = _called(helper, node)
        self.above += [item for item in before if ast.dump(item) not in map(ast.dump, self.above)]
        return last.value  # type: ignore[attr-defined,no-any-return]

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        """A helper that is called for what it does: its statements."""
        self.generic_visit(node)
        helper = self._helper(node.value) if isinstance(node.value, ast.Call) else None
        if helper is None or isinstance(helper.body[-1], ast.Return):
            return node
        return _called(helper, node.value)  # type: ignore[arg-type]

    def _helper(self, call: ast.Call) -> ast.FunctionDef | None:
        helper = self._helpers.get(call.func.id) if isinstance(call.func, ast.Name) else None
        if helper is None or call.keywords:
            return None
        parameters, defaults = len(helper.args.args), len(helper.args.defaults)
        if not parameters - defaults <= len(call.args) <= parameters:
            return None
        returns = [
            item for item in ast.walk(helper) if isinstance(item, ast.Return) and item is not helper.body[-1]
        ]
        return None if returns else helper


def _called(helper: ast.FunctionDef, call: ast.Call) -> list[ast.stmt]:
    """The statements of a helper with the arguments of a call."""
    missing = len(helper.args.args) - len(call.args)
    values = [*call.args, *helper.args.defaults[len(helper.args.defaults) - missing :]]
    names = dict(zip((argument.arg for argument in helper.args.args), values, strict=True))
    return [_Substitute(names, {}).visit(copy.deepcopy(item)) for item in helper.body]


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
