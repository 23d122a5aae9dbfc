"""What in a slice a person should look at: code that reaches for more than an exercise needs.

A flag costs no points. Isolation does not depend on it, and whoever means to hide something can; but most of what is
tried is plain to see, and a TA should not have to search for it.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.grading.aliases import Aliases, TooMuchCodeError, aliases_of
from autograder.grading.bindings import Bindings


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MODULES = _words(
    "_thread asyncio atexit autograder builtins code codecs conftest copyreg ctypes faulthandler fcntl gc "
    "forbiddenfruit gorilla http linecache marshal mmap mock multiprocessing nbgrader pathlib psutil pty "
    "pytest requests resource runpy select shelve shutil signal site sitecustomize socket sqlite3 ssl "
    "subprocess threading unittest urllib wrapt"
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
    "torch": frozenset({"ops", "classes", "multiprocessing", "overrides"}),
    "importlib": _words("__import__ _bootstrap _bootstrap_external abc import_module machinery util"),
    "inspect": _words(
        "currentframe getclosurevars getframeinfo getgeneratorlocals getinnerframes getouterframes stack trace"
    ),
    "traceback": _words("StackSummary extract_stack walk_stack walk_tb"),
}
_HARMLESS = {
    "os": _words(
        "PathLike cpu_count environ fspath getcwd getenv linesep listdir makedirs mkdir name path sep"
    ),
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
# What a module's parts lie under.
_PARTS = _words("_buffers _modules _parameters")
_FILLING = _words("__delitem__ __ior__ __setitem__ clear pop popitem setdefault update")
# What changes the answers of one module.
_STATE_HOOKS = _words(
    "_register_load_state_dict_pre_hook _register_state_dict_hook register_load_state_dict_post_hook "
    "register_load_state_dict_pre_hook register_state_dict_post_hook register_state_dict_pre_hook"
)
# Attributes by their names, and calls of them.
_BY_TEXT = _words("operator.attrgetter operator.methodcaller")
_STORING = _words("__delattr__ __delitem__ __setattr__ __setitem__")
_CONTAINERS = _words("bool dict float frozenset int len list max min set sorted str sum tuple")


@dataclass(frozen=True)
class Suspicion:
    """One thing to look at.

    Attributes:
        what: its short name.
        ready: it may be a ready-made answer.
    """

    what: str
    ready: bool = False


def look_through(nodes: Iterable[ast.AST], own: Collection[str] = ()) -> list[Suspicion]:
    """What to look at in a slice, each once, in the order of its appearance.

    Names are followed from where they are bound: `import torch as t`, then `t.equal = ...`, is `torch.equal =`.

    Args:
        nodes: its statements.
        own: names of modules that were handed in with it.

    Raises:
        RecursionError: the code is nested too deeply.
    """
    statements = list(nodes)
    found: list[Suspicion] = []
    try:
        looker = _Looker(aliases_of(statements), Bindings(statements), own, found)
        for node in statements:
            looker.visit(node)
    except TooMuchCodeError:
        found.append(Suspicion("more code than is looked through"))
    return list(dict.fromkeys(found))


class _Looker(ast.NodeVisitor):
    """Collects what to look at, scope by scope."""

    def __init__(
        self, aliases: Aliases, bindings: Bindings, own: Collection[str], found: list[Suspicion]
    ) -> None:
        self.found = found
        self._aliases = aliases
        self._bindings = bindings
        self._own = own
        self._scope: ast.AST | None = None
        self._shown: set[ast.AST] = set()

    def _add(self, *what: str) -> None:
        self.found += map(Suspicion, what)

    def _of(self, node: ast.AST) -> str:
        return self._aliases.of(node, self._scope)

    def visit_Import(self, node: ast.Import) -> None:
        for item in node.names:
            head, _, rest = item.name.partition(".")
            if (
                head in _MODULES
                or (head == "importlib" and rest.split(".")[0] in (_MEMBERS[head] or ()))
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
        is_ready = _begins_with(name, _READY) and name.split(".")[0] not in self._own
        if is_ready:
            self.found.append(Suspicion(name, ready=True))
        return is_ready

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if not self._bindings.is_plain_class(node):
            for item in node.body:
                self._add(*(f"def {name}" for name in sorted(_bound_by(item) & _OBSERVED)))
        self._enter(node)

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        self._add(*(name for name in node.kwd_attrs if name in _ATTRIBUTES))
        self.generic_visit(node)

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
            makes = name == "type" and len(node.args) == 3 and self._makes_observed(*node.args)
            reads = (
                name == "getattr" and len(node.args) > 1 and self._bindings.may_be(node.args[1], _ATTRIBUTES)
            )
            harmless = node in self._shown or (name == "open" and _opens_own(node.args))
            if patches or makes or reads or (name in _CALLS and not harmless):
                self._add(f"{name}()")
            if name == "print":
                # For whoever looks for a mistake.
                self._shown.update(item for item in node.args if isinstance(item, ast.Call))
            children: list[ast.AST] = [*node.args, *node.keywords]
        else:
            children = [*ast.iter_child_nodes(node)]
        if isinstance(function, ast.Attribute) and function.attr in ("__setattr__", "__delattr__"):
            changed = [function.value, *node.args]
            is_of_type = isinstance(function.value, ast.Name) and function.value.id == "type"
            if is_of_type or any(map(self._of, changed)):
                self._add(f"{function.attr}()")
        self._note_call(node, function)
        for child in children:
            self.visit(child)

    def _note_call(self, node: ast.Call, function: ast.expr) -> None:
        name = self._of(function)
        first = node.args[0] if node.args else None
        if name in _BY_TEXT and first is not None:
            if self._bindings.may_be(first, _ATTRIBUTES | _STORING | _OBSERVED, unknown=True):
                self._add(f"{name}()")
        elif name == "functools.update_wrapper" and first is not None:
            chosen = len(node.args) > 2 or any(item.arg != "wrapped" for item in node.keywords)
            if chosen or self._of(first) or _is_type_call(first):
                self._add(f"{name}()")
        elif name in ("pickle.loads", "dill.loads") and isinstance(first, ast.Constant | ast.BinOp):
            self._add(f"{name}()")
        if isinstance(function, ast.Attribute):
            if function.attr in _STATE_HOOKS:
                self._add(f"{function.attr}()")
            elif function.attr in _FILLING and self._is_part(function.value):
                self._add(f"{ast.unparse(function)}()")

    def _makes_observed(self, name: ast.expr, bases: ast.expr, names: ast.expr) -> bool:
        """Whether `type(name, bases, names)` makes a class that answers otherwise than those of torch."""
        if not isinstance(bases, ast.Tuple) or not bases.elts:
            return False
        if not isinstance(names, ast.Dict):
            return bool(self._of(bases))
        return any(key is None or self._bindings.may_be(key, _OBSERVED, unknown=True) for key in names.keys)

    def _is_part(self, node: ast.expr) -> bool:
        """Whether it is a module's own dictionary of its parts, by whichever name; not one's own module's."""
        if isinstance(node, ast.Attribute):
            return node.attr in _PARTS and not self._is_self(node.value)
        values = self._bindings.values(node.id) if isinstance(node, ast.Name) else []
        return any(isinstance(item, ast.Attribute) and item.attr in _PARTS for item in values)

    def _is_self(self, node: ast.expr) -> bool:
        """Whether it is the object whose method it stands in."""
        around = self._scope and self._aliases.parents.get(self._scope)
        return isinstance(node, ast.Name) and node.id == "self" and isinstance(around, ast.ClassDef)

    def _patches(self, arguments: Sequence[ast.expr]) -> bool:
        """Whether `setattr` or `delattr` changes what everybody shares, or what is observed."""
        if self._of(arguments[0]) or _is_type_call(arguments[0]):
            return True
        if len(arguments) < 2 or isinstance(arguments[1], ast.Constant):
            return len(arguments) > 1 and self._bindings.may_be(arguments[1], _OBSERVED)
        # Where the name is not known, a value that is a function.
        gives_function = len(arguments) > 2 and self._is_function(arguments[2])
        return self._bindings.may_be(arguments[1], _OBSERVED, unknown=gives_function)

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
            elif self._is_part(target.value):
                self._add(f"{ast.unparse(target.value)}[...] =")

    def _note_attribute_store(self, target: ast.Attribute, value: ast.expr | None) -> None:
        base = self._of(target.value)
        if base:
            is_setting = _SETTINGS & set(base.split(".")) and value is not None and self._is_value(value)
            if not is_setting:
                self._add(f"{base}.{target.attr} =")
        elif _is_type_call(target.value) or (target.attr in _OBSERVED and self._answers(target.value, value)):
            self._add(f"{ast.unparse(target)} =")

    def _answers(self, changed: ast.expr, value: ast.expr | None) -> bool:
        """Whether this may be another answer in the place of an observed one: no plain value, set on others'."""
        if isinstance(changed, ast.Name) and self._bindings.is_own(changed.id):
            return False
        if self._is_self(changed) or value is None:
            return self._is_function(value)
        return not self._is_plain(value)

    def _is_plain(self, value: ast.expr) -> bool:
        """Whether it is data by the way it is written."""
        if isinstance(value, ast.Name):
            # A name that is bound nowhere in the slice is no function that was made here.
            names = self._bindings
            return (
                value.id not in self._functions
                and not names.is_parameter(value.id)
                and (
                    all(
                        self._is_plain(item)
                        for item in names.values(value.id)
                        if not isinstance(item, ast.Name)
                    )
                )
            )
        if isinstance(value, ast.Call):
            return isinstance(value.func, ast.Name) and value.func.id in _CONTAINERS
        return isinstance(
            value, ast.Constant | ast.List | ast.Tuple | ast.Set | ast.Dict | ast.ListComp | ast.DictComp
        )

    def _is_value(self, value: ast.expr) -> bool:
        """Whether a setting is a value: what is computed of constants, names and calls of torch's, and no function."""
        kinds = (ast.Constant, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Name, ast.Call)
        if not isinstance(value, kinds):
            return False
        if isinstance(value, ast.Name):
            return self._is_plain(value)
        if isinstance(value, ast.Call):
            return self._of(value.func).startswith("torch.") or self._is_plain(value)
        parts = [item for item in ast.iter_child_nodes(value) if isinstance(item, ast.expr)]
        return isinstance(value, ast.Compare) or all(map(self._is_value, parts))

    def _is_function(self, value: ast.expr | None) -> bool:
        """Whether a function is written there, or a name of one that the slice defines."""
        if isinstance(value, ast.Name):
            return value.id in self._functions
        made = self._of(value.func) if isinstance(value, ast.Call) else ""
        return isinstance(value, ast.Lambda) or made in ("types.MethodType", "functools.partial")

    @cached_property
    def _functions(self) -> frozenset[str]:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return frozenset(scope.name for scope in self._aliases.parents if isinstance(scope, kinds))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        inner = node.value
        if isinstance(inner, ast.Attribute) and _is_harmless(inner, node.attr, self._of(inner)):
            self.visit(inner.value)
            return
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


def _is_harmless(node: ast.Attribute, asked: str, name: str) -> bool:
    """`x.__class__.__name__` and `sys.path.append`."""
    if node.attr == "__class__":
        return asked in ("__name__", "__qualname__")
    return name == "sys.path" and asked in ("append", "insert")


def _opens_own(arguments: Sequence[ast.expr]) -> bool:
    """A file in the working folder, by a name that is written there."""
    name = arguments[0].value if arguments and isinstance(arguments[0], ast.Constant) else ""
    return isinstance(name, str) and name != "" and not name.startswith(("/", "\\")) and ".." not in name


def _bound_by(item: ast.stmt) -> set[str]:
    """What a statement in a class gives it."""
    if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
        return {item.name}
    targets = (
        item.targets
        if isinstance(item, ast.Assign)
        else [item.target]
        if isinstance(item, ast.AnnAssign)
        else []
    )
    return {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}


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
