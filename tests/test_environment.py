"""What is declared, in the files that declare it."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

# Import name -> name of the distribution, where they differ.
DISTRIBUTIONS = {
    "IPython": "ipython",
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
# Come with a declared package and are used through it.
BROUGHT = {
    "dask": "distributed",  # one project in two packages
    "traitlets": "nbgrader",
    "sqlalchemy": "nbgrader",
    "nbconvert": "nbgrader",
    "jupyter_client": "nbclient",
    "_pytest": "pytest",
    "nbformat": "nbgrader",
    "markupsafe": "jinja2",
    "websocket": "websocket-client",
    "xdist": "pytest-xdist",
}
OURS = {"autograder", "course_utils", "solutions", "benchmarks", "tests"}


@pytest.fixture(scope="module")
def staff(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def students(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "course_utils/pyproject.toml").read_text())


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=\[; ]", item)[0].lower() for item in requirements}


def imported(folder: Path, pattern: str = "*.py") -> dict[str, str]:
    """Top-level packages that a folder's files import -> one of the files."""
    found: dict[str, str] = {}
    for path in folder.rglob(pattern):
        if path.parent.parent.name == "attacks":  # these import what students might
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.append(node.module)
            for module in modules:
                found.setdefault(module.split(".")[0], str(path))
    known = sys.stdlib_module_names | OURS | {path.stem for path in folder.iterdir()}
    return {name: path for name, path in found.items() if name not in known}


def distribution(module: str) -> str:
    return DISTRIBUTIONS.get(module, module.lower())


def test_environment_yml_agrees_with_pyproject(root: Path, staff: dict[str, Any]) -> None:
    environment = yaml.safe_load((root / "environment.yml").read_text())
    *conda, last = environment["dependencies"]
    assert environment["name"] == staff["project"]["name"]
    assert conda == [f"python{staff['project']['requires-python']}", "pip"], (
        "all else comes from pyproject.toml"
    )
    (install,) = last["pip"]
    extras = re.fullmatch(r"-e \.\[([a-z,]+)\]", install)
    assert extras is not None
    assert set(extras[1].split(",")) <= set(staff["project"]["optional-dependencies"])
    assert f".[{extras[1]}]" in (root / "Makefile").read_text(), "make and conda install the same"


def test_oldest_versions_agree(root: Path, staff: dict[str, Any], students: dict[str, Any]) -> None:
    from course_utils.setup import OLDEST

    declared = dict(item.split(">=") for item in staff["project"]["dependencies"])
    for name, version in OLDEST.items():
        assert declared[name] == ".".join(map(str, version)), name
    for item in students["project"]["dependencies"]:
        name, version = item.split(">=")
        assert declared[name] == version, name
    assert staff["project"]["requires-python"] == students["project"]["requires-python"]


def test_make_compat_tries_the_oldest_torch(root: Path, staff: dict[str, Any]) -> None:
    makefile = (root / "Makefile").read_text()
    for name in ("torch", "torchvision"):
        (oldest,) = [line for line in staff["project"]["dependencies"] if line.startswith(f"{name}>=")]
        assert f"'{oldest.replace('>=', '==')}.*'" in makefile


def test_the_students_project_names_neither_torch_nor_numpy(students: dict[str, Any]) -> None:
    assert not names(students["project"]["dependencies"]) & {"torch", "torchvision", "numpy"}


def test_course_utils_imports_what_it_declares(root: Path, students: dict[str, Any]) -> None:
    allowed = names(students["project"]["dependencies"]) | {"torch", "torchvision", "numpy"}
    # There in every notebook, and only asked for inside one.
    allowed |= {"ipython", "google", "nbclient", "nbformat", "jupyter_client", "jupyter_server"}
    for module, path in imported(root / "course_utils").items():
        assert distribution(module) in allowed, f"{path} imports {module}"


def test_the_staffs_tool_imports_what_is_declared(root: Path, staff: dict[str, Any]) -> None:
    project = staff["project"]
    extras = project["optional-dependencies"]
    grading = names(project["dependencies"]) | names(extras["grading"])
    for folder, pattern, allowed in (
        ("autograder", "*.py", grading | {"pytest"}),
        ("solutions", "[!t]*.py", names(project["dependencies"])),
        ("solutions", "test_*.py", names(project["dependencies"]) | names(extras["dev"])),
        ("tests", "*.py", grading | names(extras["dev"])),
    ):
        for module, path in imported(root / folder, pattern).items():
            found = BROUGHT.get(module, distribution(module))
            assert found in allowed, f"{path} imports {module}"


