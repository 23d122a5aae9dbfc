"""`autograder new`: what it makes loads, is formatted, and becomes an exercise when it is filled; what it refuses."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course import modules
from autograder.course.exercises import NEEDED, load_exercise
from autograder.course.units import load_unit
from autograder.errors import UserError, WriteError
from autograder.publish.build import build_course
from autograder.publish.signature import laid_out, read_signature
from autograder.publish.skeleton import make_skeleton, skeleton
from tests.support import ROOT
from tests.support.tiny import make_course

HALVE = 'def halve(values: Float[Tensor, "n d"], kept: Bool[Tensor, "n"], by: float = 2.0) -> Float[Tensor, "n d"]: ...'

DEFINITIONS = [
    HALVE,
    'def gather(x: Float[Tensor, "n d"], order: Int64[Tensor, "n"]) -> Float[Tensor, "n d"]: ...',
    'def one(x: Float[Tensor, "n"]) -> Float[Tensor, ""]:',
    'def number(z: Float[Tensor, ""]) -> float: pass',
    "def schedule(step: int, steps: int, base: float, warm: bool = True, kind: str = 'cosine') -> float: ...",
    "def nothing() -> int: ...",
    "def plain(x: Tensor, size: tuple[int, int], factors: tuple[int, ...]) -> Tensor: ...",
    'def patches(x: UInt8[Tensor, "n 3 h w"], patch: int) -> Int64[Tensor, "n (h/patch)*(w/patch)"]: ...',
    'def noise(x: Float[Tensor, "n *size"], t: Int64[Tensor, " n"]) -> Float[Tensor, "n *size"]: ...',
    'def letters(x: Float[Tensor, "l O I"], any_of: Bool[Tensor, "#n ..."], it: Float[Tensor, "1+k _"]) -> '
    "tuple[Float[Tensor, 'l'], Int64[Tensor, 'k']]: ...",
    'def in_place(network: nn.Module, memory: Float[Tensor, "k d"], rows: Int64[Tensor, "n"], rate: float) -> None: ...',
    'def nothing_but_modules(network: nn.Module, other: nn.Module) -> None: ...',
    'def long_names(descriptors_of_the_first: Float[Tensor, "number dim"], descriptors_of_the_second: Float[Tensor, '
    '"number dim"], temperature_of_the_softmax: float | None = 0.1, reduction: Literal["mean", "sum"] = "mean") -> '
    'Float[Tensor, ""]: ...',
    'def named_as_python_likes_it(cls: Int64[Tensor, "rng seed"], self: int, case: float, check: int) -> int: ...',
    'def many(a: Float[Tensor, "b c d e f g"], h: Int64[Tensor, "i j k m n o"]) -> Float[Tensor, "b i"]: ...',
]  # fmt: skip


def _new(*arguments: str, text: str = "") -> str:
    result = CliRunner().invoke(app, ["new", *arguments], input=text)
    if result.exception:
        raise result.exception
    return result.output


def _change(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text()
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    path.write_text(text)


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda text: text.split("(")[0][4:])
def test_a_fresh_skeleton_loads_and_its_cases_can_be_drawn(tmp_path: Path, definition: str) -> None:
    signature = read_signature(definition)
    id_ = f"fresh.{signature.name}"
    files = {}
    for name, text in skeleton(id_, signature).items():
        files[name] = tmp_path / name
        files[name].write_text(text)
    exercise = load_exercise(id_, files)
    (values, *_) = exercise.checks
    assert values.visible
    assert not values.side
    for check in exercise.checks:
        for secret in (b"one", b"another"):
            for case in check.draw(secret):
                assert case.calls[0] == tuple(parameter.name for parameter in signature.parameters)
    with pytest.raises(NotImplementedError):
        exercise.reference(*[None] * len(signature.parameters))


def test_all_that_is_written_is_linted_and_formatted(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for definition in DEFINITIONS:
        signature = read_signature(definition)
        folder = tmp_path / "solutions" / "fresh" / signature.name
        folder.mkdir(parents=True)
        for name, text in skeleton(f"fresh.{signature.name}", signature).items():
            (folder / name).write_text(text)
    for command in (["check", "."], ["format", "--check", "--diff", "."]):
        run = subprocess.run(
            [sys.executable, "-m", "ruff", *command], capture_output=True, text=True, cwd=tmp_path
        )
        assert run.returncode == 0, run.stdout + run.stderr


def test_sizes_dtypes_and_plain_arguments(tmp_path: Path) -> None:
    signature = read_signature(DEFINITIONS[7])
    assert signature.sizes == ("n", "h", "w")
    assert not signature.differentiable
    assert "images" not in skeleton("fresh.patches", signature)["checks.py"]
    text = skeleton("fresh.in_place", read_signature(DEFINITIONS[10]))["checks.py"]
    assert "memory=draw.normal(k, d)," in text
    assert "rows=draw.integers(0, k - 1, n)," in text
    assert 'Module("tiny_encoder"' in text
    assert 'looks_at=("after", "module")' in text
    assert "standard.unchanged" not in text
    assert "standard.gradients" not in text
    text = skeleton("fresh.halve", read_signature(HALVE))["checks.py"]
    assert "kept=draw.uniform(n) < 0.5," in text
    assert '"The gradients with respect to values are right."' in text
    for helper in ("values", "gradients", "layouts", "unchanged"):
        assert f"standard.{helper}(" in text
    text = skeleton("fresh.f", read_signature('def f(how: Literal["a", "b"], why: int) -> float: ...'))[
        "checks.py"
    ]
    assert 'how="a"' in text
    # An integer that is named as a dimension has its size.
    text = skeleton("fresh.f", read_signature('def f(x: Float[Tensor, "n k"], k: int) -> Tensor: ...'))[
        "checks.py"
    ]
    assert "        k=k,\n" in text


def test_shapes_of_one_word_begin_with_a_space() -> None:
    signature = read_signature(
        'def f(x: Int64[Tensor, "n"], how: Literal["a", "b"] = "a") -> Float[Tensor, "n 1+k"]: ...'
    )
    assert signature.definition("g") == [
        'def g(x: Int64[Tensor, " n"], how: Literal["a", "b"] = "a") -> Float[Tensor, "n 1+k"]:'
    ]


def test_brackets_are_broken_as_they_get_longer() -> None:
    assert laid_out("f(", ["a", "b"], ")") == ["f(a, b)"]
    long = ["a" * 50, "b" * 50]
    assert laid_out("f(", long, ") -> Tensor:") == ["f(", f"    {long[0]}, {long[1]}", ") -> Tensor:"]
    assert laid_out("f(", [*long, "c"], ")", "    ")[1:] == [f"        {item}," for item in [*long, "c"]] + [
        "    )"
    ]


# --- the command --------------------------------------------------------------------------------------------------


def test_filled_in_it_is_an_exercise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_course(tmp_path)
    monkeypatch.chdir(root)
    said = _new("tiny.halve", "-", text=HALVE)
    folder = root / "solutions/tiny/halve"
    assert {path.name for path in folder.iterdir()} == {*NEEDED}
    for step in (
        '```python exercise="tiny.halve" minutes=15 difficulty="moderate"',
        "solutions/tiny/notebook.md",
        "autograder checks tiny.halve",
        "autograder build tiny",
        "grep -rn TODO solutions/tiny/halve",
    ):
        assert step in said
    # The file as it is: not built before it is filled, and the complaint says where.
    notebook = root / "solutions/tiny/notebook.md"
    _change(
        notebook,
        ("from torch import Tensor\n", "from jaxtyping import Bool, Float\nfrom torch import Tensor\n"),
        (
            "```python scratch=true",
            '```python exercise="tiny.halve" minutes=5 difficulty="easy"\n```\n\n```python scratch=true',
        ),
    )
    with pytest.raises(
        UserError, match=r"halve/reference\.py, line \d+: the reference of tiny\.halve raises"
    ):
        build_course(root)
    test = modules.load_module("solutions.tiny.halve.test_reference", folder / "test_reference.py")
    test.halve = lambda *arguments: arguments[0]
    with pytest.raises(NotImplementedError, match="TODO: halve in loops"):
        test.test_agrees_with_loops(0)

    _change(
        folder / "reference.py",
        (
            "    raise NotImplementedError\n",
            "    return torch.where(kept[:, None], values / by, 0 * values)\n",
        ),
        ("\nfrom jaxtyping", "\nimport torch\nfrom jaxtyping"),
    )
    reference = folder / "reference.py"
    reference.write_text(reference.read_text().replace("TODO: ", ""))
    (folder / "wrong.py").write_text('''\
from course_utils.checks import misconception, slip, wrong


@misconception(hint="What becomes of the others?")
def all_kept(values, kept, by=2.0):
    """All rows are kept, in this idea."""
    return values / by


doubled = slip("values / by", "values * by", idea="Multiplied, in this idea.", hint="Is half larger?")


@misconception(hint="Which rows are kept?")
def others_kept(values, kept, by=2.0):
    """The other rows are kept, in this idea."""
    return (~kept).to(values.dtype)[:, None] * values / by


@wrong
def always_two(values, kept, by=2.0):
    return kept.to(values.dtype)[:, None] * values / 2
''')
    (folder / "right.py").write_text(
        "from course_utils.checks import right\n\n\n@right\ndef product(values, kept, by=2.0):\n"
        "    return kept.to(values.dtype)[:, None] * values / by\n"
    )
    _change(
        folder / "test_reference.py",
        (
            '    raise NotImplementedError("TODO: halve in loops, without a look at the reference")\n',
            "    rows = [row / by if bool(keep) else 0 * row for row, keep in zip(values, kept, strict=True)]\n"
            "    return torch.stack(rows)\n",
        ),
    )
    monkeypatch.delitem(sys.modules, "solutions.tiny.halve.test_reference")
    monkeypatch.delitem(sys.modules, "solutions.tiny.halve.reference")
    for file in ("checks", "wrong", "right"):
        monkeypatch.delitem(sys.modules, f"solutions.tiny.halve.{file}", raising=False)
    build_course(root)
    exercise = load_unit(root, "tiny").exercises["tiny.halve"]
    assert [check.id for check in exercise.checks] == ["values", "gradients", "layouts", "inputs-unchanged"]
    assert exercise.points == 3.5
    test = modules.load_module("solutions.tiny.halve.test_reference", folder / "test_reference.py")
    for seed in test.SEEDS:
        test.test_agrees_with_loops(seed)
    test.halve = lambda values, kept, by: torch.zeros_like(values)
    with pytest.raises(AssertionError):
        for seed in test.SEEDS:
            test.test_agrees_with_loops(seed)


def test_what_a_folder_lacks_is_written_and_the_rest_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(make_course(tmp_path))
    folder = tmp_path / "solutions/tiny/halve"
    folder.mkdir()
    (folder / "wrong.py").write_text("# Ours.\n")
    (folder / "right.py").write_text("# Ours too.\n")
    said = _new("tiny.halve", HALVE)
    assert "Wrote what solutions/tiny/halve/ lacked: reference.py, checks.py, test_reference.py." in said
    assert {path.name for path in folder.iterdir()} == {*NEEDED}
    assert (folder / "wrong.py").read_text() == "# Ours.\n"
    assert (folder / "right.py").read_text() == "# Ours too.\n"
    with pytest.raises(UserError, match="exists already"):
        make_skeleton(tmp_path, "tiny.halve", HALVE)


def test_the_definition_as_an_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make_course(tmp_path))
    assert "Made solutions/tiny/halve/" in _new("tiny.halve", HALVE)
    assert (tmp_path / "solutions/tiny/halve/reference.py").is_file()


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id_", "definition", "said"),
    [
        ("halve", HALVE, r"'halve' is no id of an exercise: that is unit\.function, for instance"),
        ("tiny.halve.it", HALVE, "is no id of an exercise"),
        ("tiny.Halve", HALVE, "is no id of an exercise"),
        ("tiny._halve", HALVE, "is no id of an exercise"),
        ("tinny.halve", HALVE, r"unknown unit 'tinny': there are tiny\. A new unit .*solutions/tinny/notebook\.md"),
        ("tiny.scale", HALVE, r"solutions/tiny/scale exists already: choose another name"),
        ("tiny.half", HALVE, r"the definition is that of 'halve', and .*tiny\.half needs one of 'half'"),
        ("tiny.halve", HALVE.replace("halve(", "halve(("), "does not parse, line 1: .* single quotes"),
        ("tiny.halve", "def halve(x: int\n) -> int int: ...", "does not parse, line 2"),
        ("tiny.halve", "x = 1", "must be that of one function and nothing else"),
        ("tiny.halve", "", "must be that of one function and nothing else"),
        ("tiny.halve", HALVE + "\n" + HALVE, "must be that of one function and nothing else"),
        ("tiny.halve", "class halve: ...", "must be that of one function"),
        ("tiny.halve", "async def halve() -> int: ...", "must be that of one function"),
        ("tiny.halve", "@cache\ndef halve() -> int: ...", "line 1: an exercise is a function without decorators"),
        ("tiny.halve", "def halve(x: int) -> int:\n    y = x\n    return y", "line 2: give the signature alone"),
        ("tiny.halve", "def halve(x: int, *, y: int) -> int: ...", "line 1: y is no ordinary argument"),
        ("tiny.halve", "def halve(*x: int) -> int: ...", "x is no ordinary argument"),
        ("tiny.halve", "def halve(**x: int) -> int: ...", "x is no ordinary argument"),
        ("tiny.halve", "def halve(x: int, /) -> int: ...", "x is no ordinary argument"),
        ("tiny.halve", "def halve(\n    x: int,\n    y,\n) -> int: ...", r"line 3: y has no annotation: write y: Float"),
        ("tiny.halve", "def halve(x: int): ...", "not said what halve returns: write -> "),
        ("tiny.halve", "def halve(f: Callable) -> int: ...", "f is Callable, which no case can hold"),
        ("tiny.halve", "def halve(x: list[Tensor]) -> int: ...", r"x is list\[Tensor\], which no case can hold"),
        ("tiny.halve", "def halve(x: int) -> Foo: ...", "Foo is not known: annotations are made of"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_the_way_out(
    tmp_path: Path, id_: str, definition: str, said: str
) -> None:
    root = make_course(tmp_path)
    before = sorted(root.rglob("*"))
    with pytest.raises(UserError, match=said):
        make_skeleton(root, id_, definition)
    assert sorted(root.rglob("*")) == before


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_course(tmp_path)

    def full(path: Path, *arguments: object, **options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(WriteError, match=r"tiny/halve/\S+ cannot be written: Read-only file system"):
        make_skeleton(root, "tiny.halve", HALVE)
