"""Find the units of the course and prepare their checks.

A unit is a folder `solutions/<unit>/`; files of the same name in `course/<unit>/` take their place one by one.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import msgspec
import torch
from torch import Tensor

from autograder.errors import UserError
from course_utils.checks.compare import expect
from course_utils.checks.definition import PUBLIC_SECRET, Check, Misconception, Variant
from course_utils.checks.prepared import PreparedCheck, PreparedExercise
from course_utils.checks.wire import pack_tensor
from course_utils.slices.names import function_name

FILES = ("notebook.md", "reference.py", "checks.py", "misconceptions.py")
# Right answers besides the reference, and mutants of it that are right: what the checks are tried on.
OPTIONAL_FILES = ("variants.py", "equivalents.toml")


@dataclass(frozen=True)
class Exercise:
    """One function that a student writes.

    Attributes:
        id: `"moco.enqueue"`.
        reference: our implementation.
        checks: its checks, in the order of the file.
        misconceptions: its bank.
        variants: other right answers.
    """

    id: str
    reference: FunctionType
    checks: tuple[Check, ...]
    misconceptions: tuple[Misconception, ...]
    variants: tuple[Variant, ...] = ()

    @property
    def name(self) -> str:
        """The function's name: `"enqueue"`."""
        return function_name(self.id)

    @property
    def points(self) -> float:
        """The points of all checks."""
        return sum(check.points for check in self.checks)

    def prepare(self, secret: bytes, *, visible_only: bool = False) -> PreparedExercise:
        """Draw the cases and compute what the reference and every misconception show.

        Args:
            secret: the key of the hidden seeds.
            visible_only: leave out hidden checks (for recording).
        """
        prepared = []
        for check in self.checks:
            if visible_only and not check.visible:
                continue
            cases = tuple(check.draw(secret))
            expected = tuple(expect(self.reference, case, check.dtype) for case in cases)
            wrong = {
                item.id: tuple(expect(item.function, case, check.dtype) for case in cases)
                for item in self.misconceptions
            }
            prepared.append(
                PreparedCheck(
                    check.id,
                    check.title,
                    check.points,
                    check.accuracy,
                    check.looks_at,
                    check.dtype,
                    check.visible,
                    check.side,
                    cases,
                    expected,
                    wrong,
                    check.property,
                )
            )
        return PreparedExercise(
            self.id, tuple(prepared), {item.id: item.hint for item in self.misconceptions}
        )

    def record(self) -> tuple[PreparedExercise, float]:
        """The visible checks under the public key, and the exercise's full points."""
        return self.prepare(PUBLIC_SECRET, visible_only=True), self.points


