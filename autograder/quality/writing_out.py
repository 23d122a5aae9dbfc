"""A function written out in one spelling: local names and private helpers replaced by what they stand for."""

from __future__ import annotations

import ast
import copy
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from types import FunctionType


def without_labels(tree: ast.FunctionDef) -> ast.FunctionDef:
    """The function without docstring, annotations and decorators: nothing in those is computed."""
    tree.decorator_list, tree.returns = [], None
    for argument in tree.args.args:
        argument.annotation = None
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:] or [ast.Pass()]
    return tree


class Renamed(ast.NodeTransformer):
    """Gives names others."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self._names.get(node.arg, node.arg)
        return node


def helpers_of(tree: ast.FunctionDef, function: FunctionType) -> dict[str, ast.FunctionDef]:
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
            found |= helpers_of(made, helper)
    return {name: written_out(without_labels(made), found) for name, made in reversed(found.items())}


def with_numbered_names(tree: ast.FunctionDef) -> ast.FunctionDef:
    """Local names that are left are numbered."""
    names: dict[str, str] = {}
    parameters = {argument.arg for argument in tree.args.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in parameters:
            names.setdefault(node.id, f"local_{len(names)}")
    return Renamed(names).visit(tree)  # type: ignore[no-any-return]


def written_out(tree: ast.FunctionDef, helpers: Mapping[str, ast.FunctionDef]) -> ast.FunctionDef:
    """A function with its local names and its helpers replaced by what they stand for."""
    body: list[ast.stmt] = []
    known: dict[str, ast.expr] = {}
    helpers = dict(helpers)
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            helpers[statement.name] = written_out(without_labels(statement), helpers)
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


class Spelled(ast.NodeTransformer):
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
