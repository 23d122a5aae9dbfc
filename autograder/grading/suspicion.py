"""What in a slice a person should look at: code that reaches for more than an exercise needs.

A flag costs no points. Isolation does not depend on it, and whoever means to hide something can; but most of what is
tried is plain to see, and a TA should not have to search for it.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.grading.aliases import Aliases, TooMuchCode, aliases_of


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MODULES = _words(
    "_thread asyncio atexit autograder builtins code codecs conftest ctypes faulthandler fcntl gc "
    "forbiddenfruit gorilla http importlib inspect linecache marshal mmap mock multiprocessing nbgrader pathlib "
    "pickle psutil pty "
    "pytest requests resource runpy select shelve shutil signal site sitecustomize socket sqlite3 ssl "
    "subprocess tempfile threading traceback unittest urllib wrapt"
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
# Ready-made answers to exercises of this kind, by the beginnings of their dotted names.
_READY = _words(
    "byol_pytorch diffusers info_nce info_nce_pytorch kornia.geometry.rotate kornia.geometry.transform.rotate "
    "kornia.losses lightly lightly_train mmpretrain mmselfsup open_clip ot pl_bolts pytorch_metric_learning "
    "sentence_transformers simclr solo stable_pretraining timm.loss timm.utils.ModelEma timm.utils.model_ema "
    "torch.optim.swa_utils torch_ema torchvision.ops.focal_loss torchvision.ops.sigmoid_focal_loss "
    "torchvision.transforms.functional.rotate torchvision.transforms.v2.functional.rotate vissl"
)
# Assigning these is what they are for.
_SETTINGS = frozenset({"backends", "config", "options", "rcParams"})
# What changes how torch's own functions work, by the beginnings of their dotted names.
_HOOKS = _words(
    "numbers.Complex.register numbers.Integral.register numbers.Number.register numbers.Real.register torch._C "
    "torch.library torch.nn.modules.module.register_module_backward_hook "
    "torch.nn.modules.module.register_module_buffer_registration_hook "
    "torch.nn.modules.module.register_module_forward_hook "
    "torch.nn.modules.module.register_module_forward_pre_hook "
    "torch.nn.modules.module.register_module_full_backward_hook "
    "torch.nn.modules.module.register_module_parameter_registration_hook torch.overrides "
    "torch.utils._python_dispatch"
)
_MOST_PARTS = max(name.count(".") for name in (*_READY, *_HOOKS)) + 1
# By these a module or tensor is observed. A function in the place of one is to be looked at, whatever it is set on.
_OBSERVED = _words(
    "_buffers _modules _parameters as_subclass buffers children data_ptr detach is_leaf load_state_dict modules "
    "named_buffers named_modules named_parameters parameters state_dict untyped_storage"
)
# Python's own functions that are called by their names or not at all.
_BY_NAME = _words("__import__ delattr eval exec globals setattr vars")
_PATCHING = _words("delattr setattr")


@dataclass(frozen=True)
class Suspicion:
    """One thing to look at.

    Attributes:
        what: its short name.
        ready: it may be a ready-made answer.
    """

    what: str
    ready: bool = False


def suspicions(*nodes: ast.AST) -> Iterator[str]:
    """Short names of what to look at in pieces of code, in the order of their appearance; see `look_through`."""
    return (item.what for item in look_through(nodes))


def look_through(nodes: Iterable[ast.AST]) -> list[Suspicion]:
    """What to look at in a slice, each once, in the order of its appearance.

    Names are followed from where they are bound: `import torch as t`, then `t.equal = ...`, is `torch.equal =`.

    Args:
        nodes: its statements.

    Raises:
        RecursionError: the code is nested too deeply.
    """
    statements = list(nodes)
    found: list[Suspicion] = []
    try:
        looker = _Looker(aliases_of(statements), found)
        for node in statements:
            looker.visit(node)
    except TooMuchCode:
        found.append(Suspicion("more code than is looked through"))
    return list(dict.fromkeys(found))


class _Looker(ast.NodeVisitor):
    """Collects what to look at, scope by scope."""

    def __init__(self, aliases: Aliases, found: list[Suspicion]) -> None:
        self.found = found
        self._aliases = aliases
        self._scope: ast.AST | None = None

    def _add(self, *what: str) -> None:
        self.found += map(Suspicion, what)

    def _of(self, node: ast.AST) -> str:
        return self._aliases.of(node, self._scope)

    def visit_Import(self, node: ast.Import) -> None:
        for item in node.names:
            if (
                item.name.split(".")[0] in _MODULES
                or item.name.startswith(_OURS)
                or _begins_with(item.name, _HOOKS)
            ):
                self._add(item.name)
            self._note_ready(item.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self._add(*_imported(node))
        for item in node.names:
            self._note_ready(f"{node.module or ''}.{item.name}")

    def _note_ready(self, name: str) -> bool:
        is_ready = _begins_with(name, _READY)
        if is_ready:
            self.found.append(Suspicion(name, ready=True))
        return is_ready

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._enter(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.name in _METHODS:
            self._add(f"def {node.name}")
        self._enter(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._enter(node)

    def _enter(self, node: ast.AST) -> None:
        # Decorators and defaults belong to the scope outside, where their names mean the same as a rule.
        outer, self._scope = self._scope, node
        self.generic_visit(node)
        self._scope = outer

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in ("__builtins__", "get_ipython", "In", "Out"):
            self._add(node.id)
        elif isinstance(node.ctx, ast.Load):
            if node.id in _BY_NAME and self._aliases.is_builtin(node.id, self._scope):
                self._add(node.id)
            else:
                self._note_ready(self._of(node))

    def visit_Call(self, node: ast.Call) -> None:
        self._note_ready(self._of(node))
        function = node.func
        name = function.id if isinstance(function, ast.Name) else ""
        if name and self._aliases.is_builtin(name, self._scope):
            patches = name in _PATCHING and bool(node.args) and self._patches(node.args)
            if patches or name in _CALLS:
                self._add(f"{name}()")
            children: list[ast.AST] = [*node.args, *node.keywords]
        else:
            children = [*ast.iter_child_nodes(node)]
        if isinstance(function, ast.Attribute) and function.attr in ("__setattr__", "__delattr__"):
            changed = [function.value, *node.args]
            is_of_type = isinstance(function.value, ast.Name) and function.value.id == "type"
            if is_of_type or any(map(self._of, changed)):
                self._add(f"{function.attr}()")
        for child in children:
            self.visit(child)

    def _patches(self, arguments: Sequence[ast.expr]) -> bool:
        """Whether `setattr` or `delattr` changes what everybody shares, or what is observed."""
        key = arguments[1] if len(arguments) > 1 else None
        observed = isinstance(key, ast.Constant) and key.value in _OBSERVED
        return observed or bool(self._of(arguments[0])) or _is_type_call(arguments[0])

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._note_store(target, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self._note_store(node.target, node.value)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._note_store(node.target, node.value)
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._note_store(target, None)
        self.generic_visit(node)

    def visit_For(self, node: ast.For | ast.AsyncFor | ast.comprehension) -> None:
        self._note_store(node.target, node.iter)
        self.generic_visit(node)

    visit_AsyncFor = visit_For
    visit_comprehension = visit_For

    def visit_withitem(self, node: ast.withitem) -> None:
        if node.optional_vars:
            self._note_store(node.optional_vars, node.context_expr)
        self.generic_visit(node)

    def _note_store(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            for item in target.elts:
                self._note_store(item, value)
        elif isinstance(target, ast.Starred):
            self._note_store(target.value, value)
        elif isinstance(target, ast.Attribute):
            self._note_attribute_store(target, value)
        elif isinstance(target, ast.Subscript):
            base = self._of(target.value)
            if base.endswith(".__dict__") or base == "sys.modules":
                self._add(f"{base}[...] =")

    def _note_attribute_store(self, target: ast.Attribute, value: ast.expr | None) -> None:
        base = self._of(target.value)
        if base:
            if not (isinstance(value, ast.Constant) and _SETTINGS & set(base.split("."))):
                self._add(f"{base}.{target.attr} =")
        elif _is_type_call(target.value) or (target.attr in _OBSERVED and self._is_function(value)):
            self._add(f"{ast.unparse(target)} =")

    def _is_function(self, value: ast.expr | None) -> bool:
        """Whether a function is written there, or a name of one that the slice defines."""
        if isinstance(value, ast.Name):
            return value.id in self._functions
        return isinstance(value, ast.Lambda)

    @cached_property
    def _functions(self) -> frozenset[str]:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return frozenset(scope.name for scope in self._aliases.parents if isinstance(scope, kinds))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._add(*self._attribute(node))
        # Of `a.b.c` the whole was looked at; what is within its parts may be a call.
        self.visit(node.value)

    def _attribute(self, node: ast.Attribute) -> Iterator[str]:
        name = self._of(node)
        if isinstance(node.ctx, ast.Load) and not self._note_ready(name) and _begins_with(name, _HOOKS):
            yield name
        elif node.attr in _ATTRIBUTES:
            yield node.attr
        else:
            head, _, rest = name.partition(".")
            if head in _MEMBERS and rest and "." not in rest:
                members = _MEMBERS[head]
                if rest not in _HARMLESS.get(head, ()) and (members is None or rest in members):
                    written = isinstance(node.value, ast.Name) and node.value.id in _MEMBERS
                    yield ast.unparse(node) if written else name


def _begins_with(name: str, beginnings: Container[str]) -> bool:
    """Whether a dotted name is one of these, or lies in one of them."""
    parts = name.split(".", _MOST_PARTS)[:_MOST_PARTS]
    return any(".".join(parts[:count]) in beginnings for count in range(1, len(parts) + 1))


def _is_type_call(node: ast.expr) -> bool:
    """`type(x)` of anything but the object whose method it stands in."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "type"
        and len(node.args) == 1
        and not (isinstance(node.args[0], ast.Name) and node.args[0].id == "self")
    )


def _imported(node: ast.ImportFrom) -> Iterator[str]:
    module = (node.module or "").split(".")[0]
    for alias in node.names:
        members = _MEMBERS.get(module, frozenset())
        harmless = alias.name in _HARMLESS.get(module, ())
        name = f"{node.module}.{alias.name}"
        if not harmless and (module in _MODULES or members is None or alias.name in members):
            yield name
        elif (node.module or "").startswith(_OURS):
            yield node.module or ""
        elif _begins_with(name, _HOOKS):
            yield name
