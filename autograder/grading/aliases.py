"""What the names in a slice stand for, as far as they stand for modules and what lies in them.

`import torch as t`, `m = t.nn.Module`, `for n in (t, m)`, `getattr(t, "nn")`, a function that is called with a module
or returns one: all lead to dotted names, such as `torch.nn.Module`. Nothing is executed. What is reached in other ways
is not found; isolation does not depend on it.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from autograder.errors import AutograderError

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_CONTAINERS = (ast.Tuple, ast.List, ast.Set)

# What a notebook calls so by custom, if nothing else is bound to the name: the import may be lent by the set-up cell.
_CUSTOMARY = {
    "F": "torch.nn.functional",
    "cu": "course_utils",
    "course_utils": "course_utils",
    "math": "math",
    "matplotlib": "matplotlib",
    "nn": "torch.nn",
    "np": "numpy",
    "numpy": "numpy",
    "os": "os",
    "plt": "matplotlib.pyplot",
    "sys": "sys",
    "torch": "torch",
    "torchvision": "torchvision",
}
# What lies under a dictionary of names, or under nothing that is known.
_UNKNOWN = "…"

# Steps of the search; a notebook of ours takes a few thousand.
_MOST_STEPS = 1_000_000

Scope = dict[str, str]


class TooMuchCodeError(AutograderError):
    """The search was given up."""


@dataclass
class Aliases:
    """Names of all scopes of a slice.

    Attributes:
        scopes: a module, function or class -> its names that stand for something shared, by their dotted names; and
            those that stand for something else, by an empty text.
        parents: a scope -> the one around it.
        attributes: attributes that something shared was bound to (`self.t = torch`), whatever has them.
        returns: functions that return something shared.
    """

    scopes: dict[ast.AST | None, Scope] = field(default_factory=dict)
    parents: dict[ast.AST, ast.AST | None] = field(default_factory=dict)
    attributes: Scope = field(default_factory=dict)
    returns: Scope = field(default_factory=dict)
    _known: dict[tuple[ast.AST, ast.AST | None], str] = field(default_factory=dict)
    _steps: int = 0

    def of(self, node: ast.AST, scope: ast.AST | None) -> str:
        """The dotted name of what an expression stands for; empty if that is nothing shared, or not known.

        Raises:
            TooMuchCodeError: as `spend` does.
        """
        found = self._known.get((node, scope))
        if found is None:
            self.spend()
            found = self._known[node, scope] = self._of(node, scope)
        return found

    def spend(self, steps: int = 1) -> None:
        """Count steps of the search. Raises `TooMuchCodeError` beyond what is looked through."""
        self._steps += steps
        if self._steps > _MOST_STEPS:
            raise TooMuchCodeError

    def forget(self) -> None:
        """Look again at what expressions stand for: names have been bound since."""
        self._known.clear()

    def _of(self, node: ast.AST, scope: ast.AST | None) -> str:
        if isinstance(node, ast.Name):
            return self._of_name(node.id, scope)
        if isinstance(node, ast.Attribute):
            base = self.of(node.value, scope)
            return f"{base}.{node.attr}" if base else self.attributes.get(node.attr, "")
        if isinstance(node, ast.Subscript):
            return self._item(node, scope)
        if isinstance(node, ast.Call):
            return self._of_call(node, scope)
        parts: Iterable[ast.AST | None] = ()
        if isinstance(node, ast.NamedExpr | ast.Starred | ast.Await):
            parts = (node.value,)
        elif isinstance(node, ast.IfExp):
            parts = (node.body, node.orelse)
        elif isinstance(node, ast.BoolOp):
            parts = node.values
        elif isinstance(node, _CONTAINERS):
            parts = node.elts
        elif isinstance(node, ast.Dict):
            parts = node.values
        return next(filter(None, (self.of(part, scope) for part in parts if part)), "")

    def _of_name(self, name: str, scope: ast.AST | None) -> str:
        inner = True
        while True:
            names = self.scopes.get(scope, {})
            # A class's names are not seen in its methods.
            if name in names and (inner or not isinstance(scope, ast.ClassDef)):
                return names[name]
            if scope is None:
                return _CUSTOMARY.get(name, "")
            scope, inner = self.parents.get(scope), False

    def _item(self, node: ast.Subscript, scope: ast.AST | None) -> str:
        base = self.of(node.value, scope)
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if base == "sys.modules":
            return key if isinstance(key, str) else _UNKNOWN
        if base.endswith(".__dict__"):
            return f"{base.removesuffix('__dict__')}{key if isinstance(key, str) else _UNKNOWN}"
        return base

    def _of_call(self, node: ast.Call, scope: ast.AST | None) -> str:
        function, arguments = node.func, node.args
        first = self.of(arguments[0], scope) if arguments else ""
        text = _text(arguments[-1] if len(arguments) < 3 else arguments[1]) if arguments else ""
        if isinstance(function, ast.Name) and not self._is_bound(function.id, scope):
            if function.id == "getattr" and first:
                return f"{first}.{text or _UNKNOWN}"
            if function.id == "vars" and first:
                return f"{first}.__dict__"
            if function.id == "super":
                return first
            if function.id == "__import__":
                return text or _UNKNOWN
        name = self.of(function, scope)
        if name == "importlib.import_module":
            return text or _UNKNOWN
        if isinstance(function, ast.Lambda):
            return self.of(function.body, function)
        return self.returns.get(function.id, "") if isinstance(function, ast.Name) else ""

    def _is_bound(self, name: str, scope: ast.AST | None) -> bool:
        while scope is not None:
            if name in self.scopes.get(scope, {}):
                return True
            scope = self.parents.get(scope)
        return name in self.scopes.get(None, {}) and hasattr(builtins, name)

    def is_builtin(self, name: str, scope: ast.AST | None) -> bool:
        """Whether the name is Python's own there: nothing else is bound to it."""
        return hasattr(builtins, name) and not self._is_bound(name, scope)


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def aliases_of(statements: Iterable[ast.AST]) -> Aliases:
    """What the names in these statements stand for, whichever comes first.

    Raises:
        TooMuchCodeError: it takes too many steps to say.
    """
    found = Aliases({None: {}})
    collector = _Collector(found)
    nodes = list(statements)
    for node in nodes:
        collector.visit(node)
    # Names may lead to others that are bound later, and functions be called before what they return is known.
    for _ in range(_ROUNDS):
        before = _size(found)
        collector.resolve()
        if _size(found) == before:
            break
    found.forget()
    return found


