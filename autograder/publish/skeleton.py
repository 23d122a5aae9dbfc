"""The folder of a new exercise, made from its signature: all that can be known before somebody thinks about it.

What is left to think about is marked with TODO.
"""

from __future__ import annotations

import re
from pathlib import Path

from autograder.course.exercises import NEEDED
from autograder.course.units import NOTEBOOK, load_unit, unit_ids
from autograder.errors import UserError, writing
from autograder.publish.signature import (
    ANY_TENSOR,
    BYTES,
    FLOATING,
    INTEGERS,
    MODULE,
    SCALAR,
    SIZES,
    TRUTH,
    Parameter,
    Signature,
    laid_out,
    read_signature,
)

_ID = re.compile(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)")


def make_skeleton(root: Path, id_: str, definition: str) -> list[Path]:
    """Write the files of a new exercise, or those that its folder lacks; one that is there is left as it is.

    Args:
        root: the repository.
        id_: `"moco.shuffle_batch"`.
        definition: `def shuffle_batch(...) -> ...: ...`, without a body.

    Returns:
        The files that were written.

    Raises:
        WriteError: the folder or a file cannot be written.
        UserError: the id names no unit of the course or an exercise that has all its files, the definition is not one
            that an exercise can have, or its name is another.
    """
    found = _ID.fullmatch(id_)
    if not found:
        raise UserError(
            f"{id_!r} is no id of an exercise: that is unit.function, for instance moco.shuffle_batch"
        )
    unit, name = found.groups()
    if unit not in unit_ids(root):
        raise UserError(
            f"unknown unit {unit!r}: there are {', '.join(unit_ids(root)) or 'none'}. A new unit begins with its "
            f"notebook: write {root / 'solutions' / unit / NOTEBOOK} (CONTRIBUTING.md, *Add a unit*)"
        )
    load_unit(root, unit)
    folder = root / "solutions" / unit / name
    missing = [file for file in NEEDED if not (folder / file).is_file()]
    if not missing or (folder.exists() and not folder.is_dir()):
        raise UserError(f"{folder} exists already: choose another name, or move it away first")
    signature = read_signature(definition)
    if signature.name != name:
        raise UserError(
            f"the definition is that of {signature.name!r}, and the exercise {id_} needs one of {name!r}: give one of "
            "the two the other's name"
        )
    texts = skeleton(id_, signature)
    with writing(folder):
        folder.mkdir(exist_ok=True)
        for file in missing:
            (folder / file).write_text(texts[file], encoding="utf-8")
    return [folder / file for file in missing]


def skeleton(id_: str, signature: Signature) -> dict[str, str]:
    """The texts of an exercise's files, formatted and linted: file name -> text."""
    texts = {
        "reference.py": _reference(id_, signature),
        "checks.py": _checks(id_, signature),
        "wrong.py": _wrong(id_, signature),
        "right.py": _right(id_, signature),
        "test_reference.py": _test(id_, signature),
    }
    assert set(texts) == {*NEEDED}
    return texts


# --- reference.py -------------------------------------------------------------------------------------------------


def _reference(id_: str, signature: Signature) -> str:
    lines = [f'"""Reference of `{id_}`."""', "", *signature.imports]
    lines += ["", ""] if signature.imports else [""]
    lines += [
        *signature.definition(signature.name),
        '    """TODO: what it does, in one sentence (Author et al. YEAR, eq. N).',
        "",
        "    TODO: the conventions: what is summed and what averaged, what happens at the edges. Students read it.",
    ]
    if signature.parameters:
        lines += ["", "    Args:"]
        lines += [f"        {parameter.name}: {_said(parameter)}" for parameter in signature.parameters]
    if signature.returns != "None":
        lines += ["", "    Returns:", "        TODO: what comes back, in which order and range."]
    lines += [
        "",
        "    Raises:",
        "        ValueError: TODO: when; take these two lines out if never.",
        '    """',
    ]
    return _joined([*lines, "    raise NotImplementedError"])


