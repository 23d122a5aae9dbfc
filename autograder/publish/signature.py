"""A function's definition, read for what an exercise made from it needs: arguments, shapes, imports."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.errors import UserError

# Where the names of annotations come from.
_MODULES = {
    "jaxtyping": (
        "Bool", "Float", "Float32", "Float64", "Inexact", "Int", "Int32", "Int64", "Integer", "Num", "Real", "Shaped",
        "UInt8",
    ),
    "torch": ("Tensor", "nn"),
    "collections.abc": ("Mapping", "Sequence"),
    "typing": ("Any", "Literal"),
}  # fmt: skip
_WHOLE = {"torch": "import torch", "np": "import numpy as np"}
_BUILT_IN = ("bool", "float", "int", "str", "tuple", "list", "dict")
_FLOATING = ("Float", "Float32", "Float64", "Inexact", "Num", "Real", "Shaped")
_INTEGERS = ("Int", "Int32", "Int64", "Integer")

# What an argument is drawn as.
FLOATING, INTEGERS, TRUTH, BYTES, ANY_TENSOR = "floating", "integers", "truth", "bytes", "tensor"
MODULE, SCALAR, SIZES = "module", "scalar", "sizes"
TENSORS = (FLOATING, INTEGERS, TRUTH, BYTES, ANY_TENSOR)
_SCALARS = {"float": "0.5", "int": "3", "bool": "True", "str": '"mean"'}

WIDTH = 110


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One argument of an exercise.

    Attributes:
        name: its name.
        text: as it stands in the signature, `"temperature: float = 1.0"`.
        kind: what it is drawn as: one of `TENSORS`, `MODULE`, `SCALAR` or `SIZES`.
        shape: of a tensor: an expression for each dimension, `("n", "1 + k")`.
        value: of a number, a string or a tuple: an example.
    """

    name: str
    text: str
    kind: str
    shape: tuple[str, ...] = ()
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What the definition of an exercise says.

    Attributes:
        name: the function's name.
        parameters: its arguments.
        returns: what it returns, as it stands in the signature.
        differentiable: floating-point tensors are among what it returns.
        sizes: names of the dimensions of its arguments, in their order.
        imports: import statements for the names of the annotations, sorted.
    """

    name: str
    parameters: tuple[Parameter, ...]
    returns: str
    differentiable: bool
    sizes: tuple[str, ...]
    imports: tuple[str, ...]

    @property
    def tensors(self) -> tuple[Parameter, ...]:
        """The arguments that are tensors."""
        return tuple(parameter for parameter in self.parameters if parameter.kind in TENSORS)

    def definition(self, name: str) -> list[str]:
        """The lines of the definition under another name, laid out as `ruff format` does."""
        texts = [parameter.text for parameter in self.parameters]
        return laid_out(f"def {name}(", texts, f") -> {self.returns}:")


def laid_out(head: str, items: Sequence[str], tail: str, indent: str = "") -> list[str]:
    """The lines of something in brackets, as `ruff format` breaks them: one line, three, or one for each item."""
    joined = ", ".join(items)
    if len(indent + head + joined + tail) <= WIDTH:
        return [indent + head + joined + tail]
    if len(indent + "    " + joined) <= WIDTH:
        return [indent + head, f"{indent}    {joined}", indent + tail]
    return [indent + head, *(f"{indent}    {item}," for item in items), indent + tail]


def read_signature(definition: str) -> Signature:
    """Read a definition.

    Args:
        definition: `def f(x: Float[Tensor, "n d"]) -> ...: ...`, without a body.

    Raises:
        UserError: it is no definition of one function, or has arguments that no case can hold. The message names the
            line.
    """
    function = _function(definition)
    arguments = function.args
    for extra in (arguments.vararg, arguments.kwarg, *arguments.kwonlyargs, *arguments.posonlyargs):
        if extra is not None:
            raise _refusal(
                extra,
                f"{extra.arg} is no ordinary argument: write all of them without *, ** and /, in their order",
            )
    if function.returns is None:
        raise _refusal(
            function, f"it is not said what {function.name} returns: write -> ... (-> None if nothing)"
        )
    annotations = [
        *(argument.annotation for argument in arguments.args if argument.annotation),
        function.returns,
    ]
    for node in (node for annotation in annotations for node in ast.walk(annotation)):
        _space_before_expressions(node)
    defaults = [None] * (len(arguments.args) - len(arguments.defaults)) + list(arguments.defaults)
    shapes = {argument.arg: _shape(argument) for argument in arguments.args}
    sizes = tuple(dict.fromkeys(name for shape in shapes.values() for text in shape for name in _names(text)))
    parameters = [
        _parameter(argument, default, shapes[argument.arg], sizes)
        for argument, default in zip(arguments.args, defaults, strict=True)
    ]
    returned = {node.id for node in ast.walk(function.returns) if isinstance(node, ast.Name)}
    return Signature(
        name=function.name,
        parameters=tuple(parameters),
        returns=_text(function.returns),
        differentiable=bool(returned & {*_FLOATING}),
        sizes=sizes,
        imports=tuple(_imports(annotations)),
    )


def _function(definition: str) -> ast.FunctionDef:
    text = definition.strip()
    try:
        # The body may be left out altogether.
        tree = ast.parse(f"{text} ..." if text.endswith(":") else text)
    except SyntaxError as error:
        raise UserError(
            f"the definition does not parse, line {error.lineno}: {error.msg}. In a shell it stands in single quotes; "
            "with - in its place it is read from standard input"
        ) from error
    function = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(function, ast.FunctionDef):
        raise UserError(
            "the definition must be that of one function and nothing else: 'def f(x: ...) -> ...: ...'"
        )
    if function.decorator_list:
        raise _refusal(function.decorator_list[0], "an exercise is a function without decorators")
    for statement in function.body:
        if not (isinstance(statement, ast.Pass) or _is_ellipsis(statement)):
            raise _refusal(
                statement,
                "give the signature alone and end it with `...`: the body is written in reference.py",
            )
    return function


def _is_ellipsis(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and statement.value.value is Ellipsis
    )


def _space_before_expressions(node: ast.AST) -> None:
    """Shapes that could be expressions ("n", "n *size") begin with a space, so that no linter looks for names there."""
    if (
        not (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple))
        or _head(node) == "Literal"
    ):
        return
    for item in node.slice.elts:
        if isinstance(item, ast.Constant) and isinstance(item.value, str) and _is_expression(item.value):
            item.value = f" {item.value}"


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    return True


def _parameter(
    argument: ast.arg, default: ast.expr | None, shape: tuple[str, ...], sizes: tuple[str, ...]
) -> Parameter:
    name, annotation = argument.arg, argument.annotation
    assert annotation is not None  # `_shape` has refused it
    text = f"{name}: {_text(annotation)}" + (f" = {_text(default)}" if default is not None else "")
    head = _head(annotation)
    kinds = dict.fromkeys(_FLOATING, FLOATING) | dict.fromkeys(_INTEGERS, INTEGERS)
    kinds |= {"Bool": TRUTH, "UInt8": BYTES, "Tensor": ANY_TENSOR, "nn.Module": MODULE}
    if head in kinds:
        return Parameter(name=name, text=text, kind=kinds[head], shape=shape)
    if head == "int" and name in sizes:
        return Parameter(name=name, text=text, kind=SCALAR, value=name)
    if head == "tuple" and isinstance(annotation, ast.Subscript) and _integers(annotation.slice):
        count = len(annotation.slice.elts) if isinstance(annotation.slice, ast.Tuple) else 1
        values = ", ".join(str(3 + number) for number in range(count))
        return Parameter(
            name=name, text=text, kind=SIZES, value=f"({values})" if count > 1 else f"({values},)"
        )
    if isinstance(default, ast.Constant) and default.value is not None:
        return Parameter(name=name, text=text, kind=SCALAR, value=_text(default))
    if head == "Literal" and isinstance(annotation, ast.Subscript):
        first = annotation.slice.elts[0] if isinstance(annotation.slice, ast.Tuple) else annotation.slice
        return Parameter(name=name, text=text, kind=SCALAR, value=_text(first))
    if head in _SCALARS:
        return Parameter(name=name, text=text, kind=SCALAR, value=_SCALARS[head])
    raise _refusal(
        argument,
        f"{name} is {_text(annotation)}, which no case can hold: an argument is a tensor with its shape "
        '(Float[Tensor, "n d"]), an nn.Module, a number, a string, or a tuple of integers',
    )


def _integers(node: ast.expr) -> bool:
    elements = node.elts if isinstance(node, ast.Tuple) else [node]
    return all(
        (isinstance(item, ast.Name) and item.id == "int")
        or (isinstance(item, ast.Constant) and item.value is Ellipsis)
        for item in elements
    )


def _head(annotation: ast.expr) -> str:
    """`"Float"` of `Float[Tensor, "n"]`, `"float"` of `float | None`."""
    if isinstance(annotation, ast.Subscript):
        return _head(annotation.value)
    if isinstance(annotation, ast.BinOp):
        return _head(annotation.left)
    return _text(annotation).removeprefix("torch.")


def _shape(argument: ast.arg) -> tuple[str, ...]:
    """The dimensions of a tensor, each as an expression; empty for what is none."""
    if argument.annotation is None:
        raise _refusal(
            argument, f'{argument.arg} has no annotation: write {argument.arg}: Float[Tensor, "n d"]'
        )
    annotation = argument.annotation
    if not (isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Tuple)):
        return ()
    if _head(annotation) == "Literal":
        return ()
    last = annotation.slice.elts[-1]
    if not (isinstance(last, ast.Constant) and isinstance(last.value, str)):
        return ()
    return tuple(_dimension(word) for word in last.value.split())


def _dimension(word: str) -> str:
    """A word of a shape as an expression: `"1 + k"`; 2 for what stands for any size."""
    word = word.lstrip("#*").rpartition("=")[2].replace("/", "//")
    try:
        tree = ast.parse(word, mode="eval").body
    except SyntaxError:
        return "2"
    if word in ("", "_") or not isinstance(tree, ast.Name | ast.BinOp | ast.Constant) or word == "...":
        return "2"
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and (
            node.id in ("l", "I", "O", "draw", "sizes", "rng") or keyword.iskeyword(node.id)
        ):
            node.id += "_"
    return ast.unparse(tree)


def _names(expression: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(expression, mode="eval")):
        if isinstance(node, ast.Name):
            yield node.id


def _imports(annotations: list[ast.expr]) -> Iterator[str]:
    known = {name: module for module, names in _MODULES.items() for name in names}
    found: dict[str, set[str]] = {}
    whole = set()
    for name in (
        node for annotation in annotations for node in ast.walk(annotation) if isinstance(node, ast.Name)
    ):
        if name.id in _WHOLE:
            whole.add(_WHOLE[name.id])
        elif name.id in known:
            found.setdefault(known[name.id], set()).add(name.id)
        elif name.id not in _BUILT_IN:
            raise _refusal(
                name,
                f"{name.id} is not known: annotations are made of {', '.join([*known, *_WHOLE, *_BUILT_IN])}",
            )
    lines = {module: f"from {module} import {', '.join(sorted(names))}" for module, names in found.items()}
    ours = [lines[module] for module in ("collections.abc", "typing") if module in lines]
    others = [*sorted(whole), *(lines[module] for module in ("jaxtyping", "torch") if module in lines)]
    yield from [*ours, *([""] if ours and others else []), *others]


def _text(node: ast.expr) -> str:
    """The source of an expression, with double quotes."""
    text = ast.unparse(node)
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and '"' not in inner.value:
            text = text.replace(repr(inner.value), f'"{inner.value}"')
    return text


def _refusal(node: ast.stmt | ast.expr | ast.arg, message: str) -> UserError:
    return UserError(f"the definition, line {node.lineno}: {message}")