_ROUNDS = 8


def _size(found: Aliases) -> int:
    scopes = sum(bool(name) for scope in found.scopes.values() for name in scope.values())
    return scopes + len(found.attributes) + len(found.returns)


class _Collector(ast.NodeVisitor):
    """Goes through all statements once, and notes what is bound to what; `resolve` says what that stands for."""

    def __init__(self, found: Aliases) -> None:
        self._found = found
        self._scope: ast.AST | None = None
        # Target and value, and the scope of each.
        self._bound: list[tuple[ast.expr, ast.AST, ast.AST | None, ast.AST | None]] = []
        self._global: dict[ast.AST | None, set[str]] = {}
        self._returned: list[tuple[str, ast.AST, ast.AST]] = []
        self._calls: list[tuple[ast.Call, ast.AST | None]] = []
        self._functions: dict[str, list[ast.AST]] = {}
        # The first of the functions of a name, and the place or keyword by which something shared was passed to them.
        self._passed: set[tuple[ast.AST, int | str]] = set()

    def resolve(self) -> None:
        """Note what is shared, as far as can be said by now."""
        of, forget = self._found.of, self._found.forget
        for target, value, inside, outside in self._bound:
            # What is bound here may be in the next value.
            forget()
            for name, part in _pairs(target, value):
                self._found.spend()
                if not (shared := of(part, outside)):
                    continue
                if isinstance(name, ast.Name):
                    self._bind(name.id, shared, inside)
                elif isinstance(name, ast.Attribute) and not of(name.value, inside):
                    self._found.attributes.setdefault(name.attr, shared)
        forget()
        for function, value, scope in self._returned:
            if shared := of(value, scope):
                self._found.returns.setdefault(function, shared)
        forget()
        for call, around in self._calls:
            self._pass_on(call, around)

    def _pass_on(self, call: ast.Call, scope: ast.AST | None) -> None:
        """What a function is called with is what its parameters stand for."""
        function = call.func
        called = self._functions.get(function.id, []) if isinstance(function, ast.Name) else []
        if isinstance(function, ast.Lambda):
            called = [function]
        if not called:
            return
        given: list[tuple[int | str, str]] = []
        values: list[tuple[int | str | None, ast.expr]] = [*enumerate(call.args)]
        for key, value in values + [(item.arg, item.value) for item in call.keywords]:
            shared = self._found.of(value, scope)
            # The first that is shared stays.
            if key is not None and shared and (called[0], key) not in self._passed:
                self._passed.add((called[0], key))
                given.append((key, shared))
        for one in called if given else ():
            arguments = one.args  # type: ignore[attr-defined]
            names = [item.arg for item in (*arguments.posonlyargs, *arguments.args)]
            self._found.spend(len(names) + len(given))
            for key, shared in given:
                if isinstance(key, str):
                    self._bind(key, shared, one)
                elif key < len(names):
                    self._bind(names[key], shared, one)

    def _bind(self, name: str, shared: str, scope: ast.AST | None) -> None:
        names = self._names(name, scope)
        if not names.get(name):
            names[name] = shared

    def _own(self, name: str) -> None:
        """The name is this scope's own, whatever it stands for outside."""
        self._names(name, self._scope).setdefault(name, "")

    def _names(self, name: str, scope: ast.AST | None) -> Scope:
        return self._found.scopes.setdefault(None if name in self._global.get(scope, ()) else scope, {})

    def _note(self, target: ast.expr, value: ast.AST) -> None:
        self._bound.append((target, value, self._scope, self._scope))

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._own(node.id)

    def visit_Global(self, node: ast.Global) -> None:
        self._global.setdefault(self._scope, set()).update(node.names)

    def visit_Import(self, node: ast.Import) -> None:
        for item in node.names:
            name = item.asname or item.name.partition(".")[0]
            self._bind(name, item.name if item.asname else name, self._scope)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for item in node.names:
            self._bind(item.asname or item.name, f"{node.module or ''}.{item.name}", self._scope)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._note(target, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self._note(node.target, node.value)
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._note(node.target, node.value)
        self.generic_visit(node)

    def visit_For(self, node: ast.For | ast.AsyncFor | ast.comprehension) -> None:
        self._note(node.target, node.iter)
        self.generic_visit(node)

    visit_AsyncFor = visit_For
    visit_comprehension = visit_For

    def visit_withitem(self, node: ast.withitem) -> None:
        if node.optional_vars:
            self._note(node.optional_vars, node.context_expr)
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value and isinstance(self._scope, ast.FunctionDef | ast.AsyncFunctionDef):
            self._returned.append((self._scope.name, node.value, self._scope))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        self._calls.append((node, self._scope))
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._own(node.name)
        self._functions.setdefault(node.name, []).append(node)
        self._enter(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._enter(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._own(node.name)
        self._enter(node)
        for item in node.body:
            if isinstance(item, ast.Assign):
                for target in item.targets:
                    if isinstance(target, ast.Name):
                        # Found again as an attribute of the class.
                        name = ast.Attribute(ast.Name(node.name), target.id)
                        self._bound.append((name, item.value, self._scope, node))

    def _enter(self, node: ast.AST) -> None:
        outer, self._scope = self._scope, node
        self._found.parents[node] = outer
        self._found.scopes.setdefault(node, {})
        if isinstance(node, _FUNCTIONS):
            arguments = node.args
            named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            for item in filter(None, (*named, arguments.vararg, arguments.kwarg)):
                self._own(item.arg)
            positional = [*arguments.posonlyargs, *arguments.args]
            defaults = [
                *zip(reversed(positional), reversed(arguments.defaults), strict=False),
                *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
            ]
            for item, value in defaults:
                if value is not None:
                    self._bound.append((ast.Name(item.arg, ast.Store()), value, node, outer))
        self.generic_visit(node)
        self._scope = outer


def _pairs(target: ast.expr, value: ast.AST) -> Iterator[tuple[ast.expr, ast.AST]]:
    """Each single target with what may be bound to it."""
    if isinstance(target, ast.Starred):
        yield from _pairs(target.value, value)
    elif isinstance(target, ast.Tuple | ast.List):
        alike = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
        for index, item in enumerate(target.elts):
            yield from _pairs(item, value.elts[index] if alike else value)  # type: ignore[attr-defined]
    else:
        yield target, value
