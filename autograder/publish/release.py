"""What students get: notebooks, the `course_utils` wheel, a README. Nothing in it gives a solution away."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import nbformat

from autograder.course.config import Course, load_course
from autograder.course.fingerprint import of_parts
from autograder.course.units import Unit, load_unit, unit_ids
from autograder.errors import UserError
from autograder.publish.build import INDEX, build_course, scratch_folder
from autograder.publish.likeness import shapes
from autograder.publish.notebook_source import read_notebook_source
from autograder.publish.published import NEWEST, Published, no_address, notebook_path, wheel_name
from autograder.publish.setup_cell import with_version
from autograder.publish.stub import single_spaced, solved_cell, telling_lines
from autograder.publish.verify import private_metadata, shown_solved
from course_utils import shipped

PACKAGE = "course_utils"
_VERSION = re.compile(r'^__version__ = "([^"]+)"', re.MULTILINE)
# Pictures and arrays; everything else in a release is searched as text, recorded checks by what is packed in them.
_BINARY = (".webp", ".png", ".npz")
_SHORTEST_IDEA = 24
# Cases are made of everyday calls; the ideas behind them are searched for on their own.
_SHORTEST_CASE = 40


def write_release(root: Path, out: Path) -> list[Path]:
    """Write the release.

    Args:
        root: the repository.
        out: a folder; it is made, and files of an earlier release in it are replaced.

    Returns:
        The files written, relative to `out`.

    Raises:
        UserError: `release_url` is still the example's, generated files are stale, `out` is in use for something else,
            or a file would give a solution, a hidden case or a misconception away.
    """
    course = load_course(root)
    if problem := no_address(root, course.release_url):
        raise UserError(problem)
    build_course(root, check=True)
    out = out.resolve()
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file; name a folder for the release")
    if out == root.resolve() or out in root.resolve().parents:
        raise UserError(f"{out} holds the staff's repository; name another folder for the release")
    units = [load_unit(root, unit) for unit in unit_ids(root)]
    with scratch_folder("release-") as folder:
        made = folder / "release"  # the folder around it is for its owner's eyes only
        made.mkdir()
        wheel = build_wheel(root, made).name
        (made / NEWEST).write_text(f"{wheel}\n", encoding="utf-8")
        for unit in units:
            target = made / notebook_path(unit.id)
            target.parent.mkdir()
            text = (root / "assignments" / notebook_path(unit.id)).read_text(encoding="utf-8")
            target.write_text(with_version(text, wheel), encoding="utf-8")
        index = (root / INDEX).read_text(encoding="utf-8")
        (made / "README.md").write_text(_readme(index, course, units, made), encoding="utf-8")
        shutil.copyfile(root / "LICENSE", made / "LICENSE")
        refuse_leaks(made, units, course)
        files = sorted(path.relative_to(made) for path in made.rglob("*") if path.is_file())
        if out.is_dir():
            _remove_old(out, files)
        shutil.copytree(made, out, dirs_exist_ok=True)
    return files


def content_version(package: Path) -> str:
    """The version of the package's wheel: that of its source, and a number made of the contents of all its files.

    Wheels with other contents have other versions and names, so that pip replaces one by the other; the numbers are in
    no order.

    Args:
        package: the folder `course_utils`.

    Raises:
        UserError: its `__init__.py` does not say `__version__ = "..."`.
    """
    path = package / "__init__.py"
    found = _VERSION.search(path.read_text(encoding="utf-8"))
    if found is None:
        raise UserError(f'{path}: a line __version__ = "0.1.0" is missing')
    files = sorted(path for path in package.rglob("*") if path.is_file() and _is_released(path, package))
    contents = {path.relative_to(package).as_posix(): path.read_bytes() for path in files}
    return f"{found[1]}.post{int(of_parts(contents)[:8], 16)}"


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the students' wheel into `folder`, without the network: the same bytes for the same contents.

    Raises:
        UserError: the build failed; the message holds what it said.
    """
    version = content_version(root / PACKAGE)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder.resolve())]
    with tempfile.TemporaryDirectory(prefix="wheel-") as copied:
        package = Path(copied) / PACKAGE
        for path in (root / PACKAGE).rglob("*"):
            if path.is_file() and _is_released(path, root / PACKAGE):
                target = package / path.relative_to(root / PACKAGE)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        start = package / "__init__.py"
        text = start.read_text(encoding="utf-8")
        start.write_text(_VERSION.sub(f'__version__ = "{version}"', text, count=1), encoding="utf-8")
        done = subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)
    wheel = folder / wheel_name(version)
    if done.returncode != 0 or not wheel.is_file():
        raise UserError(f"the wheel of {PACKAGE} could not be built:\n{done.stdout}{done.stderr}")
    return wheel