@dataclass(frozen=True)
class Unit:
    """One problem set.

    Attributes:
        id: the folder's name, `"moco"`.
        paths: where each of `FILES` was found, and those of `OPTIONAL_FILES` that there are.
        root: the repository.
    """

    id: str
    paths: Mapping[str, Path]
    root: Path

    @cached_property
    def exercises(self) -> dict[str, Exercise]:
        """Exercise id -> exercise, in the order in which `checks.py` first mentions them."""
        reference = self._module("reference.py")
        checks = [item for item in vars(self._module("checks.py")).values() if isinstance(item, Check)]
        bank = [
            item
            for item in vars(self._module("misconceptions.py")).values()
            if isinstance(item, Misconception)
        ]
        variants = (
            [item for item in vars(self._module("variants.py")).values() if isinstance(item, Variant)]
            if "variants.py" in self.paths
            else []
        )
        found: dict[str, Exercise] = {}
        for id_ in dict.fromkeys(check.exercise for check in checks):
            function = getattr(reference, function_name(id_), None)
            if not id_.startswith(f"{self.id}.") or not isinstance(function, FunctionType):
                line = next(check for check in checks if check.exercise == id_).cases.__code__.co_firstlineno
                raise UserError(
                    f"{self.paths['checks.py']}, line {line}: checks for {id_!r}, but {self.paths['reference.py']} "
                    f"has no function {function_name(id_)!r}"
                )
            found[id_] = Exercise(
                id_,
                function,
                tuple(check for check in checks if check.exercise == id_),
                tuple(item for item in bank if item.exercise == id_),
                tuple(item for item in variants if item.exercise == id_),
            )
        everything: list[Misconception | Variant] = [*bank, *variants]
        for item in everything:
            if item.exercise not in found:
                kind = type(item).__name__.lower()
                raise UserError(
                    f"{self.paths[f'{kind}s.py']}, line {_line(item.function)}: {kind} {item.id!r} "
                    f"belongs to {item.exercise!r}, which has no checks in {self.paths['checks.py']}"
                )
        return found

    def checks_sha256(self, exercise: PreparedExercise, key: bytes, prelude: Mapping[str, str]) -> str:
        """Hash of all that decides the verdict on one exercise: its prepared checks and bank, and the judging code.

        Prepared, a check is values: a comment in `checks.py`, or a change of another exercise, changes nothing here.

        Args:
            exercise: one of this unit's, prepared.
            key: the key of the hidden seeds. The hash is keyed with it, so that it gives away no guess at a case.
            prelude: imports that are lent to students, see `slicing.import_prelude`.
        """
        encoder = msgspec.msgpack.Encoder(enc_hook=self._plain, order="deterministic")
        return hmac.digest(key, encoder.encode((exercise, prelude, _judging_code())), "sha256").hex()

    def _plain(self, value: object) -> object:
        """What msgspec does not know in a prepared exercise, as something that it does."""
        if isinstance(value, Tensor):
            return pack_tensor(value)
        if isinstance(value, torch.dtype):
            return str(value)
        if callable(value):
            # A property may use anything in the unit's files.
            return [self.paths[name].read_bytes() for name in FILES if name.endswith(".py")]
        if isinstance(value, Mapping):
            return dict(value)
        raise NotImplementedError(f"{type(value).__name__} in a prepared exercise")

    def _module(self, file: str) -> ModuleType:
        path = self.paths[file]
        name = f"solutions.{self.id}.{path.stem}"
        loaded = sys.modules.get(name)
        if loaded is not None and getattr(loaded, "__file__", None) == str(path):
            return loaded
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise UserError(f"{path} cannot be loaded as Python")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            lines = [
                frame.lineno
                for frame in traceback.extract_tb(error.__traceback__)
                if frame.filename == str(path)
            ]
            line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else 1
            raise UserError(f"{path}, line {line}: does not load: {type(error).__name__}: {error}") from error
        return module


def _line(function: Callable[..., Any]) -> int:
    """The line on which a function begins; 1 for an object with `__call__`."""
    code = getattr(function, "__code__", None)
    return code.co_firstlineno if code else 1


def combined_sha256(exercises: Mapping[str, str]) -> str:
    """One hash of exercise id -> hash, in this order."""
    return hashlib.sha256(msgspec.json.encode(list(exercises.items()))).hexdigest()


@cache
def _judging_code() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(inspect.getfile(expect)).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def unit_ids(root: Path) -> list[str]:
    """Ids of all units, in the order of the alphabet; a folder with any of `FILES` is one, complete or not."""
    return sorted({path.parent.name for name in FILES for path in (root / "solutions").glob(f"*/{name}")})


def load_unit(root: Path, unit: str) -> Unit:
    """The unit with this id.

    Raises:
        UserError: there is no such unit, or one of its files is missing.
    """
    folder = root / "solutions" / unit
    if unit not in unit_ids(root):
        raise UserError(f"unknown unit {unit!r}: there are {', '.join(unit_ids(root)) or 'none'}")
    paths = {}
    for name in (*FILES, *OPTIONAL_FILES):
        override = root / "course" / unit / name
        path = override if override.is_file() else folder / name
        if path.is_file():
            paths[name] = path
        elif name in FILES:
            raise UserError(f"{path} is missing: a unit needs {', '.join(FILES)}")
    return Unit(unit, paths, root)
