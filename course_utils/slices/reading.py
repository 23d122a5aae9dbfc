"""What stands in a cell: its binding statements, the names these use and give a value to, and what the cell checks.

Nothing is executed. What was read is kept, since most cells of a class are as they were released.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import cached_property

from course_utils.slices.bounded import Bounded
from course_utils.slices.checked import CheckCall, check_aliases, check_calls
from course_utils.slices.python_text import (
    Unparsable,
    ipython_work,
    parse,
    parse_magics,
    parse_python,
    written_file,
)
from course_utils.slices.statements import DEFINITION, FILLING, binding_part, filled_name

# Nodes of syntax trees that are kept for the next student, at some 500 bytes each.
_MOST_NODES = 200_000
# Methods of arrays that change them; those of tensors end with an underscore.
_CHANGES_ARRAY = frozenset(("fill", "put", "itemset", "partition", "resize"))
# What makes a container; calls of these too.
_CONTAINERS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_MAKES_CONTAINER = frozenset(
    ("list", "dict", "set", "deque", "defaultdict", "Counter", "OrderedDict", "ChainMap", "sorted")
)


@dataclass(frozen=True)
class Part:
    """What a top-level statement binds.

    Attributes:
        index: its place among all top-level statements of the cell.
        node: the part of it that binds.
        binds: names it gives a value to; `"*"` for a star import. A name whose value it changes is one of them.
        printed: it is a loop that prints as well, which its part does not.
        stars: names that its star imports of the student's own files give a value to.
    """

    index: int
    node: ast.stmt
    binds: frozenset[str]
    printed: bool = False
    stars: frozenset[str] = frozenset()

    @cached_property
    def uses(self) -> frozenset[str]:
        """Global names that are read in it. A function's own variables are none, whatever they are called."""
        try:
            return global_names(self.node)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            # What parses may still not compile: `global pointer` after its use. The sandbox will say so.
            return frozenset()

    @cached_property
    def fills(self) -> frozenset[str]:
        """Names on which it calls methods that fill a container, as far as it binds them."""
        return self.binds & set(map(filled_name, loose(self.node)))

    @cached_property
    def values(self) -> frozenset[str]:
        """Names that get a value of their own; not those that are only changed, as by `x += 1` and `table[0] = 1`."""
        return frozenset(_values(self.node)) | self.stars

    @cached_property
    def containers(self) -> frozenset[str]:
        """Names that get a list, a dictionary or another container that is made on the spot."""
        return frozenset(_containers(self.node))

    @cached_property
    def surely(self) -> frozenset[str]:
        """Names whose value after it does not depend on what they were before."""
        sure = self.stars if isinstance(self.node, ast.ImportFrom) else frozenset()
        return sure.union(_surely(self.node)) - (
            frozenset() if isinstance(self.node, DEFINITION) else self.uses
        )


@dataclass(frozen=True)
class ModuleLoad:
    """A module that a cell's own statements load.

    Attributes:
        index: of the statement among all of the cell.
        module: with its dots; for `from a import b`, which may load `a.b` too, both.
        again: by `importlib.reload`; then the module is what the notebook calls so.
        name: under which it is known, if that is another one: `b` for `import a as b` and `from a import b`.
    """

    index: int
    module: str
    again: bool = False
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Read:
    """A cell that was read.

    Attributes:
        text: the cell as plain Python.
        problem: why it is none, then empty of parts.
        needs_ipython: it is no Python as it stands, and holds what might be magics.
        nodes: of its syntax tree.
        checks: calls that may be of `cu.check`.
        aliases: other names that it gives to `check`.
        left: names that statements which are no part give a value or fill: those of each.
        touched: names on which loose expressions call, or hand on, methods that fill a container.
        loads: the modules that it imports outside functions, or loads again.
        file: the name and the text of the file that the cell writes, and whether to the end of one that is there.
    """

    text: str
    parts: tuple[Part, ...] = ()
    problem: str = ""
    needs_ipython: bool = False
    nodes: int = 1
    checks: tuple[CheckCall, ...] = ()
    aliases: frozenset[str] = frozenset()
    left: tuple[frozenset[str], ...] = ()
    touched: frozenset[str] = frozenset()
    loads: tuple[ModuleLoad, ...] = ()
    file: tuple[str, str, bool] | None = None


def _read(source: str, how: str) -> Read:
    """Read a cell as `python`, with magics as `ipython` understands them, or without `lines` that look like magics."""
    try:
        text, tree = (
            (source, parse_python(source)) if how == "python" else parse_magics(source, how == "ipython")
        )
        # Which imports stay depends on the files that are handed in.
        parts = [(index, binding_part(node, modules=None)) for index, node in enumerate(tree.body)]
        read = tuple(
            Part(
                index, part, names_bound_by(part), isinstance(part, ast.For) and part is not tree.body[index]
            )
            for index, part in parts
            if part is not None
        )
        return Read(
            text=text,
            parts=read,
            nodes=sum(1 for _ in ast.walk(tree)),
            checks=tuple(check_calls(tree)),
            aliases=frozenset(check_aliases(tree)),
            left=tuple(_left(tree, {index for index, part in parts if part is not None})),
            touched=frozenset(_changed_by(tree, lambda attribute: attribute.attr in FILLING)),
            loads=tuple(loads_of(tree)),
            file=None if how == "python" else written_file(source),
        )
    except Unparsable as error:
        return Read(
            text=source, problem=str(error), needs_ipython=how == "python" and ipython_work(source) > 0
        )
    except RecursionError:
        return Read(text=source, problem="it is nested too deeply")