def test_arrows_run_one_way(root: Path) -> None:
    for folder, forbidden in (("course_utils", {"autograder", "solutions"}), ("solutions", {"autograder"})):
        for path in (root / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                for module in modules:
                    assert module.split(".")[0] not in forbidden, f"{path} imports {module}"


def test_what_must_not_be_shared_is_ignored(root: Path) -> None:
    from autograder.course.config import load_course

    ignored = (root / ".gitignore").read_text().splitlines()
    assert load_course(root).secret in ignored
    for name in ("/submitted/", "/autograded/", "/feedback/", "/gradebook.db*", "grades.jsonl", "/grades/"):
        assert name in ignored


@pytest.fixture
def repository(root: Path, tmp_path: Path) -> Path:
    """An empty one with our rules for git."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    for name in (".gitattributes", ".gitignore"):
        shutil.copy(root / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("moco-submission.ipynb", True),
        ("source/moco/moco-submission.ipynb", True),
        ("assignments/moco/moco-submission.ipynb", True),
        ("course_utils/tests/moco-submission.ipynb", True),
        ("tests/moco-submission.ipynb", False),
        ("tests/autograder/intake/ada-moco-submission.ipynb", False),
        ("source/moco/moco.ipynb", False),
    ],
)
def test_hand_ins_are_ignored_but_for_those_of_tests(path: str, ignored: bool, repository: Path) -> None:
    done = subprocess.run(["git", "check-ignore", "--quiet", path], cwd=repository, check=False)
    assert (done.returncode == 0) == ignored


# Whether its lines are shown in a diff.
GENERATED = {
    "source/moco/moco.ipynb": False,
    "assignments/README.md": True,
    "assignments/moco/moco.ipynb": False,
    "course_utils/shipped/moco.json": True,
    "course_utils/shipped/moco.enqueue.msgpack.z": False,
    "course_utils/training_runs/moco.json": False,
    "solutions/moco/enqueue/receipt.json": False,
    "docs/checks.md": True,
    "benchmarks/results/grading.json": True,
}
WRITTEN = (
    "course_utils/shipped/__init__.py",
    "course_utils/training_runs/__init__.py",
    "solutions/moco/notebook.md",
    "solutions/moco/enqueue/checks.py",
    "docs/security.md",
    "Makefile",
)


def attributes(repository: Path, path: str) -> dict[str, str]:
    names = ["linguist-generated", "diff", "text"]
    command = ["git", "check-attr", *names, "--", path]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True)
    return dict(line.split(": ")[1:] for line in done.stdout.splitlines())


def test_git_knows_what_is_generated(repository: Path, root: Path) -> None:
    for path, shown in GENERATED.items():
        assert (root / path).exists() or path.endswith("receipt.json"), path
        found = attributes(repository, path)
        assert found["linguist-generated"] == "set", path
        assert (found["diff"] != "unset") == shown, path
        assert found["text"] == ("unset" if path.endswith(".z") else "auto"), path
    for path in WRITTEN:
        assert (root / path).exists(), path
        found = attributes(repository, path)
        assert (found["linguist-generated"], found["diff"]) == ("unspecified", "unspecified"), path


# What `make lint` must look at: the packages, the units, the benchmarks, and what tests share.
LINTED = (
    "autograder/planted.py",
    "autograder/grading/planted.py",
    "course_utils/planted.py",
    "benchmarks/planted.py",
    "solutions/moco/shared.py",
    "solutions/moco/enqueue/checks.py",
    "solutions/moco/enqueue/reference.py",
    "solutions/moco/enqueue/right.py",
    "solutions/moco/enqueue/wrong.py",
    "solutions/video/copy_colors/reference.py",
    "solutions/video/copy_colors/right.py",
    "solutions/video/copy_colors/wrong.py",
    "tests/planted.py",
    "tests/conftest.py",
    "tests/support/planted.py",
    "tests/corpora/notebooks/planted.py",
    "tests/attacks/making.py",
)
UNDEFINED = "def answer(x: int) -> int:\n    return undefined_thing(x)\n"


@pytest.mark.parametrize("place", [*LINTED, "tests/test_planted.py"])
def test_ruff_catches_undefined_names(root: Path, place: str) -> None:
    options = ["--no-cache", "--force-exclude", "--output-format=json", "--stdin-filename", place, "-"]
    command = [sys.executable, "-m", "ruff", "check", *options]
    done = subprocess.run(command, cwd=root, input=UNDEFINED, capture_output=True, text=True, check=False)
    assert "F821" in [found["code"] for found in json.loads(done.stdout)], done.stderr
    assert done.returncode == 1


def test_mypy_catches_undefined_names(root: Path, staff: dict[str, Any], tmp_path: Path) -> None:
    """With our configuration, in a tree of our shape that has nothing else: so it takes seconds."""
    settings = staff["tool"]["mypy"]
    for section in (settings, *settings["overrides"]):
        assert not {"name-defined", "syntax", "valid-type"} & set(section.get("disable_error_code", []))
    shutil.copy(root / "pyproject.toml", tmp_path)
    kind = "kind: answer = answer\n"
    untyped = "def answer(x):\n    return undefined_thing(x)\n"  # as the banks of answers are written
    for place in LINTED:
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        bank = path.name in ("checks.py", "right.py", "wrong.py")
        path.write_text((untyped if bank else UNDEFINED) + kind)
    # Without what is installed: `autograder` would be looked up there.
    command = [sys.executable, "-m", "mypy", "--no-site-packages", "--no-pretty"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    found = re.findall(r"^(\S+):\d+: error: .*\[([a-z-]+)\]$", done.stdout, re.MULTILINE)
    expected = {(place, code) for place in LINTED for code in ("name-defined", "valid-type")}
    assert set(found) == expected, done.stdout


def test_ci_lints(root: Path) -> None:
    recipe = (root / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]
    # Without paths: what is read stands in pyproject.toml.
    assert {"$(BIN)/ruff check", "$(BIN)/mypy"} <= {line.strip() for line in recipe.splitlines()}
    assert "make --no-print-directory lint" in (root / ".ci/run").read_text().splitlines()


def test_both_packages_say_that_they_are_typed(root: Path) -> None:
    for package in ("autograder", "course_utils"):
        assert (root / package / "py.typed").is_file(), package
