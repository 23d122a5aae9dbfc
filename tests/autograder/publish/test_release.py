"""What students get, and what may never be in it."""

from __future__ import annotations

import ast
import email
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from autograder.cli.build import build_command
from autograder.course.config import load_course
from autograder.course.units import load_unit
from autograder.errors import UserError
from autograder.publish.build import build_course
from autograder.publish.published import no_address, wheel_name
from autograder.publish.release import build_wheel, content_version, refuse_leaks, write_release
from course_utils import shipped
from tests.support.tiny import add_package, make_course


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real students' wheel."""
    return build_wheel(root, tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """The tiny course, built, with a small package in the place of course_utils."""
    made = make_course(tmp_path / "course")
    build_course(made)
    add_package(made)
    return made


def test_a_release_has_notebooks_wheel_and_readme(course: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / "like-any-other").mkdir()
    files = [str(path) for path in write_release(course, out)]
    wheel = wheel_name(content_version(course / "course_utils"))
    assert re.fullmatch(r"course_utils-0\.1\.0\.post\d+-py3-none-any\.whl", wheel)
    assert files == ["LICENSE", "README.md", wheel, "course_utils.txt", "tiny/tiny.ipynb"]
    assert (out / "course_utils.txt").read_text() == wheel + "\n"
    # A web server reads it, too.
    assert out.stat().st_mode & 0o777 == (tmp_path / "like-any-other").stat().st_mode & 0o777
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()) == files
    readme = (out / "README.md").read_text()
    for part in ("A tiny course", "(tiny/tiny.ipynb)", wheel, "Work alone."):
        assert part in readme
    names = zipfile.ZipFile(out / files[2]).namelist()
    for name in ("tiny.json", "tiny.scale.msgpack.z", "tiny.clear.msgpack.z"):
        assert f"course_utils/shipped/{name}" in names
    assert not any("pyproject" in name or "solutions" in name for name in names)


def test_the_wheel_is_named_for_its_contents(course: Path, tmp_path: Path) -> None:
    package = course / "course_utils"
    made = []
    for change in ("", "", "# mended\n", "cache"):
        if change == "cache":
            (package / "__pycache__").mkdir()
            (package / "__pycache__/x.pyc").write_bytes(b"x")
            (package / ".DS_Store").write_bytes(b"x")
        elif change:
            (package / "helper.py").write_text(change)
        folder = tmp_path / f"wheel{len(made)}"
        folder.mkdir()
        made.append(build_wheel(course, folder))
    first, again, mended, with_caches = made
    assert (first.name, first.read_bytes()) == (again.name, again.read_bytes())
    assert mended.name != first.name
    assert (with_caches.name, with_caches.read_bytes()) == (mended.name, mended.read_bytes())
    version = mended.name.split("-")[1]
    with zipfile.ZipFile(mended) as opened:
        assert opened.read("course_utils/__init__.py").decode() == f'__version__ = "{version}"\n'
        assert f"course_utils-{version}.dist-info/METADATA" in opened.namelist()
    assert (package / "__init__.py").read_text() == '__version__ = "0.1.0"\n'


def test_a_package_without_a_version_is_refused(course: Path, tmp_path: Path) -> None:
    (course / "course_utils/__init__.py").write_text("")
    with pytest.raises(UserError, match=r'__init__\.py: a line __version__ = "0\.1\.0" is missing'):
        build_wheel(course, tmp_path)