# Cells that were read before: most of a class's are as they were released. Parts remember what they use: a tree that is
# larger than a tenth would drive out what is of use.
read_cell = Bounded(
    _read,
    lambda read, source, how: read.nodes + len(source) // 10,
    most=_MOST_NODES,
    largest=_MOST_NODES // 10,
)


def import_prelude(source: str) -> dict[str, str]:
    """Name -> import statement, for every top-level import of a Python source."""
    prelude = {}
    for node in parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom) and getattr(node, "module", None) != "__future__":
            prelude.update(dict.fromkeys(sorted(names_bound_by(node)), ast.unparse(node)))
    return prelude


def global_names(node: ast.stmt) -> frozenset[str]:
    """Names that a top-level statement looks up in the notebook's namespace, now or when its functions are called."""

    def walk(table: symtable.SymbolTable, top: bool) -> Iterator[str]:
        for symbol in table.get_symbols():
            if (symbol.is_referenced() or symbol.is_declared_global()) and (top or symbol.is_global()):
                yield symbol.get_name()
        for child in table.get_children():
            yield from walk(child, top=False)

    names = set(walk(symtable.symtable(ast.unparse(node), "cell", "exec"), top=True))
    # `x += 1` and `table["a"] = 1` read what they change, and `del x` needs what it takes away.
    changed: list[ast.expr] = [child.target for child in loose(node) if isinstance(child, ast.AugAssign)]
    changed += [target for child in loose(node) if isinstance(child, ast.Delete) for target in child.targets]
    return frozenset(names.union(*map(_stored, changed)))


def is_stub(node: ast.stmt) -> bool:
    """Only a docstring, `pass`, `...` or `raise NotImplementedError`."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    for statement in node.body:
        if isinstance(statement, ast.Pass):
            continue
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if isinstance(statement, ast.Raise) and any(
            isinstance(child, ast.Name) and child.id == "NotImplementedError" for child in ast.walk(statement)
        ):
            continue
        return False
    return True


def hands_on(node: ast.stmt, name: str) -> bool:
    """Whether a function is used otherwise than by calling it: `f = f(x)` keeps a result, and makes no function."""
    called = {id(child.func) for child in ast.walk(node) if isinstance(child, ast.Call)}
    return any(
        isinstance(child, ast.Name)
        and child.id == name
        and isinstance(child.ctx, ast.Load)
        and id(child) not in called
        for child in ast.walk(node)
    )


# --- names ------------------------------------------------------------------------------------------------------


def _body(node: ast.AST) -> list[ast.stmt]:
    parts = [*getattr(node, "body", []), *getattr(node, "orelse", []), *getattr(node, "finalbody", [])]
    for handler in getattr(node, "handlers", []):
        parts += handler.body
    return parts


def loose(node: ast.AST) -> Iterator[ast.AST]:
    """The statement and those in its branches and loops; not those of functions and classes."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        if isinstance(found, ast.If | ast.Try | ast.With | ast.For | ast.While):
            waiting += _body(found)


def names_bound_by(node: ast.stmt, fills: Container[str] | None = None) -> frozenset[str]:
    """Names that a statement gives a value to, or whose value it changes; `"*"` for a star import.

    Args:
        node: the statement.
        fills: the names that calls like `x = table.pop()` change; None for all names.
    """
    if isinstance(node, DEFINITION):
        return frozenset({node.name})
    if isinstance(node, ast.Import | ast.ImportFrom):
        return frozenset((alias.asname or alias.name.split(".")[0]) for alias in node.names)
    if isinstance(node, ast.If | ast.Try | ast.With | ast.For):
        names = {name for child in _body(node) for name in names_bound_by(child, fills)}
        if isinstance(node, ast.For):
            names |= _stored(node.target)
        if isinstance(node, ast.If):
            # `if (k := 3) > 2:`
            names |= _stored(node.test)
        for item in getattr(node, "items", []):
            if item.optional_vars is not None:
                names |= _stored(item.optional_vars)
        return frozenset(names)
    if isinstance(node, ast.AnnAssign) and node.value is None:
        # `x: int` says something of x, and gives it nothing.
        return frozenset()
    filled = filled_name(node)
    return frozenset(_stored(node) | ({filled} if filled and (fills is None or filled in fills) else set()))