def _said(parameter: Parameter) -> str:
    if parameter.kind == MODULE:
        return "TODO: which module, and what becomes of its parameters and buffers."
    if parameter.kind == INTEGERS:
        return "TODO: what the numbers stand for, and which there may be."
    return "TODO: what it is, and what may be relied on."


# --- checks.py ----------------------------------------------------------------------------------------------------


def _checks(id_: str, signature: Signature) -> str:
    imports = ["Case", "Draw", "standard"]
    if _modules(signature):
        imports.insert(2, "Module")
    lines = [
        f'"""Cases and points of `{id_}`."""',
        "",
        f"from course_utils.checks import {', '.join(imports)}",
        "",
        "",
        *_case(signature),
        "",
        "",
        *_values(signature),
    ]
    names = [parameter.name for parameter in signature.tensors if parameter.kind in (FLOATING, ANY_TENSOR)]
    if signature.differentiable and names:
        title = _quoted(f"The gradients with respect to {_listed(names)} are right.")
        lines += laid_out("gradients = standard.gradients(", ["_case", title, "points=1"], ")")
    lines += _layouts(signature)
    if signature.tensors and signature.returns != "None":
        lines += ['inputs_unchanged = standard.unchanged(_case, "The arguments are left as they were.")']
    lines += [
        "# TODO: with @check, what only this exercise can get wrong: edge cases, a low temperature, a ValueError.",
        "# `draw` has structured values: orthogonal vectors, exact zeros, ties, one long side.",
    ]
    return _joined(lines)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _case(signature: Signature) -> list[str]:
    """A function that draws a case."""
    sizes = signature.sizes
    lines = [f"def _case(draw: Draw{', *sizes: int' if sizes else ''}) -> Case:"]
    if sizes:
        lines += [
            "    # All sizes differ, so that no two dimensions can be taken for each other unseen.",
            f"    {_targets(sizes)} = sizes or draw.sizes({len(sizes)}, 3, {max(9, len(sizes) + 4)})",
        ]
    if any("//" in text for parameter in signature.tensors for text in parameter.shape):
        lines += ["    # TODO: let the divisions come out even."]
    lines += ["    return Case.of("]
    for parameter in signature.parameters:
        value, note = _drawn(parameter, sizes)
        lines += [f"        # TODO: {note}"] if note else []
        lines.append(f"        {parameter.name}={value},")
    return [*lines, "    )"] if signature.parameters else [*lines[:-1], "    return Case.of()"]


def _targets(sizes: tuple[str, ...]) -> str:
    return f"({sizes[0]},)" if len(sizes) == 1 else ", ".join(sizes)


def _drawn(parameter: Parameter, sizes: tuple[str, ...]) -> tuple[str, str]:
    """How an argument is drawn, and what there is to think about."""
    shape = ", ".join(parameter.shape)
    if parameter.kind == FLOATING:
        return f"draw.normal({shape})", ""
    if parameter.kind == INTEGERS:
        highest = f"{sizes[0]} - 1" if sizes else "2"
        return f"draw.integers(0, {highest}, {shape})".replace(", )", ")"), "which may there be?"
    if parameter.kind == TRUTH:
        return f"draw.uniform({shape}) < 0.5", ""
    if parameter.kind == BYTES:
        return f"draw.bytes({shape})", ""
    if parameter.kind == ANY_TENSOR:
        return "draw.normal(4, 5)", "of which shape and dtype?"
    if parameter.kind == MODULE:
        return (
            'Module("tiny_encoder", {"width": 3})',
            "a state of its own, drawn (moco.momentum_update has one)",
        )
    if parameter.kind == SIZES:
        return parameter.value, "which sizes fit?"
    return (
        parameter.value,
        "" if parameter.value in sizes else "another value than the default or an easy one",
    )