def _is_released(path: Path, package: Path) -> bool:
    """Whether a file of the package goes into the wheel: caches and hidden files do not."""
    return not any(part == "__pycache__" or part.startswith(".") for part in path.relative_to(package).parts)


def refuse_leaks(folder: Path, units: list[Unit], course: Course) -> None:
    """Search every file of a release, those inside its wheel included, for what students must not see.

    Raises:
        UserError: names the files, and of which exercise each gives something away.
    """
    # What a disabled exercise shows is seen by all, whatever else it is the answer to.
    shown = "\n".join(cell for unit in units for cell in shown_solved(unit, course))
    seen, seen_shapes = single_spaced(shown), {shape for _, shape in shapes(shown)}
    secrets = {
        line: what for unit in units for line, what in secret_texts(unit, course).items() if line not in seen
    }
    answers = {
        shape: what
        for unit in units
        for shape, what in answer_shapes(unit, course).items()
        if shape not in seen_shapes
    }
    problems = []
    for name, text in _texts(folder):
        told = single_spaced(text)
        for function, shape in shapes(text):
            if shape in answers:
                problems.append(f"{name} has {answers[shape]}, as the function {function}")
        found = {what: line for line, what in secrets.items() if line in told}
        problems += [f"{name} has {what}: {line}" for what, line in sorted(found.items())]
        if "BEGIN SOLUTION" in text or "BEGIN HIDDEN" in text:
            problems.append(f"{name} has a mark of solutions or hidden tests")
        if name.endswith(".ipynb"):
            problems += [
                f"{name}: {problem}" for problem in private_metadata(nbformat.reads(text, as_version=4))
            ]
    if problems:
        raise UserError("the release would give these away, and was not written:\n" + "\n".join(problems))


def answer_shapes(unit: Unit, course: Course) -> Mapping[str, str]:
    """The shapes of a unit's right and wrong answers -> what they are: they are found under other names as well."""
    found = {}
    for exercise in unit.exercises.values():
        for file in ("wrong.py", "right.py"):
            for function, shape in shapes(exercise.files[file].read_text(encoding="utf-8")):
                found[shape] = f"{function} of {exercise.id}'s {file}"
    for exercise in unit.exercises.values():
        if exercise.id not in course.disabled:
            for _, shape in shapes(solved_cell(exercise.reference)):
                found[shape] = f"the solution of {exercise.id}"
    return found


def secret_texts(unit: Unit, course: Course) -> Mapping[str, str]:
    """Telling lines of solutions, model answers, hidden checks, wrong and right answers -> what they are."""
    texts: dict[str, str] = {}
    for cell in read_notebook_source(unit.notebook).answers.values():
        texts |= {single_spaced(line): f"the model answer of {cell.id}" for line in cell.text.splitlines()}
    visible: set[str] = set()
    for exercise in unit.exercises.values():
        if exercise.id not in course.disabled:
            for line in telling_lines(solved_cell(exercise.reference)):
                texts[line] = f"the solution of {exercise.id}"
        for check in exercise.checks:
            if check.visible:
                visible.add(single_spaced(check.title))
            elif len(check.title) >= _SHORTEST_IDEA:
                texts[single_spaced(check.title)] = f"a hidden check of {exercise.id}"
        for item in exercise.misconceptions:
            texts[single_spaced(item.idea)] = f"the idea of misconception {item.id} of {exercise.id}"
        for file in ("checks.py", "wrong.py", "right.py"):
            source = exercise.files[file].read_text(encoding="utf-8")
            for line in telling_lines(source, _SHORTEST_CASE):
                texts.setdefault(line, f"code of {exercise.id}'s {file}")
    # What a visible check says is not secret, even if a hidden one says the same.
    for exercise in unit.exercises.values():
        documented = ast.get_docstring(ast.parse(solved_cell(exercise.reference)).body[0], clean=False)  # type: ignore[arg-type]
        visible |= {single_spaced(line) for line in (documented or "").splitlines()}
    return {line: what for line, what in texts.items() if len(line) >= _SHORTEST_IDEA and line not in visible}


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Every text in a folder, that of notebooks' cells and of wheels' members included."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(path.relative_to(folder))
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                for member in wheel.namelist():
                    if not member.endswith(_BINARY):
                        yield f"{name}/{member}", _decode(f"{name}/{member}", wheel.read(member))
        elif path.suffix == ".ipynb":
            text = path.read_text(encoding="utf-8")
            # Sources stand in the file line by line in quotes; as one text they can be searched.
            cells = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
            yield name, text
            yield f"{name} (cells)", cells
        elif path.suffix not in _BINARY:
            yield name, _decode(name, path.read_bytes())


