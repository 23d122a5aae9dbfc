"""What in a slice a person should look at: code that reaches for more than an exercise needs.

A flag costs no points. Isolation does not depend on it, and whoever means to hide something can; but most of what is
tried is plain to see, and a TA should not have to search for it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MODULES = _words(
    "_thread asyncio atexit autograder builtins code codecs conftest ctypes faulthandler fcntl gc "
    "http importlib inspect linecache marshal mmap multiprocessing nbgrader pathlib pickle psutil pty "
    "pytest requests resource runpy select shelve shutil signal site sitecustomize socket sqlite3 ssl "
    "subprocess tempfile threading traceback unittest urllib"
)
# Of these modules a notebook may well use something: what is listed here is not that.
_MEMBERS = {
    "os": None,
    "sys": _words(
        "_current_frames _getframe addaudithook breakpointhook displayhook excepthook exit meta_path "
        "modules path path_hooks setprofile settrace stderr stdin stdout"
    ),
    "course_utils": frozenset({"checks", "shipped", "student", "check", "submit"}),
    "cu": frozenset({"checks", "shipped", "student", "check", "submit"}),
    "torch": frozenset({"ops", "classes", "load", "save", "multiprocessing", "overrides"}),
}
_HARMLESS = {
    "os": frozenset({"path", "environ", "cpu_count", "getcwd", "sep"}),
    "pathlib": frozenset({"Path"}),
}
_CALLS = _words("__import__ breakpoint compile eval exec exit globals input locals open quit vars")
_ATTRIBUTES = _words(
    "__bases__ __builtins__ __class__ __closure__ __code__ __defaults__ __dict__ __eq__ __globals__ "
    "__kwdefaults__ __loader__ __mro__ __reduce__ __spec__ __subclasses__ __torch_dispatch__ "
    "__torch_function__ ast_transformers f_back f_globals f_locals gi_frame "
    "input_transformers_cleanup input_transformers_post set_custom_exc tb_frame"
)
_METHODS = _words(
    "__eq__ __ne__ __lt__ __gt__ __bool__ __array__ __del__ __getattr__ __getattribute__ __reduce__ "
    "__torch_dispatch__ __torch_function__"
)
# Packages of ours that hold what is expected and who judges it.
_OURS = ("course_utils.checks", "course_utils.shipped")
# At the head of a chain of attributes, these are what everybody shares.
_SHARED = frozenset(
    {"torch", "np", "numpy", "F", "nn", "cu", "course_utils", "torchvision", "plt", "matplotlib", "math"}
)


def suspicions(node: ast.AST) -> Iterator[str]:
    """Short names of what to look at in a piece of code, in the order of their appearance."""
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                if alias.name.split(".")[0] in _MODULES or alias.name.startswith(_OURS):
                    yield alias.name
        elif isinstance(child, ast.ImportFrom):
            yield from _imported(child)
        elif isinstance(child, ast.Attribute):
            yield from _attribute(child)
        elif isinstance(child, ast.Call) and isinstance(child.func, ast.Name):
            yield from _call(child.func.id, child)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and child.name in _METHODS:
            yield f"def {child.name}"
        elif isinstance(child, ast.Name) and child.id in ("__builtins__", "get_ipython", "In", "Out"):
            yield child.id


def _imported(node: ast.ImportFrom) -> Iterator[str]:
    module = (node.module or "").split(".")[0]
    for alias in node.names:
        members = _MEMBERS.get(module, frozenset())
        harmless = alias.name in _HARMLESS.get(module, ())
        if not harmless and (module in _MODULES or members is None or alias.name in members):
            yield f"{node.module}.{alias.name}"
        elif (node.module or "").startswith(_OURS):
            yield node.module or ""


def _call(name: str, node: ast.Call) -> Iterator[str]:
    changes = name in ("setattr", "delattr") and bool(node.args) and _head(node.args[0]) in _SHARED
    if changes or name in _CALLS:
        yield f"{name}()"


def _head(node: ast.expr) -> str:
    """The name at the beginning of `torch.nn.functional`; empty if there is none."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _attribute(node: ast.Attribute) -> Iterator[str]:
    head = _head(node)
    if isinstance(node.ctx, ast.Store | ast.Del) and head in _SHARED:
        yield f"{ast.unparse(node)} ="
    elif node.attr in _ATTRIBUTES:
        yield node.attr
    elif isinstance(node.value, ast.Name) and head in _MEMBERS:
        members = _MEMBERS[head]
        if node.attr not in _HARMLESS.get(head, ()) and (members is None or node.attr in members):
            yield f"{head}.{node.attr}"