def _values(signature: Signature) -> list[str]:
    if signature.returns != "None":
        arguments = ["_case", _quoted("The result is right on a small example."), "points=1"]
    else:
        arguments = ["_case", _quoted("The arguments are changed as they should be."), "points=1"]
        arguments.append('looks_at=("after", "module")' if _modules(signature) else 'looks_at=("after",)')
    return laid_out("values = standard.values(", arguments, ")")


def _modules(signature: Signature) -> bool:
    return any(parameter.kind == MODULE for parameter in signature.parameters)


def _layouts(signature: Signature) -> list[str]:
    if not signature.sizes or signature.returns == "None":
        return []
    many = [4 + number for number in range(len(signature.sizes))]
    one, several = _tuple([1, *many[1:]]), _tuple(many)
    return [
        "",
        "",
        "def _layouts(draw: Draw) -> list[Case]:",
        f"    # TODO: has a batch of one a meaning, is {signature.sizes[0]} its size?",
        f"    one, several = {one}, {several}",
        "    again = _case(draw, *several).then(_case(draw, *several))",
        "    return [_case(draw), _case(draw).strided(), _case(draw, *one), again]",
        "",
        "",
        "layouts = standard.layouts(",
        "    _layouts,",
        '    "The result is right in float64, in transposed memory, for a batch of one and in a second call.",',
        ")",
    ]


def _tuple(numbers: list[int]) -> str:
    return f"({', '.join(map(str, numbers))}{',' if len(numbers) == 1 else ''})"


# --- wrong.py, right.py -------------------------------------------------------------------------------------------


def _wrong(id_: str, signature: Signature) -> str:
    call = _call(signature)
    return f'''"""Wrong answers to `{id_}`: ideas with a name and a hint, then others."""

# TODO: what stands here as examples, with what people really get wrong. The name is what the class report counts.
#
# from course_utils.checks import misconception, slip, wrong
#
#
# An idea with a name. The hint leads there without giving the answer.
#
# @misconception(hint="Which sums should be one?")
# def sum_for_mean({call}):
#     """The losses are added up."""
#     return ...
#
#
# The reference with one slip of the hand: what stands in reference.py once, and what takes its place.
#
# last_for_first = slip(
#     "dim=0",
#     "dim=-1",
#     idea="The last dimension is taken for the batch.",
#     hint="Which dimension counts the examples?",
# )
#
#
# Wrong without an idea to be named, as a function or as a slip.
#
# @wrong
# def rounded({call}):
#     return ...
#
# one_too_few = slip("range(n)", "range(n - 1)")
'''


def _right(id_: str, signature: Signature) -> str:
    call = _call(signature)
    return f'''"""Right answers to `{id_}` that are written otherwise than the reference."""

# TODO: the same as others would write it: with loops, with einsum, in place on a copy of its own, in float64.
#
# from course_utils.checks import RightAnswer, right
#
#
# @right
# def one_example_after_the_other({call}):
#     return ...
#
#
# What is called like a function but is none.
#
# AS_LAMBDA = RightAnswer("lambda", lambda {call}: ...)
'''


def _call(signature: Signature) -> str:
    names = ", ".join(parameter.name for parameter in signature.parameters)
    return names if len(names) < 70 else "..."


# --- test_reference.py --------------------------------------------------------------------------------------------


