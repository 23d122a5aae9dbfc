"""What a slip of the hand does to tensor code: each operator turns a piece of syntax into wrong ones.

An operator takes a node and yields what could stand in its place: an expression for an expression, a list of statements
for a statement. What comes out need not even run: that is a wrong answer too.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TypeGuard

Replacement = ast.expr | list[ast.stmt]


@dataclass(frozen=True)
class Place:
    """Where a node stands.

    Attributes:
        parent: the node above it.
        parameters: those of the function.
    """

    parent: ast.AST
    parameters: Sequence[str]


Operator = Callable[[ast.AST, Place], Iterator[Replacement]]

# Names of functions and methods that are taken for each other.
_TWINS: Mapping[str, Sequence[str]] = {
    "mean": ("sum", "median"),
    "sum": ("mean", "prod"),
    "max": ("min",),
    "min": ("max",),
    "amax": ("amin",),
    "argmax": ("argmin",),
    "softmax": ("log_softmax", "sigmoid"),
    "log_softmax": ("softmax",),
    "logsumexp": ("sum",),
    "cross_entropy": ("nll_loss", "mse_loss"),
    "repeat": ("repeat_interleave",),
    "repeat_interleave": ("repeat",),
    "cat": ("stack",),
    "stack": ("cat",),
    "mul_": ("div_", "add_", "mul"),
    "add_": ("sub_", "mul_", "add"),
    "sub_": ("add_",),
    "div_": ("mul_",),
    "mul": ("div", "add"),
    "add": ("sub", "mul"),
    "copy_": ("add_",),
    "lerp_": ("lerp",),
    "flatten": ("squeeze",),
    "zeros": ("ones",),
    "ones": ("zeros",),
    "exp": ("log", "sigmoid"),
    "log": ("exp", "log2"),
    "triu": ("tril",),
    "tril": ("triu",),
    "clamp_min": ("clamp_max",),
    "parameters": ("buffers",),
    "query_encoder": ("key_encoder",),
}
_ARITHMETIC: Mapping[type[ast.operator], Sequence[type[ast.operator]]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div, ast.Mod),
    ast.Mod: (ast.FloorDiv, ast.Mult),
    ast.MatMult: (ast.Mult,),
    ast.Pow: (ast.Mult,),
}
_COMPARISONS: Mapping[type[ast.cmpop], Sequence[type[ast.cmpop]]] = {
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
# Calls whose arguments are counts or places: one too many, one too few.
_COUNTING = frozenset(
    {"range", "arange", "roll", "eye", "one_hot", "narrow", "chunk", "full", "diag", "diagonal"}
)
_AXES = frozenset({"dim", "dims", "axis"})


def axis(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """Another dimension in `dim=`, `dims=` or `axis=`, or two of them swapped."""
    if not isinstance(node, ast.Call):
        return
    for index, keyword in enumerate(node.keywords):
        if keyword.arg not in _AXES:
            continue
        for value in _other_axes(keyword.value):
            changed = copy.deepcopy(node)
            changed.keywords[index].value = value
            yield changed


def _other_axes(value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(value, ast.Tuple) and len(value.elts) == 2:
        yield ast.Tuple(list(reversed(value.elts)), ast.Load())
    elif isinstance(value, ast.Constant) and isinstance(value.value, int):
        for other in (0, 1, 2):
            if other != value.value:
                yield ast.Constant(other)


def constant(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """A number off by one, a tenth more, nought or one; a truth value turned round."""
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield from (ast.Constant(other) for other in sorted({value - 1, value + 1, 0} - {value}))
    elif isinstance(value, float):
        yield from (ast.Constant(other) for other in sorted({value * 1.1, 0.0, 1.0} - {value}))


def transpose(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """A transposition left out, or one too many on a factor of a product; factors in the other order."""
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT") and isinstance(node.ctx, ast.Load):
        yield node.value
    elif (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "transpose"
    ):
        yield node.func.value
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield ast.BinOp(node.right, ast.MatMult(), node.left)
        yield ast.BinOp(node.left, ast.MatMult(), ast.Attribute(node.right, "mT", ast.Load()))
        yield ast.BinOp(ast.Attribute(node.left, "mT", ast.Load()), ast.MatMult(), node.right)


def equation(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """Indices of an einsum in another order."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return
    text = node.value.replace(" ", "")
    if not re.fullmatch(r"[a-zA-Z,.]+->[a-zA-Z.]*", text):
        return
    left, right = text.split("->")
    terms = left.split(",")
    for order in permutations(right):
        if (changed := "".join(order)) != right:
            yield ast.Constant(f"{left}->{changed}")
    for index, term in enumerate(terms):
        for i in range(len(term) - 1):
            swapped = term[:i] + term[i + 1] + term[i] + term[i + 2 :]
            yield ast.Constant(",".join([*terms[:index], swapped, *terms[index + 1 :]]) + f"->{right}")


