"""Names of Python's and of the set-up cell that a cell of the notebook binds to something else, as `sum = 0` does.

A right function that uses one of them then ends in "'int' object is not callable", which names a type and no name.
"""

from __future__ import annotations

import builtins
import dis
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any

from course_utils import shipped
from course_utils.checks.observation import Failure
from course_utils.student.fresh_run import first_line
from course_utils.student.state import bound_in, names_used

_KINDS = ("TypeError", "AttributeError")
# The type of the value that was not what the code takes it for.
_TYPE_TOLD = re.compile(r"'([\w.]+)' object (?:is not|has no|does not|cannot)")


def shadowed_name(failure: Failure, function: str, unit: str, namespace: Mapping[str, Any]) -> str:
    """Which name of Python's or of the notebook's imports made a call raise, because it has another value here.

    Args:
        failure: the exception.
        function: the name of the function that was called.
        unit: of the notebook.
        namespace: the notebook's globals.

    Returns:
        The name; empty if the exception has another reason, as far as is known.
    """
    if not failure.message.startswith(_KINDS):
        return ""
    told = _TYPE_TOLD.search(failure.message)
    for name in _globals_read(function, namespace):
        if name not in namespace or not _is_another(name, namespace[name], unit):
            continue
        on_line = re.search(rf"(?<![\w.]){re.escape(name)}\b", failure.code) is not None
        if on_line and (told is None or told[1] == type(namespace[name]).__name__):
            return name
    return ""


def shadowed_in_words(
    name: str, function: str, unit: str, namespace: Mapping[str, Any], cells: Sequence[str]
) -> str:
    """A sentence with the value that such a name has, the cell that gave it, and the way out.

    Args:
        name: from `shadowed_name`.
        function: the name of the function that was called.
        unit: of the notebook.
        namespace: the notebook's globals.
        cells: the cells that were run in this kernel, in order.
    """
    value = names_used(function, namespace).get(name, "").partition("|")[0] or "another value"
    # The cell that is run last has given it its value.
    cell = next((first_line(text) for text in reversed(cells) if name in bound_in(text)), "")
    where = f" (by the cell that begins with {cell!r})" if cell else ""
    is_builtin = hasattr(builtins, name) and name not in shipped.imports(unit)
    what = (
        f"Python's {name}"
        if is_builtin
        else f"what the set-up cell makes of it ({shipped.imports(unit)[name]})"
    )
    again = f"run `del {name}`" if is_builtin else "run the set-up cell again"
    return (
        f"{name} is {value} in this kernel{where} and no longer {what}: give that value another name and {again}, or "
        "restart the kernel and run the notebook from the top."
    )


def _is_another(name: str, value: object, unit: str) -> bool:
    if statement := shipped.imports(unit).get(name):
        return not _is_imported(name, value, statement)
    return hasattr(builtins, name) and value is not getattr(builtins, name)


def _is_imported(name: str, value: object, statement: str) -> bool:
    """Whether a value may come from an import. Compared by names: another version of a library is none of our business.

    `import torch.nn.functional as F`, `from torch import nn`, `from jaxtyping import Float, Int64`.
    """
    words = statement.replace(",", " ").split()
    if isinstance(value, ModuleType):
        return value.__name__ == (words[1] if words[0] == "import" else f"{words[1]}.{name}")
    # From a module come classes and functions; `import` alone brings modules.
    return callable(value) and words[0] == "from"


def _globals_read(function: str, namespace: Mapping[str, Any]) -> list[str]:
    """Global names that a function reads, itself and through others of the notebook."""
    found: dict[str, None] = {}
    for name in names_used(function, namespace):
        value = namespace.get(name)
        inner = inspect.unwrap(value) if callable(value) else None
        if isinstance(inner, FunctionType) and inner.__globals__ is namespace:
            found |= dict.fromkeys(_loaded(inner.__code__))
    return list(found)


def _loaded(code: CodeType) -> Iterator[str]:
    # Not `co_names`, which has attributes too: `keys.sum()` does not ask for `sum`.
    yield from (item.argval for item in dis.get_instructions(code) if item.opname == "LOAD_GLOBAL")
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _loaded(constant)
