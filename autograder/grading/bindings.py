"""What the names in a slice are bound to, as it is written there, and which texts an expression may be.

`n = "named_" + "parameters"`, then `setattr(q, n, f)`, sets `named_parameters`. Scopes are not told apart: a name
has all that is bound to it anywhere. Nothing is executed.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterable

_DEPTH = 8
_ANYTHING = ".*"
_TELLING = 4
# Objects that are the student's own, and no modules or tensors.
_OWN = ("SimpleNamespace", "types.SimpleNamespace", "argparse.Namespace")
_PLAIN_BASES = ("object", "NamedTuple", "Enum", "Protocol", "ABC", "dict", "list", "Exception", "ValueError")


class Bindings:
    """Names of a slice and the expressions that they are bound to."""

    def __init__(self, statements: Iterable[ast.AST]) -> None:
        """Collect."""
        self._values: dict[str, list[ast.expr]] = defaultdict(list)
        self._parameters: set[str] = set()
        self._classes: dict[str, list[ast.ClassDef]] = defaultdict(list)
        for statement in statements:
            for node in ast.walk(statement):
                self._note(node)

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(target, node.value)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr | ast.AugAssign):
            if node.value:
                self._bind(node.target, node.value)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            literal = isinstance(node.iter, ast.Tuple | ast.List | ast.Set)
            for value in node.iter.elts if literal else [node.iter]:  # type: ignore[attr-defined]
                self._bind(node.target, value)
        elif isinstance(node, ast.arg):
            self._parameters.add(node.arg)
        elif isinstance(node, ast.ClassDef):
            self._classes[node.name].append(node)

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._values[target.id].append(value)
        elif isinstance(target, ast.Tuple | ast.List):
            alike = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
            for index, item in enumerate(target.elts):
                self._bind(item, value.elts[index] if alike else value)  # type: ignore[attr-defined]

    def values(self, name: str) -> list[ast.expr]:
        """All that is bound to a name; the iterable for what a loop takes out of it."""
        return self._values.get(name, [])

    def is_parameter(self, name: str) -> bool:
        """Whether some function has a parameter of that name."""
        return name in self._parameters

    def is_plain_class(self, node: ast.ClassDef) -> bool:
        """Whether a class has no base but Python's own and such as it: it is no module and no tensor."""
        return self._is_plain_class(node, _DEPTH)

    def _is_plain_class(self, node: ast.ClassDef, depth: int) -> bool:
        for base in node.bases:
            name = ast.unparse(base)
            if name in _PLAIN_BASES and name not in self._classes:
                continue
            known = self._classes.get(name, [])
            if not known or not depth or not all(self._is_plain_class(item, depth - 1) for item in known):
                return False
        return not node.keywords

    def is_own(self, name: str) -> bool:
        """Whether a name is a class of the slice's own, or an object of one."""
        if name in self._classes:
            return name not in self._values and all(map(self.is_plain_class, self._classes[name]))
        values = self._values.get(name, [])
        return bool(values) and name not in self._parameters and all(map(self._makes_own, values))

    def _makes_own(self, value: ast.expr) -> bool:
        if not isinstance(value, ast.Call):
            return False
        made = ast.unparse(value.func)
        return made in _OWN or (made in self._classes and self.is_own(made))

    def may_be(self, node: ast.expr, texts: Collection[str], *, unknown: bool = False) -> bool:
        """Whether an expression may be one of these texts.

        Args:
            node: the expression.
            texts: attributes; a dotted text may hold one of them.
            unknown: what is said of an expression of which nothing is known.
        """
        patterns = self._patterns(node, _DEPTH)
        matched = [item for item in patterns if item != _ANYTHING and _matches(item, texts)]
        # `_` and something tells too little: most such names are one's own.
        if any(len(item.replace(_ANYTHING, "")) >= _TELLING or _ANYTHING not in item for item in matched):
            return True
        # What is put together of parts of which none is known is no honest name of an attribute.
        if _ANYTHING in patterns and isinstance(node, ast.BinOp):
            return True
        return unknown and (bool(matched) or _ANYTHING in patterns)

    def _patterns(self, node: ast.expr, depth: int) -> list[str]:
        """What the text may be, as regular expressions."""
        if isinstance(node, ast.Constant):
            return [re.escape(node.value)] if isinstance(node.value, str) else [""]
        if depth and isinstance(node, ast.Name) and node.id in self._values:
            found = [item for value in self._values[node.id][:8] for item in self._patterns(value, depth - 1)]
            return found[:64]
        if depth and isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            sides = [self._patterns(side, depth - 1) for side in (node.left, node.right)]
            return [_joined([first, second]) for first in sides[0] for second in sides[1]][:64]
        if depth and isinstance(node, ast.JoinedStr):
            parts = [
                self._patterns(item, 1)[0] if isinstance(item, ast.Constant) else _ANYTHING
                for item in node.values
            ]
            return [_joined(parts)]
        if depth and isinstance(node, ast.IfExp):
            return [*self._patterns(node.body, depth - 1), *self._patterns(node.orelse, depth - 1)]
        return [_ANYTHING]


def _matches(pattern: str, texts: Collection[str]) -> bool:
    names = pattern.replace("\\.", ".").split(".") if _ANYTHING not in pattern else []
    return any(re.fullmatch(pattern, text) or text in names for text in texts)


def _joined(parts: Iterable[str]) -> str:
    text = "".join(parts)
    return _ANYTHING if text and not text.replace(_ANYTHING, "") else text