def sign(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """A minus too many or too few."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div | ast.MatMult):
        yield ast.UnaryOp(ast.USub(), node)


def arithmetic(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """`+` for `-`, `*` for `/`, `//` for `%`; or one side left out."""
    if not isinstance(node, ast.BinOp):
        return
    for other in _ARITHMETIC.get(type(node.op), ()):
        yield ast.BinOp(node.left, other(), node.right)
    yield node.left
    yield node.right
    if isinstance(node.op, ast.Sub | ast.Div | ast.Mod):
        yield ast.BinOp(node.right, node.op, node.left)


def twin(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """A function taken for its sister: `mean` and `sum`, `repeat` and `repeat_interleave`, `mul_` and `mul`."""
    if not isinstance(node, ast.Call):
        return
    name = _called(node)
    for other in _TWINS.get(name, ()):
        changed = copy.deepcopy(node)
        if isinstance(changed.func, ast.Attribute):
            changed.func.attr = other
        elif isinstance(changed.func, ast.Name):
            changed.func.id = other
        yield changed


def off_by_one(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """One more or one less in what counts: bounds of slices and ranges, shifts, indices."""
    if isinstance(node, ast.Call) and _called(node) in _COUNTING:
        for index, argument in enumerate(node.args):
            if not isinstance(argument, ast.Constant | ast.Starred):
                for other in _one_off(argument):
                    changed = copy.deepcopy(node)
                    changed.args[index] = other
                    yield changed
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        for indices in _indices(node.slice):
            yield ast.Subscript(node.value, indices, ast.Load())


def _one_off(value: ast.expr) -> Iterator[ast.expr]:
    yield ast.BinOp(value, ast.Add(), ast.Constant(1))
    yield ast.BinOp(value, ast.Sub(), ast.Constant(1))


def _indices(index: ast.expr) -> Iterator[ast.expr]:
    if isinstance(index, ast.Tuple):
        for place, item in enumerate(index.elts):
            for changed in _indices(item):
                yield ast.Tuple([*index.elts[:place], changed, *index.elts[place + 1 :]], ast.Load())
    elif isinstance(index, ast.Slice):
        for part in ("lower", "upper"):
            if (bound := getattr(index, part)) is not None:
                for changed in _one_off(bound):
                    other = copy.copy(index)
                    setattr(other, part, changed)
                    yield other
    elif not isinstance(index, ast.Constant):
        yield from _one_off(index)


def boundary(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """`>=` for `>`, or a comparison turned round."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in _COMPARISONS.get(type(node.ops[0]), ()):
            yield ast.Compare(node.left, [other()], node.comparators)


def dropped_call(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """What is called is left out: a normalisation, a `detach`, a flattening."""
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
        yield node.func.value
    if node.args and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]


def swapped_arguments(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """Two arguments beside each other in the other order."""
    if isinstance(node, ast.Call | ast.List | ast.Tuple):
        if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            return
        items = node.args if isinstance(node, ast.Call) else node.elts
        for index in range(len(items) - 1):
            changed = copy.deepcopy(node)
            parts = changed.args if isinstance(changed, ast.Call) else changed.elts  # type: ignore[union-attr]
            parts[index], parts[index + 1] = parts[index + 1], parts[index]
            yield changed


def dropped_argument(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """An option left out, or an element of a list."""
    if isinstance(node, ast.Call):
        for index in range(len(node.keywords)):
            changed = copy.deepcopy(node)
            del changed.keywords[index]
            yield changed
    elif isinstance(node, ast.List | ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        for index in range(len(node.elts)):
            less = copy.deepcopy(node)
            del less.elts[index]
            yield less


def other_parameter(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """One parameter of the function taken for another."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in place.parameters:
        yield from (ast.Name(other, ast.Load()) for other in place.parameters if other != node.id)


def gradient(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """A parameter cut off from the graph."""
    if _is_value(node, place) and not (
        isinstance(place.parent, ast.Attribute) and place.parent.attr == "detach"
    ):
        yield _method(node, "detach")


def precision(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """A parameter in another dtype, or gone through half precision."""
    if _is_value(node, place):
        yield _method(_method(node, "half"), "float")
        yield _method(node, "double")
        yield _method(node, "float")


def statement(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """A statement left out; a block without its `with`; a branch always or never taken."""
    if isinstance(node, ast.Expr | ast.Raise | ast.Assign | ast.AugAssign):
        yield [ast.Pass()]
    elif isinstance(node, ast.With):
        yield node.body
    elif isinstance(node, ast.If):
        yield node.body
        yield node.orelse or [ast.Pass()]
    elif isinstance(node, ast.For):
        # Only the first turn of a loop.
        yield [ast.For(node.target, node.iter, [*node.body, ast.Break()], node.orelse)]
        yield [ast.Pass()]


def returned(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """Nothing returned, or something that hangs on no graph."""
    if isinstance(node, ast.Return) and node.value is not None:
        yield [ast.Expr(node.value)]
        if not isinstance(node.value, ast.Tuple):
            yield [ast.Return(_method(node.value, "detach"))]


def exception(node: ast.AST, place: Place) -> Iterator[Replacement]:
    """Another exception than the one that was asked for."""
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
        for other in ("RuntimeError", "IndexError"):
            if other != node.exc.func.id:
                yield [ast.Raise(ast.Call(ast.Name(other, ast.Load()), node.exc.args, []))]


OPERATORS: tuple[Operator, ...] = (
    axis,
    constant,
    transpose,
    equation,
    sign,
    arithmetic,
    twin,
    off_by_one,
    boundary,
    dropped_call,
    dropped_argument,
    swapped_arguments,
    other_parameter,
    gradient,
    precision,
    statement,
    returned,
    exception,
)


def _is_value(node: ast.AST, place: Place) -> TypeGuard[ast.Name]:
    """Whether this is a parameter of whose numbers something is made, and not of its shape or device."""
    if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in place.parameters):
        return False
    above = place.parent
    if isinstance(above, ast.Attribute):
        return above.attr not in ("shape", "device", "dtype", "ndim", "size", "parameters")
    return not (isinstance(above, ast.Call) and _called(above) == "len")


def _method(value: ast.expr, name: str) -> ast.expr:
    return ast.Call(ast.Attribute(value, name, ast.Load()), [], [])


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _is_module(node: ast.expr) -> bool:
    """Whether this is `torch`, `F`, `torch.nn` and the like, not a value."""
    names: Iterable[str] = (item.id for item in ast.walk(node) if isinstance(item, ast.Name))
    return all(name in ("torch", "F", "np", "math", "nn") for name in names)
