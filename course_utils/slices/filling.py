"""What fills a container without doing more: no call of a module's or an optimiser's method, and no training."""

from __future__ import annotations

import ast
import builtins
import math
from collections.abc import Collection, Iterable, Iterator, Mapping

from course_utils.slices.reading import Part, given_values, loose
from course_utils.slices.statements import DEFINITION, FILLING, filled_name, is_promised

_MAKES_CONTAINER = frozenset(
    ("list", "dict", "set", "tuple", "deque", "defaultdict", "Counter", "OrderedDict", "sorted")
)
_NUMBERS = frozenset(("int", "float", "str", "bool"))
_MOST_CHAINED = 20
# The methods of a training loop.
_TRAINING = frozenset(("backward", "step", "zero_grad", "fit", "train"))

# Name -> in how many levels there are nothing but containers and constants: 1 for `[EMA()]`, 2 for `[[EMA()]]`, without
# an end for `{"a": [3]}`; 0 for what may be anything.
Levels = dict[str, float]


def levels_of(value: ast.expr, known: Mapping[str, float]) -> float:
    """In how many levels a value is made of containers and constants alone."""
    try:
        return _levels(value, known)
    except RecursionError:
        return 0


def _levels(value: ast.expr, known: Mapping[str, float]) -> float:
    def within(parts: Iterable[ast.expr]) -> float:
        return 1 + min((_levels(part, known) for part in parts), default=math.inf)

    if isinstance(value, ast.Constant):
        return math.inf
    if isinstance(value, ast.Name):
        return known.get(value.id, 0)
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return within(value.elts)
    if isinstance(value, ast.Dict):
        return within(value.values)
    if isinstance(value, ast.ListComp | ast.SetComp):
        return within([value.elt])
    if isinstance(value, ast.DictComp):
        return within([value.value])
    if isinstance(value, ast.BinOp):
        return min(_levels(value.left, known), _levels(value.right, known))
    if isinstance(value, ast.Call):
        name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        if name == "defaultdict" and value.args:
            made = value.args[0]
            if isinstance(made, ast.Name) and made.id in _MAKES_CONTAINER | _NUMBERS:
                return math.inf
            return within([made.body]) if isinstance(made, ast.Lambda) else 1
        if name in _MAKES_CONTAINER:
            inside = [max(1, _levels(part, known)) for part in value.args]
            return min([within(item.value for item in value.keywords), *inside])
    return 0


def note_levels(part: Part, levels: Levels) -> None:
    """Bring up to date what is known of the names that a statement gives a value to, or puts something into."""
    given = [(name, levels_of(value, levels)) for name, value in given_values(part.node)]
    levels.update(dict.fromkeys(part.values, 0))
    levels.update(dict(given))
    for name, found in [*given, *_put(part.node, levels)]:
        levels[name] = min(levels.get(name, 0), found)


def _put(node: ast.AST, levels: Levels) -> Iterator[tuple[str, float]]:
    """Names into whose values something is put, and how many levels are known after that."""
    for child in loose(node):
        if isinstance(child, ast.Assign | ast.AugAssign):
            targets = child.targets if isinstance(child, ast.Assign) else [child.target]
            for target in targets:
                name, depth = _root(target)
                if depth or isinstance(child, ast.AugAssign):
                    yield name, max(1, depth + levels_of(child.value, levels))
        call = _filling(child)
        if call is not None and isinstance(call.func, ast.Attribute):
            # `table.setdefault("a", Model()).update(1)` puts something in, too.
            for _ in range(_MOST_CHAINED):
                if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                    break
                name, depth = _root(call.func.value)
                put, method = call.args, call.func.attr
                if method in ("setdefault", "insert"):
                    put = put[1:]
                whole = 0 if method in ("extend", "update", "extendleft") else 1
                for value in put:
                    yield name, max(1, depth + whole + levels_of(value, levels))
                for item in call.keywords:
                    yield name, depth + 1 + levels_of(item.value, levels)
                inner = call.func.value
                while isinstance(inner, ast.Subscript):
                    inner = inner.value
                call = inner  # type: ignore[assignment]


def _filling(node: ast.AST) -> ast.Call | None:
    call = node.value if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign) else None
    call = call.elt if isinstance(call, ast.ListComp) else call
    return call if isinstance(call, ast.Call) else None


def _root(node: ast.expr) -> tuple[str, int]:
    """The name of a container, and how deep in it something lies: 1 for `table["a"]` and `table.pop()`."""
    depth = 0
    while isinstance(node, ast.Subscript | ast.Call):
        if isinstance(node, ast.Call):
            if not (isinstance(node.func, ast.Attribute) and node.func.attr in FILLING):
                return "", depth
            node = node.func.value
        else:
            node = node.value
        depth += 1
    return (node.id if isinstance(node, ast.Name) else ""), depth


class Fillings:
    """Which calls fill a container and do nothing else."""

    def __init__(self, parts: Iterable[Part], lent: Collection[str]) -> None:
        """Note what the notebook's names stand for.

        Args:
            parts: all that bind names.
            lent: names of imports that the grader lends.
        """
        self._functions: dict[str, list[ast.AST]] = {}
        self._imported = set(lent)
        # Such as modules: calling one may be anything.
        self._values: set[str] = set()
        for part in parts:
            for node in loose(part.node):
                if isinstance(node, DEFINITION):
                    self._functions.setdefault(node.name, []).append(node)
                elif isinstance(node, ast.Import | ast.ImportFrom):
                    for item in node.names:
                        module = getattr(node, "module", None) or item.name
                        if is_promised(module.split(".")[0]):
                            self._imported.add(item.asname or item.name.split(".")[0])
            for name, value in given_values(part.node):
                if isinstance(value, ast.Lambda):
                    self._functions.setdefault(name, []).append(value)
                else:
                    self._values.add(name)

    def others(self, part: Part, levels: Mapping[str, float]) -> frozenset[str]:
        """Names on which a statement calls more than what fills them, or with more than a small computation."""
        found = set()
        for node in loose(part.node):
            name = filled_name(node)
            call = _filling(node)
            if name and call is not None and isinstance(call.func, ast.Attribute):
                _, depth = _root(call.func.value)
                if (depth and depth + 1 > levels.get(name, 0)) or not self._is_light(node):
                    found.add(name)
        return frozenset(found)

    def may_print(self, part: Part) -> bool:
        """Whether a loop that prints calls nothing but what is light, and `print` is Python's own."""
        if "print" in self._values or "print" in self._functions:
            return False
        return self._is_light(part.node)

    def _is_light(self, node: ast.AST) -> bool:
        """Whether what is called is Python's, of the course's packages, or a function of the notebook that is light."""
        waiting, seen = [(node, False)], set()
        while waiting:
            current, inside = waiting.pop()
            for call in ast.walk(current):
                if not isinstance(call, ast.Call):
                    continue
                if isinstance(call.func, ast.Attribute) and call.func.attr in _TRAINING:
                    return False
                if not isinstance(call.func, ast.Name):
                    continue
                name = call.func.id
                if name in self._functions:
                    if name not in seen:
                        seen.add(name)
                        waiting += [(item, True) for item in self._functions[name]]
                elif name in self._values or not (
                    hasattr(builtins, name) or name in self._imported or inside
                ):
                    return False
        return True
