"""The set-up cell of a released notebook, run where `course_utils` is missing, old, or of the staff."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from autograder.publish.build import build_course
from autograder.publish.release import write_release
from tests.support.tiny import add_package, make_course

UNREACHABLE = "http://127.0.0.1:9/course"


@dataclass
class Released:
    """A release of the tiny course.

    Attributes:
        folder: what `autograder release` wrote.
        wheel: name of its wheel.
        version: of its wheel.
    """

    folder: Path
    wheel: str
    version: str

    def cell(self) -> str:
        """What the set-up cell of its notebook does before the imports."""
        return install(self.folder / "tiny/tiny.ipynb")


def install(notebook: Path) -> str:
    cells = nbformat.read(notebook, as_version=4).cells
    source = next(cell.source for cell in cells if cell.metadata.get("course", {}).get("setup"))
    return source[: source.index("import torch")]


@dataclass
class Laptop:
    """An environment of its own with all that the wheel depends on, and a folder with a notebook."""

    python: Path
    folder: Path
    path: tuple[str, ...]

    def run(
        self, cell: str, *, before: str = "", path: tuple[str, ...] | None = None
    ) -> tuple[int, str, str]:
        """Exit code, output and error output of the cell; what it imports is printed last."""
        after = "import course_utils\nprint('now', course_utils.__version__)\n"
        done = subprocess.run(
            [str(self.python), "-c", f"{before}\n{cell}\n{after}"],
            cwd=self.folder, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(self.path if path is None else path), "PIP_NO_INDEX": "1"},
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    # On the path, but without its .pth files: the packages are there, the staff's own course_utils is not.
    packages = sysconfig.get_path("purelib")
    venv.create(tmp_path / "laptop", symlinks=True)
    folder = tmp_path / "student" / "tiny"
    folder.mkdir(parents=True)
    return Laptop(tmp_path / "laptop/bin/python", folder, (packages,))


def release(where: Path, address: str = "", package: str = "") -> Released:
    """Build and release the tiny course to `where`, with `package` appended to its course_utils."""
    made = where.with_name(where.name + "-source")
    if not made.exists():
        make_course(
            made, ("course.toml", "https://github.com/someone/tiny/tree/main", address or where.as_uri())
        )
    add_package(made, package)
    build_course(made)
    write_release(made, where)
    wheel = next(where.glob("*.whl")).name
    return Released(where, wheel, wheel.split("-")[1])


def test_it_installs_once_and_what_was_mended_reaches_an_old_notebook(tmp_path: Path, laptop: Laptop) -> None:
    first = release(tmp_path / "page")
    cell = first.cell()
    code, out, err = laptop.run(cell)
    assert (code, err) == (0, "")
    assert (
        out
        == f"course_utils {first.version} was installed from {first.folder.as_uri()}/{first.wheel}\nnow {first.version}\n"
    )
    assert laptop.run(cell) == (0, f"course_utils {first.version} is there.\nnow {first.version}\n", "")

    second = release(tmp_path / "page", package="MENDED = True\n")
    assert second.version != first.version
    assert not (second.folder / first.wheel).exists()
    # The kernel has imported the old one already, and goes on without a restart.
    code, out, err = laptop.run(
        cell, before="import course_utils\nassert not hasattr(course_utils, 'MENDED')"
    )
    assert (code, err) == (0, "")
    assert f"course_utils {second.version} was installed" in out
    assert out.endswith(f"now {second.version}\n")
    assert laptop.run(second.cell())[1].startswith(f"course_utils {second.version} is there.")


@pytest.mark.parametrize("where", [".", ".."])
def test_a_wheel_beside_the_notebook_needs_no_network(where: str, tmp_path: Path, laptop: Laptop) -> None:
    old = release(tmp_path / "old", UNREACHABLE)
    new = release(tmp_path / "new", UNREACHABLE, package="MENDED = True\n")
    shutil.copy(old.folder / old.wheel, laptop.folder / where)
    assert f"now {old.version}" in laptop.run(old.cell())[1]
    # The old one stays until the notebook's own is there.
    code, out, _ = laptop.run(new.cell())
    assert code == 0
    assert f"now {old.version}" in out
    shutil.copy(new.folder / new.wheel, laptop.folder / where)
    code, out, err = laptop.run(new.cell())
    assert (code, err) == (0, "")
    assert f"was installed from {(laptop.folder / where / new.wheel).resolve()}" in out
    assert f"now {new.version}" in out
    # An old wheel that lies about takes nobody back.
    (laptop.folder / where / new.wheel).unlink()
    assert f"now {new.version}" in laptop.run(new.cell())[1]


def test_a_notebook_that_was_not_released_takes_the_newest_wheel_beside_it(
    tmp_path: Path, laptop: Laptop
) -> None:
    """As nbgrader hands it out: the instructor puts a wheel into the exchange."""
    old = release(tmp_path / "old", UNREACHABLE)
    new = release(tmp_path / "new", UNREACHABLE, package="MENDED = True\n")
    cell = install(tmp_path / "old-source/assignments/tiny/tiny.ipynb")
    for age, made in ((100, old), (0, new)):
        file = laptop.folder / made.wheel
        shutil.copy(made.folder / made.wheel, file)
        os.utime(file, (file.stat().st_mtime - age,) * 2)
        assert f"now {made.version}" in laptop.run(cell)[1]
    assert laptop.run(cell)[1].startswith(f"course_utils {new.version} is there.")
    # With none beside it, and no page, what the laptop has is as good as any.
    for made in (old, new):
        (laptop.folder / made.wheel).unlink()
    assert laptop.run(cell) == (0, f"course_utils {new.version} is there.\nnow {new.version}\n", "")


def test_the_example_s_address_is_never_asked(tmp_path: Path, laptop: Laptop) -> None:
    example = "https://github.com/example-university/ssl-problem-sets/tree/main"
    made = make_course(
        tmp_path / "course", ("course.toml", "https://github.com/someone/tiny/tree/main", example)
    )
    build_course(made)
    cell = install(made / "assignments/tiny/tiny.ipynb")
    assert "example-university" not in cell
    code, _, err = laptop.run(cell)
    assert code == 1
    assert f"save course_utils-*-py3-none-any.whl in {laptop.folder}, and run this cell again." in err


def test_with_neither_wheel_nor_network_one_sentence_says_what_to_do(tmp_path: Path, laptop: Laptop) -> None:
    made = release(tmp_path / "page", UNREACHABLE)
    code, _, err = laptop.run(made.cell())
    assert code == 1
    assert (
        "RuntimeError: course_utils is not here and could not be fetched: save "
        f"{UNREACHABLE}/{made.wheel} in {laptop.folder}, and run this cell again.\n"
    ) in err
    other = release(tmp_path / "other", UNREACHABLE, package="MENDED = True\n")
    shutil.copy(made.folder / made.wheel, laptop.folder)
    laptop.run(made.cell())
    (laptop.folder / made.wheel).unlink()
    code, out, _ = laptop.run(other.cell())
    assert code == 0
    assert f"save {UNREACHABLE}/{other.wheel} in" in out
    assert f"Until then you work with version {made.version}." in out


def test_without_pip_it_says_how_uv_installs(tmp_path: Path, laptop: Laptop) -> None:
    made = release(tmp_path / "page")
    code, _, err = laptop.run(made.cell(), path=())
    assert code == 1
    assert f"without pip: run in a terminal `uv pip install {made.folder.as_uri()}/{made.wheel}`" in err


def test_a_stale_wheel_beside_the_notebook_replaces_none_that_is_installed(
    tmp_path: Path, laptop: Laptop
) -> None:
    stale, there, asked = (
        release(tmp_path / name, UNREACHABLE, package=f"MENDED = {name!r}\n") for name in ("1", "2", "3")
    )
    # Where there is none, any is better.
    shutil.copy(there.folder / there.wheel, laptop.folder)
    assert f"now {there.version}" in laptop.run(asked.cell())[1]
    (laptop.folder / there.wheel).unlink()
    shutil.copy(stale.folder / stale.wheel, laptop.folder)
    code, out, _ = laptop.run(asked.cell())
    assert code == 0
    assert f"save {UNREACHABLE}/{asked.wheel} in" in out
    assert f"Until then you work with version {there.version}.\nnow {there.version}\n" in out
    # Where none is asked for, it is the date that tells which is newer.
    file = laptop.folder / stale.wheel
    os.utime(file, (0, 10**9))
    code, out, err = laptop.run(install(tmp_path / "1-source/assignments/tiny/tiny.ipynb"))
    assert (code, err) == (0, "")
    assert out == (
        f'course_utils {there.version} stays, since {file} is older; to have that one, run `%pip install "{file}"`.\n'
        f"now {there.version}\n"
    )


def test_instead_of_a_broken_wheel_comes_that_of_the_page(tmp_path: Path, laptop: Laptop) -> None:
    made = release(tmp_path / "page")
    whole = (made.folder / made.wheel).read_bytes()
    # The beginning of one, and one that only pip finds broken.
    for broken in (whole[: len(whole) // 2], b"PK\5\6" + bytes(18)):
        (laptop.folder / made.wheel).write_bytes(broken)
        code, out, err = laptop.run(made.cell())
        assert (code, err) == (0, "")
        assert f"was installed from {made.folder.as_uri()}/{made.wheel}\nnow {made.version}" in out
        remove(laptop)


def test_a_wheel_that_cannot_be_installed_is_told_in_pips_words(tmp_path: Path, laptop: Laptop) -> None:
    made = release(tmp_path / "page", UNREACHABLE)
    file = laptop.folder / made.wheel
    file.write_bytes(b"PK\5\6" + bytes(18))  # an empty zip
    code, _, err = laptop.run(made.cell())
    assert code == 1
    assert (
        f"could not be installed from {file} or {UNREACHABLE}/{made.wheel}: mend what pip says below" in err
    )
    assert "ERROR" in err
    file.write_bytes(b"half a download")
    code, _, err = laptop.run(made.cell())
    assert code == 1
    assert (
        f"save {UNREACHABLE}/{made.wheel} in {laptop.folder} in place of {file}, which is broken, and run this"
        in err
    )


def test_a_broken_wheel_is_never_the_newest(tmp_path: Path, laptop: Laptop) -> None:
    made = release(tmp_path / "page", UNREACHABLE)
    shutil.copy(made.folder / made.wheel, laptop.folder)
    later = laptop.folder / "course_utils-0.1.0.post9-py3-none-any.whl"
    later.write_bytes((made.folder / made.wheel).read_bytes()[:-100])
    os.utime(laptop.folder / made.wheel, (0, later.stat().st_mtime - 100))
    code, out, err = laptop.run(install(tmp_path / "page-source/assignments/tiny/tiny.ipynb"))
    assert (code, err) == (0, "")
    assert f"now {made.version}" in out


def test_a_page_that_answers_with_something_else_is_none(tmp_path: Path, laptop: Laptop) -> None:
    """As networks do that want a login first."""
    made = release(tmp_path / "page")
    (made.folder / "course_utils.txt").write_text("<html>Log in first</html>")
    assert f"now {made.version}" in laptop.run(made.cell())[1]


@pytest.mark.parametrize("has_old_wheel", [False, True])
def test_the_staffs_own_copy_is_left_alone(has_old_wheel: bool, tmp_path: Path, laptop: Laptop) -> None:
    made = release(tmp_path / "page")
    if has_old_wheel:
        laptop.run(made.cell())
        made = release(tmp_path / "page", package="MENDED = True\n")
    shutil.copy(made.folder / made.wheel, laptop.folder)
    own = tmp_path / "page-source"
    code, out, err = laptop.run(made.cell(), path=(str(own), *laptop.path))
    assert (code, err) == (0, "")
    assert out == f"course_utils is taken from {own / 'course_utils'}\nnow 0.1.0\n"


def test_no_name_of_its_own_is_left_in_the_notebook(tmp_path: Path) -> None:
    made = release(tmp_path / "page", UNREACHABLE)
    names: dict[str, object] = {}
    exec(made.cell(), names)
    assert set(names) == {"__builtins__", "install_course_utils"}


def test_it_runs_on_the_oldest_python_of_the_wheel(tmp_path: Path) -> None:
    made = release(tmp_path / "page")
    compile(made.cell(), "cell", "exec", dont_inherit=True)
    assert sys.version_info >= (3, 11)


@pytest.mark.parametrize("name", ["{} (1).whl", "{}(2).whl", "{} - Copy.whl", "Copy of {}.whl", "{}.whl.zip"])
@pytest.mark.parametrize("is_released", [True, False])
def test_a_wheel_under_a_browser_s_name_is_taken_under_its_own(
    name: str, is_released: bool, tmp_path: Path, laptop: Laptop
) -> None:
    made = release(tmp_path / "page", UNREACHABLE)
    saved = laptop.folder / name.format(made.wheel.removesuffix(".whl"))
    shutil.copy(made.folder / made.wheel, saved)
    cell = made.cell() if is_released else install(tmp_path / "page-source/assignments/tiny/tiny.ipynb")
    code, out, err = laptop.run(cell)
    assert (code, err) == (0, "")
    assert out == (
        f"course_utils {made.version} was installed from {laptop.folder / made.wheel}\nnow {made.version}\n"
    )
    assert saved.is_file()


def test_a_second_download_takes_the_place_of_a_broken_first_one(tmp_path: Path, laptop: Laptop) -> None:
    made = release(tmp_path / "page", UNREACHABLE)
    whole = (made.folder / made.wheel).read_bytes()
    (laptop.folder / made.wheel).write_bytes(whole[:1000])
    (laptop.folder / made.wheel.replace(".whl", " (1).whl")).write_bytes(whole)
    code, out, err = laptop.run(made.cell())
    assert (code, err) == (0, "")
    assert f"now {made.version}" in out
    # And one that is whole is not written over.
    (laptop.folder / made.wheel.replace(".whl", " (1).whl")).write_bytes(whole + b"more")
    assert laptop.run(made.cell())[1].startswith(f"course_utils {made.version} is there.")
    assert (laptop.folder / made.wheel).read_bytes() == whole


def test_where_it_cannot_be_copied_one_sentence_says_what_to_rename(tmp_path: Path, laptop: Laptop) -> None:
    made = release(tmp_path / "page", UNREACHABLE)
    saved = laptop.folder / made.wheel.replace(".whl", " (1).whl")
    shutil.copy(made.folder / made.wheel, saved)
    refused = "import shutil\ndef refuse(*paths):\n    raise PermissionError\nshutil.copy2 = refuse"
    code, out, _ = laptop.run(made.cell(), before=refused)
    assert code == 1
    assert out == f"Rename {saved} to {made.wheel}, and run this cell again: it can't be copied here.\n"


def test_an_old_wheel_beside_the_notebook_is_never_installed_unsaid(tmp_path: Path, laptop: Laptop) -> None:
    old = release(tmp_path / "old", UNREACHABLE)
    new = release(tmp_path / "new", UNREACHABLE, package="MENDED = True\n")
    for made in (old, new):
        shutil.copy(made.folder / made.wheel, laptop.folder)
    # Unpacked or saved last.
    file, other = laptop.folder / old.wheel, laptop.folder / new.wheel
    os.utime(file, (0, other.stat().st_mtime + 100))
    code, out, err = laptop.run(new.cell())
    assert (code, err) == (0, "")
    assert out == f"course_utils {new.version} was installed from {other}\nnow {new.version}\n"
    remove(laptop)
    # Where nothing says which version is asked for, dates decide, and that is told.
    code, out, err = laptop.run(install(tmp_path / "old-source/assignments/tiny/tiny.ipynb"))
    assert (code, err) == (0, "")
    assert out == (
        f"course_utils {old.version} was installed from {file}\n"
        "It is the newest by number and date of those beside the notebook: delete the older ones.\n"
        f"now {old.version}\n"
    )
    remove(laptop)
    other.unlink()
    code, out, err = laptop.run(new.cell())
    assert (code, err) == (0, "")
    assert out == (
        f"course_utils {old.version} was installed from {file}\nThis notebook needs another version: save "
        f"{UNREACHABLE}/{new.wheel} in {laptop.folder}, and run this cell again.\nnow {old.version}\n"
    )


def test_a_higher_number_is_newer_than_a_later_date(tmp_path: Path, laptop: Laptop) -> None:
    made = release(tmp_path / "old", UNREACHABLE)
    shutil.copy(made.folder / made.wheel, laptop.folder)
    later = laptop.folder / "course_utils-0.10.0.post1-py3-none-any.whl"
    later.write_bytes(b"PK\5\6" + bytes(18))  # an empty zip, which is tried
    os.utime(later, (0, 10**9))
    code, _, err = laptop.run(install(tmp_path / "old-source/assignments/tiny/tiny.ipynb"))
    assert code == 1
    assert f"could not be installed from {later}: mend what pip says below" in err


def remove(laptop: Laptop) -> None:
    subprocess.run(
        [str(laptop.python), "-m", "pip", "uninstall", "--quiet", "--yes", "course_utils"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(laptop.path)}, check=True,
    )  # fmt: skip