def test_a_released_notebook_names_its_wheel(course: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_release(course, out)
    wheel = (out / "course_utils.txt").read_text().strip()
    built = (course / "assignments/tiny/tiny.ipynb").read_text()
    released = (out / "tiny/tiny.ipynb").read_text()
    assert wheel not in built
    assert released.count(wheel) == 1
    assert released.replace(wheel, wheel_name("*")) == built


PLACEHOLDERS = [
    "https://github.com/example-university/ssl-problem-sets/tree/main",
    "https://github.com/OWNER/REPOSITORY/tree/BRANCH",
    "https://example.org/course",
    "https://www.example.com",
    "http://course.invalid/x",
    "",
    "somewhere",
]


@pytest.mark.parametrize("address", PLACEHOLDERS)
def test_without_an_address_nothing_is_released(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_course(
        tmp_path / "course", ("course.toml", "https://github.com/someone/tiny/tree/main", address)
    )
    said = f"{made / 'course.toml'}, line 2: release_url is {address!r}"
    monkeypatch.chdir(made)
    build_command()
    assert f"Warning: {said}" in capsys.readouterr().err
    with pytest.raises(UserError) as error:
        write_release(made, tmp_path / "out")
    assert str(error.value).startswith(said)
    assert 'e.g. release_url = "https://github.com/' in str(error.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "address",
    ["https://github.com/someone/tiny/tree/main", "https://latest.exampleschool.org/x", "http://127.0.0.1:8"],
)
def test_an_address_of_ones_own_is_no_placeholder(address: str, course: Path) -> None:
    assert no_address(course, address) == ""


def test_a_later_release_takes_the_place_of_an_earlier_one(course: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_release(course, out)
    (out / "old").mkdir()
    (out / "old/old.ipynb").write_text("{}")
    (out / ".git").mkdir()
    (out / ".git/config").write_text("")
    write_release(course, out)
    assert not (out / "old/old.ipynb").exists()
    assert (out / ".git/config").exists()


def test_a_folder_in_other_use_is_refused(course: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match="name another folder"):
        write_release(course, tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match=r"thesis\.tex, which is no part of a release"):
        write_release(course, other)
    assert (other / "thesis.tex").exists()
    with pytest.raises(UserError, match="is a file"):
        write_release(course, other / "thesis.tex")


@pytest.mark.parametrize("folder", ["source", "assignments", "submitted/ada"])
def test_other_folders_of_notebooks_are_no_earlier_release(folder: str, course: Path) -> None:
    notebook = course / folder / "tiny/tiny.ipynb"
    if not notebook.exists():
        notebook.parent.mkdir(parents=True)
        notebook.write_text("a student's work")
    before = notebook.read_text()
    with pytest.raises(UserError, match="no earlier release"):
        write_release(course, course / folder)
    assert notebook.read_text() == before


def test_stale_files_are_not_released(course: Path, tmp_path: Path) -> None:
    notebook = course / "assignments/tiny/tiny.ipynb"
    notebook.write_text(notebook.read_text().replace("quarter", "third"))
    with pytest.raises(UserError, match="stale"):
        write_release(course, tmp_path / "out")
    assert not (tmp_path / "out").exists()


LEAKS = {
    "the solution of tiny.scale": "x = 1\nlifted = values *  factor + 0.25 * torch.ones_like(values)\n",
    "the solution of tiny.clear": "with torch.no_grad():\n        values.mul_(0).sub_(torch.ones_like(values))\n",
    "a hidden check of tiny.scale": '"""A secret title about hidden gradients."""\n',
    "code of tiny.clear's checks.py": 'def cases(draw):\n    return Case({"values": Input(draw.normal(3, 2))})\n',
    "the idea of misconception divided": "# The values are divided by\n# the factor, a wrong idea.\n",
    "the solution of tiny.scale, as the function grow": (
        "def grow(x, by):\n    y = x*by + 0.25*torch.ones_like(x)  # renamed\n    return y\n"
    ),
    "the model answer of tiny-q1": "# Because the model answer says so.\n",
    "a mark of solutions": "### BEGIN SOLUTION\n",
}


@pytest.mark.parametrize("what", LEAKS)
def test_a_leak_into_the_wheel_is_refused(what: str, course: Path, tmp_path: Path) -> None:
    text = LEAKS[what].replace("\n# ", " ")
    (course / "course_utils/helper.py").write_text(text)
    with pytest.raises(UserError) as error:
        write_release(course, tmp_path / "out")
    assert what in str(error.value)
    assert "course_utils/helper.py" in str(error.value)
    assert not (tmp_path / "out").exists()


PACKED = {
    "the title of a check": (
        lambda made: replace(made, checks=(replace(made.checks[0], title=SECRET_TITLE),)),
        "a hidden check of tiny.scale",
    ),
    "a hint": (
        lambda made: replace(made, hints={"divided": "The values are divided by the\nfactor, a wrong idea."}),
        "the idea of misconception divided of tiny.scale",
    ),
    "a name": (
        lambda made: replace(made, hints={"lifted = values * factor + 0.25 * torch.ones_like(values)": ""}),
        "the solution of tiny.scale",
    ),
    "something that is read nowhere": (
        lambda made: {
            **msgspec.to_builtins(made, builtin_types=[bytes]),
            "note": ["", [{"x": SECRET_TITLE}]],
        },
        "a hidden check of tiny.scale",
    ),
}
SECRET_TITLE = "A secret title about hidden gradients."


@pytest.mark.parametrize("what", PACKED)
@pytest.mark.parametrize("in_wheel", [True, False])
def test_a_leak_inside_a_recorded_file_is_refused(
    what: str, in_wheel: bool, course: Path, tmp_path: Path
) -> None:
    unit, settings = load_unit(course, "tiny"), load_course(course)
    name = "tiny.scale.msgpack.z"
    data = (course / "course_utils/shipped" / name).read_bytes()
    change, told = PACKED[what]
    changed = zlib.compress(msgspec.msgpack.encode(change(shipped.decode(data))))
    assert b"secret" not in changed
    assert b"values" not in changed
    out = tmp_path / "out"
    out.mkdir()
    for content, refused in ((data, False), (changed, True)):
        if in_wheel:
            with zipfile.ZipFile(out / "course_utils.whl", "w") as made:
                made.writestr(f"course_utils/shipped/{name}", content)
        else:
            (out / name).write_bytes(content)
        if refused:
            with pytest.raises(UserError) as error:
                refuse_leaks(out, [unit], settings)
            assert f"{name} has {told}" in str(error.value)
        else:
            refuse_leaks(out, [unit], settings)


@pytest.mark.parametrize("data", [b"", b"{}", zlib.compress(b"\xc1"), zlib.compress(b"\x80")[:-1]])
def test_a_recorded_file_that_cannot_be_read_is_refused(data: bytes, course: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/tiny.scale.msgpack.z").write_bytes(data)
    with pytest.raises(UserError, match=r"tiny\.scale\.msgpack\.z is no text"):
        refuse_leaks(tmp_path / "out", [load_unit(course, "tiny")], load_course(course))


def test_recorded_files_hold_no_code(root: Path) -> None:
    """Names, sentences and numbers: no string in them is an expression that computes something."""

    def computes(text: str) -> bool:
        try:
            nodes = [node for statement in ast.parse(text).body for node in ast.walk(statement)]
        except SyntaxError:
            return False
        return any(isinstance(node, ast.Call | ast.BinOp | ast.Lambda | ast.FunctionDef) for node in nodes)

    paths = list((root / "course_utils/shipped").glob("*.msgpack.z"))
    assert paths
    for path in paths:
        for text in shipped.all_texts(path.read_bytes()):
            # A name with hyphens Python would take for a difference.
            if not re.fullmatch(r"[a-z0-9-]+", text):
                assert not computes(text), (path.name, text)


def test_leaks_in_notebooks_readmes_and_odd_files(course: Path, tmp_path: Path) -> None:
    unit = load_unit(course, "tiny")
    out = tmp_path / "out"
    write_release(course, out)
    refuse_leaks(out, [unit], load_course(course))
    solved = course / "source/tiny/tiny.ipynb"
    shutil.copy(solved, out / "tiny/tiny.ipynb")
    with pytest.raises(UserError, match=r"tiny/tiny.ipynb \(cells\) has the solution of tiny.clear"):
        refuse_leaks(out, [unit], load_course(course))
    (out / "data.bin").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"data\.bin is no text"):
        refuse_leaks(out, [unit], load_course(course))


def test_an_exercise_shown_solved_is_no_leak(tmp_path: Path) -> None:
    made = make_course(tmp_path / "course", ("course.toml", "sandbox", 'disabled = ["tiny.clear"]\nsandbox'))
    build_course(made)
    add_package(made)
    write_release(made, tmp_path / "out")


def test_the_wheel_asks_for_neither_torch_nor_numpy(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        (name,) = [name for name in opened.namelist() if name.endswith("METADATA")]
        metadata = email.message_from_bytes(opened.read(name))
    needed = {line.split(">")[0].strip().lower() for line in metadata.get_all("Requires-Dist", [])}
    assert needed == {"jaxtyping", "matplotlib", "msgspec", "pillow", "scikit-learn", "tqdm"}


def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel: Path, root: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = {name for name in opened.namelist() if ".dist-info/" not in name}
    package = root / "course_utils"
    there = {
        f"course_utils/{path.relative_to(package).as_posix()}"
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != "pyproject.toml"
    }
    assert names == there
    assert "course_utils/py.typed" in names


def test_the_wheel_works_without_the_repository(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(tmp_path / "site")
    code = (
        f"import sys; sys.path[0:0] = [{str(tmp_path / 'site')!r}]\n"
        "import course_utils as cu\n"
        f"assert cu.__file__.startswith({str(tmp_path)!r}), cu.__file__\n"
        "from course_utils import shipped\n"
        "for unit in ('cpc', 'moco', 'pretext', 'simclr', 'video'):\n"
        "    for id_ in shipped.exercise_ids(unit):\n"
        "        exercise, points = shipped.load_checks(id_)\n"
        "        assert points > 0 and exercise.checks and exercise.hints\n"
        "    assert 'torch' in shipped.imports(unit)\n"
        "import torch\n"
        "result = cu.check('moco.enqueue')\n"
        "assert result.status == 'not run yet', result\n"
        "assert 'autograder' not in sys.modules and 'solutions' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_nothing_of_the_real_units_is_in_the_real_wheel(wheel: Path, root: Path) -> None:
    from autograder.course.units import unit_ids

    refuse_leaks(wheel.parent, [load_unit(root, name) for name in unit_ids(root)], load_course(root))