def _values(node: ast.AST) -> Iterator[str]:
    for child in loose(node):
        if isinstance(child, DEFINITION):
            yield child.name
        elif isinstance(child, ast.Import | ast.ImportFrom):
            yield from names_bound_by(child)
        elif isinstance(child, ast.Assign):
            yield from (name for target in child.targets for name in _plain_names(target))
        elif isinstance(child, ast.For) or (isinstance(child, ast.AnnAssign) and child.value is not None):
            yield from _plain_names(child.target)
        elif isinstance(child, ast.With):
            yield from (
                name
                for item in child.items
                if item.optional_vars
                for name in _plain_names(item.optional_vars)
            )


def _plain_names(target: ast.AST) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for item in target.elts:
            yield from _plain_names(item)
    elif isinstance(target, ast.Starred):
        yield from _plain_names(target.value)


def _containers(node: ast.AST) -> Iterator[str]:
    return (name for name, value in given_values(node) if _is_container(value))


def given_values(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names with the expressions whose values a statement gives them, one by one in `a, b = [], {}`."""
    for child in loose(node):
        if isinstance(child, ast.Assign):
            for target in child.targets:
                yield from _given(target, child.value)
        elif isinstance(child, ast.AnnAssign) and child.value is not None:
            yield from _given(child.target, child.value)


def _given(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
        for one, other in zip(target.elts, value.elts, strict=False):
            yield from _given(one, other)


def _is_container(value: ast.expr) -> bool:
    if isinstance(value, ast.BinOp):
        # `[0] * 5`, `first + [3]`, `{...} | {...}`
        return _is_container(value.left) or _is_container(value.right)
    if isinstance(value, ast.Call):
        made = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        return made in _MAKES_CONTAINER
    return isinstance(value, _CONTAINERS)


def _surely(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.With):
        for item in node.items:
            if item.optional_vars:
                yield from _plain_names(item.optional_vars)
        for child in node.body:
            yield from _surely(child)
    elif isinstance(node, (*DEFINITION, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)):
        yield from _values(node)


def _stored(node: ast.AST) -> set[str]:
    names = set()
    # The variables of a comprehension are its own.
    inner = {
        id(name)
        for child in ast.walk(node)
        if isinstance(child, ast.comprehension)
        for name in ast.walk(child.target)
    }
    for child in ast.walk(node):
        if id(child) in inner:
            continue
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store | ast.Del):
            names.add(child.id)
        elif isinstance(child, ast.Attribute | ast.Subscript) and isinstance(child.ctx, ast.Store | ast.Del):
            # `config.width = 3` and `table["a"] = 1` change what `config` and `table` stand for.
            root = child.value
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if isinstance(root, ast.Name):
                names.add(root.id)
    return names


# --- what else is in a cell -------------------------------------------------------------------------------------


def loads_of(tree: ast.Module) -> Iterator[ModuleLoad]:
    """What is imported outside functions, and what is loaded again, in the order of the statements."""
    for index, top in enumerate(tree.body):
        for node in loose(top):
            if isinstance(node, ast.Import):
                yield from (ModuleLoad(index, alias.name, name=alias.asname or "") for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield ModuleLoad(index, node.module)
                for alias in node.names:
                    yield ModuleLoad(index, f"{node.module}.{alias.name}", name=alias.asname or alias.name)
            elif isinstance(node, ast.Expr | ast.Assign) and isinstance(node.value, ast.Call):
                call = node.value
                callee = (
                    call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                )
                if callee == "reload" and call.args:
                    yield ModuleLoad(index, ast.unparse(call.args[0]), again=True)


def _left(tree: ast.Module, parts: set[int]) -> Iterator[frozenset[str]]:
    """The names that loops and the like change which are no part, and those that prints and the like change."""
    for index, node in enumerate(tree.body):
        names: set[str] = set()
        if index not in parts and isinstance(
            node, ast.For | ast.While | ast.If | ast.With | ast.Try | ast.Match
        ):
            names = _stored(node) | set(filter(None, map(filled_name, ast.walk(node))))
        for child in loose(node):
            if isinstance(child, ast.Expr):
                # `print(k := 3)`
                names |= _stored(child)
        names.update(_changed_by(node, _is_in_place))
        if names:
            yield frozenset(names)


def _changed_by(node: ast.AST, is_change: Callable[[ast.Attribute], bool]) -> Iterator[str]:
    """The names on which loose expressions that fill nothing else have methods of a kind: `print(table.pop())`."""
    children = node.body if isinstance(node, ast.Module) else [node]
    for top in children:
        for child in loose(top):
            if not isinstance(child, ast.Expr) or filled_name(child):
                continue
            for inner in ast.walk(child):
                if isinstance(inner, ast.Attribute) and is_change(inner):
                    root: ast.expr = inner
                    while isinstance(root, ast.Attribute | ast.Subscript | ast.Call):
                        root = root.func if isinstance(root, ast.Call) else root.value
                    if isinstance(root, ast.Name):
                        yield root.id


def _is_in_place(attribute: ast.Attribute) -> bool:
    """Whether a method is one that changes a tensor or an array: `weights.zero_()`."""
    name = attribute.attr
    return name in _CHANGES_ARRAY or (name.endswith("_") and not name.startswith("_") and name[-2:] != "__")