def _test(id_: str, signature: Signature) -> str:
    name, unit = signature.name, id_.split(".")[0]
    standard = [line for line in signature.imports if line.startswith(("from collections", "from typing"))]
    others = {"import numpy as np", "import pytest", "import torch"}
    named = [line for line in signature.imports if line and line not in standard]
    others |= {line for line in named if line.startswith("import")}
    lines = [
        '"""The reference against independent oracles; imports nothing of ours but the reference."""',
        "",
    ]
    lines += [*standard, ""] if standard else []
    lines += [*sorted(others), *(line for line in named if line.startswith("from"))]
    lines += ["", f"from solutions.{unit}.{name}.reference import {name}", "", "SEEDS = range(20)", "", ""]
    lines += _arguments(signature)
    lines += ["", "", *signature.definition("_by_loops")]
    lines += [
        '    """The same, one number after the other, as plainly as can be."""',
        f'    raise NotImplementedError("TODO: {name} in loops, without a look at the reference")',
        "",
        "",
        '@pytest.mark.parametrize("seed", SEEDS)',
        "def test_agrees_with_loops(seed: int) -> None:",
        "    arguments, copies = _arguments(seed), _arguments(seed)",
    ]
    if signature.returns != "None":
        lines += [f"    torch.testing.assert_close({name}(*arguments), _by_loops(*copies))"]
    else:
        seen = [_seen(parameter, index) for index, parameter in enumerate(signature.parameters)]
        comprehension = f"[{', '.join(item for item in seen if item)}] for values in (arguments, copies)"
        lines += [f"    {name}(*arguments)", "    _by_loops(*copies)"]
        lines += laid_out("changed, expected = (", [comprehension], ")", "    ")
        lines += ["    torch.testing.assert_close(changed, expected)"]
    lines += [
        "",
        "",
        "# TODO: something independent of both: another library, a value worked out by hand, what holds for any input.",
    ]
    return _joined(lines)


def _seen(parameter: Parameter, index: int) -> str:
    if parameter.kind == MODULE:
        return f"*values[{index}].parameters()"
    return f"values[{index}]" if parameter.kind not in (SCALAR, SIZES) else ""


def _arguments(signature: Signature) -> list[str]:
    """A function that draws the arguments once more, without anything of ours."""
    sizes = signature.sizes
    kinds = {parameter.kind for parameter in signature.parameters}
    lines = ["def _arguments(seed: int) -> tuple:"]
    if MODULE in kinds:
        lines += ["    torch.manual_seed(seed)"]
    if sizes or kinds & {FLOATING, INTEGERS, TRUTH, BYTES, ANY_TENSOR}:
        lines += ["    rng = np.random.default_rng(seed)"]
    else:
        lines += ["    _ = np.random.default_rng(seed)  # TODO: draw what is to be different each time"]
    if len(sizes) == 1:
        lines += [f"    {sizes[0]} = int(rng.integers(1, 8))"]
    elif sizes:
        lines += [f"    {', '.join(sizes)} = (int(size) for size in rng.integers(1, 8, {len(sizes)}))"]
    values = [_by_numpy(parameter, sizes) for parameter in signature.parameters]
    if len(values) <= 1 and not any(note for _, note in values):
        return [*lines, f"    return ({''.join(f'{value},' for value, _ in values)})"]
    lines += ["    return ("]
    for value, note in values:
        lines += [f"        # TODO: {note}"] if note else []
        lines.append(f"        {value},")
    return [*lines, "    )"]


def _by_numpy(parameter: Parameter, sizes: tuple[str, ...]) -> tuple[str, str]:
    shape = f"({', '.join(parameter.shape)}{',' if len(parameter.shape) == 1 else ''})"
    if parameter.kind == FLOATING:
        return f"torch.from_numpy(rng.standard_normal({shape}))", ""
    if parameter.kind == INTEGERS:
        return (
            f"torch.from_numpy(rng.integers(0, {sizes[0] if sizes else 3}, {shape}))",
            "which may there be?",
        )
    if parameter.kind == TRUTH:
        return f"torch.from_numpy(rng.random({shape}) < 0.5)", ""
    if parameter.kind == BYTES:
        return f"torch.from_numpy(rng.integers(0, 256, {shape}, dtype=np.uint8))", ""
    if parameter.kind == ANY_TENSOR:
        return "torch.from_numpy(rng.standard_normal((4, 5)))", "of which shape and dtype?"
    if parameter.kind == MODULE:
        return "nn.Linear(4, 3)", "which module?"
    return parameter.value, "" if parameter.value in sizes else "draw it"


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