def _decode(name: str, data: bytes) -> str:
    try:
        return "\n".join(shipped.all_texts(data)) if name.endswith(shipped.EXERCISE_SUFFIX) else data.decode()
    except (UnicodeDecodeError, msgspec.DecodeError) as error:
        raise UserError(
            f"{name} is no text and cannot be searched for solutions: is it meant to be released?"
        ) from error


def _remove_old(out: Path, files: list[Path]) -> None:
    """Take out what an earlier release left and this one does not write; refuse a folder of another kind."""
    ours = re.compile(rf"README\.md|LICENSE|{re.escape(NEWEST)}|[^/]+\.whl|([a-z0-9_]+)/\1\.ipynb")
    there = [path.relative_to(out) for path in sorted(out.rglob("*")) if path.is_file()]
    there = [path for path in there if not any(part.startswith(".") for part in path.parts)]
    if foreign := [path for path in there if not ours.fullmatch(path.as_posix())]:
        raise UserError(f"{out} holds {foreign[0]}, which is no part of a release: name an empty folder")
    if there and not any(path.match(wheel_name("*")) for path in there):
        raise UserError(
            f"{out} holds {there[0]}, but no wheel of {PACKAGE}, so it is no earlier release: name an empty folder"
        )
    for path in there:
        if path not in files:
            (out / path).unlink()


def _readme(index: str, course: Course, units: list[Unit], made: Path) -> str:
    published = Published(course.release_url)
    wheel = next(made.glob("*.whl")).name
    table = "\n".join(line for line in index.splitlines() if not line.startswith("<!--"))
    lines = [
        table.strip(),
        "",
        "## How to work",
        "",
        "Open a unit in Colab by its badge, or work on your own machine (Python 3.11 or newer; a GPU is not needed):",
        "",
        "```",
        "python -m venv .venv && . .venv/bin/activate",
        "pip install torch torchvision numpy jupyterlab",
        f"pip install {published.file(wheel)}",
        "jupyter lab",
        "```",
        "",
        "The first cell of each notebook keeps `course_utils` up to date. Where there is no network, put",
        f"`{wheel}` into the notebook's folder: that cell finds it there.",
        "",
        "Each exercise is a function to write. The cell under it says whether it is right as far as the visible",
        "checks see, and if not, why; `hint=1` shows the smallest case that fails, `hint=2` a hint for the mistake,",
        "`hint=3` what was got beside what was expected. Asking for hints costs nothing; how many were asked for is",
        "noted in what you hand in. Hidden checks, with other values, decide the points together with the visible",
        "ones: that all visible ones pass is no promise, and a line says what the hidden ones look at. Save the",
        "notebook and run its last cell, `cu.submit`, to make the file to hand in.",
    ]
    rules = [("Working together", course.integrity), ("Language models", course.ai_use)]
    lines += [f"\n**{name}.** {text}" for name, text in rules if text]
    if course.contact:
        lines.append(f"\nQuestions? Ask {course.contact}.")
    lines += [
        "",
        "The code is under the MIT licence (LICENSE), the wheel's pictures under their own (data/bundled/NOTICE.md).",
    ]
    return "\n".join(lines) + "\n"
