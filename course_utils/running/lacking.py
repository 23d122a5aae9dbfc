"""What the grader's machine does not have and a function asks for: a GPU, a package, a file, the network.

The exceptions of torch and Python speak of "your system", which is the student's for whoever reads them. What is said
here names the grader, and the way out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from course_utils.checks.case import Input, Module
from course_utils.checks.judge import Verdict
from course_utils.checks.observation import Failure
from course_utils.checks.prepared import Fault, PreparedExercise, Seen
from course_utils.slices.statements import is_promised

_MOST_CHARACTERS = 100
# What torch says where there is no such device, and what it was asked for.
_NO_DEVICE = (
    (r"NVIDIA driver|CUDA driver|No CUDA GPUs|no CUDA-capable device|invalid device ordinal", "cuda"),
    (r"not compiled with (CUDA|XPU|HIP|MPS)|not linked with support for (\w+) devices", ""),
    (r"from the '(CUDA|MPS|XPU|HIP)' backend|deserialize object on an? (\w+) device", ""),
    (r"Cannot get (CUDA|MPS|XPU) generator|The (MPS|XPU) backend is supported only", ""),
    (r"[Cc]annot access accelerator|no accelerator", "an accelerator"),
)
_NO_NETWORK = (
    r"urlopen error|name resolution|Name or service not known|nodename nor servname|getaddrinfo|Max retries exceeded|"
    r"NameResolutionError|Network is unreachable|no internet connection|Failed to establish a new connection|"
    r"offline mode|couldn't connect to"
)
_WANTS_NETWORK = re.compile(r"\b(socket|urlopen|urlretrieve|requests|httpx|download|hub)\b")
_NO_DATA = "Dataset not found or corrupted"
_NO_SUCH_FILE = re.compile(r"No such file or directory: '(.*)'$|No such file or directory: \"(.*)\"$")
_NOT_ALLOWED = re.compile(r"(?:Permission denied|Read-only file system): '(.*?)'")


@dataclass(frozen=True)
class Lack:
    """Something that the grader does not have.

    Attributes:
        what: of which kind it is.
        told: a sentence or two for the student.
        staff: what it is and what a person can do, for the staff.
        raised: the kind of the exception that came of it.
    """

    what: Literal["gpu", "package", "file", "network"]
    told: str
    staff: str
    raised: str


def lack_in(exercise: PreparedExercise, seen: Seen | Failure | Fault | None) -> Lack | None:
    """What is lacking by what was seen of an exercise; None if nothing is.

    Its texts hold some of an exception's, and so of the student's making: `seen` must come from a process that has seen
    no hidden case.
    """
    if isinstance(seen, Failure):
        return lack_of(seen, _first_input(exercise))
    if seen is None or isinstance(seen, Fault):
        return None
    failures = (item.failure for items in seen.values() for item in items if not isinstance(item, Fault))
    return first_lack(exercise, failures)


def first_lack(exercise: PreparedExercise, failures: Iterable[Failure | None]) -> Lack | None:
    """The first of what is lacking by some exceptions of the exercise's function; see `lack_in`."""
    name = _first_input(exercise)
    return next((found for item in failures if item and (found := lack_of(item, name))), None)


def lack_here(exercise: PreparedExercise, failures: Iterable[Failure | None]) -> Lack | None:
    """The same on a student's own machine, of a GPU: files and packages there are the student's to look for."""
    lack = first_lack(exercise, failures)
    if lack is None or lack.what != "gpu":
        return None
    return replace(lack, told=lack.told.replace("The grader has", "Your machine has", 1))


def lack_of(failure: Failure, device_of: str = "x.device") -> Lack | None:
    """What is lacking by one exception; None if it speaks of nothing that the grader lacks.

    Args:
        failure: the exception.
        device_of: how the device of an argument is written.
    """
    text = failure.message.partition(": ")[2]
    where = f", in line {failure.line} of your cell: {failure.code.strip()}" if failure.code else ""
    if device := _device_in(text):
        asks = device if device.startswith("an ") else repr(device)
        return Lack(
            "gpu",
            f"The grader has no GPU: your function asks for {asks}{where}. Take the device from the inputs: "
            f"{device_of}",
            f"it asks for {asks}, and this machine has none"
            + (": --device cuda, where there is one, runs it" if device == "cuda" else ""),
            failure.kind,
        )
    if failure.kind == "ModuleNotFoundError":
        return _package(failure, text, where)
    if re.search(_NO_NETWORK, text) or (
        failure.kind == "PermissionError" and _WANTS_NETWORK.search(failure.code) and "'" not in text
    ):
        return Lack(
            "network",
            f"The grader has no network: your function asks for it{where}. Use the arguments alone",
            "it asks for the network, which is never there",
            failure.kind,
        )
    return _file(failure, text, where)


def with_lack(verdict: Verdict, lack: Lack | None) -> Verdict:
    """The verdict with what the grader lacks in the place of what torch or Python says of that."""
    if lack is None:
        return verdict
    checks = tuple(
        replace(item, message=lack.told)
        if not item.passed
        and item.observation
        and (item.difference is None or item.difference.quantity == "exception")
        and item.observation.failure
        and item.observation.failure.kind == lack.raised
        else item
        for item in verdict.checks
    )
    return replace(verdict, checks=checks)


def names_a_gpu(statements: Iterable[ast.AST]) -> str:
    """The first device that code asks for without looking whether it is there, such as `cuda`; empty if none.

    `"cuda" if torch.cuda.is_available() else "cpu"` looks.
    """
    return next((found for node in statements for found in _devices_named(node)), "")


def _devices_named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.If | ast.IfExp) and re.search(
        r"is_available|cuda|device", ast.unparse(node.test)
    ):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if found := re.fullmatch(r"(cuda|mps|xpu)(:\d+)?", node.value):
            yield found[0]
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "cuda"
        and not (isinstance(node.func.value, ast.Name) and node.func.value.id == "torch")
    ):
        yield "cuda"
    elif isinstance(node, ast.Compare):
        # `x.device.type == "cuda"` asks for nothing.
        return
    for child in ast.iter_child_nodes(node):
        yield from _devices_named(child)


def _device_in(text: str) -> str:
    for pattern, device in _NO_DEVICE:
        if found := re.search(pattern, text):
            return device or next(group for group in found.groups() if group).lower()
    return ""


def _package(failure: Failure, text: str, where: str) -> Lack | None:
    found = re.match(r"No module named '([\w.]+)'", text)
    name = found[1].split(".")[0] if found else ""
    if not found or is_promised(name):
        return None
    return Lack(
        "package",
        f"The grader does not have {name!r}, a package or a file of yours ({found[0]}){where}. Do without, or write "
        "what you need of it into the cell",
        f"it imports {name!r}, which is not installed here: if it is a package that students may use, install it and "
        "grade again",
        failure.kind,
    )


def _file(failure: Failure, text: str, where: str) -> Lack | None:
    if failure.kind == "FileNotFoundError" or _NO_DATA in text:
        found = _NO_SUCH_FILE.search(text)
        name = f"the file {_short(found)!r}" if found else "a file"
        return Lack(
            "file",
            f"The grader does not have {name}, which your function asks for{where}. It has what you hand in, and no "
            "other files of yours: make what the function needs within the function",
            f"it asks for {name}, which was not handed in",
            failure.kind,
        )
    if failure.kind in ("PermissionError", "OSError") and (found := _NOT_ALLOWED.search(text)):
        path = _short(found)
        return Lack(
            "file",
            f"The grader keeps {path!r} closed{where}. A function may write and read files in its working folder: "
            "give names without a folder",
            f"it asks for {path!r}, outside of its working folder",
            failure.kind,
        )
    return None


def _short(found: re.Match[str]) -> str:
    text = next((group for group in found.groups() if group), "")
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."


def _first_input(exercise: PreparedExercise) -> str:
    """How the device of the function's first argument that has one is written."""
    for check in exercise.checks:
        for case in check.cases:
            for name, value in case.inputs.items():
                if isinstance(value, Input):
                    return f"{name}.device"
                if isinstance(value, Module):
                    return f"next({name}.parameters()).device"
    return "x.device"
