"""The folder in which student code works: writable, small, new for each job and each exercise, in every tier."""

from __future__ import annotations

import ast
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox import folder as folders
from autograder.sandbox.client import ForkServer, Job, Limits, Sandbox
from autograder.sandbox.folder import WorkingFolder
from autograder.sandbox.server import Worker
from course_utils.checks.case import Case
from course_utils.checks.observation import Failure, Observation
from course_utils.checks.prepared import Fault
from course_utils.checks.wire import pack_case
from course_utils.running.place import empty
from course_utils.slices.statements import CellCode
from tests.support.optional import tiers_here

LIMITS = Limits(seconds=10, memory_mb=1024)
TIERS = [*tiers_here(), "none"]


@pytest.fixture(scope="module", params=TIERS)
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(LIMITS, request.param) as made:
        yield made


def load(job: Job, body: str) -> None:
    lines = "".join(f"\n    {line}" for line in body.splitlines())
    source = f"import os, sys, tempfile\nfrom pathlib import Path\nimport torch\ndef f():{lines}\n"
    assert job.load("f", [CellCode("1", source, tuple(range(len(ast.parse(source).body))))]) is None


def call(job: Job) -> object:
    """What the function returns, or the failure or fault."""
    (seen,) = job.run([pack_case(Case({}))], "cpu")
    if isinstance(seen, Observation):
        return seen.failure or seen.quantities["result"]
    return seen


def ask(sandbox: Sandbox, body: str) -> object:
    with sandbox.job() as job:
        load(job, body)
        return call(job)


@pytest.mark.parametrize(
    "body",
    [
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('x.png')\nreturn os.path.getsize('x.png') > 0",
        "open('notes.txt', 'w').write('7')\nreturn open('notes.txt').read() == '7'",
        "torch.save(torch.ones(3), 'a.pt')\nreturn torch.load('a.pt').sum().item() == 3",
        "with tempfile.TemporaryDirectory() as a, tempfile.NamedTemporaryFile() as b, tempfile.TemporaryFile() as c:\n"
        "    c.write(b'x')\n    return os.path.isdir(a) and os.path.isfile(b.name)",
        "Path('a/b').mkdir(parents=True)\nPath('a/b/c').write_text('x')\nPath('a/b/c').rename('d')\n"
        "return Path('d').read_text() == 'x'",
        "import shutil\nPath('a').write_text('x')\nshutil.copy2('a', 'b')\nos.mkdir('c')\nshutil.move('b', 'c')\n"
        "shutil.rmtree('c')\nreturn os.listdir('.') == ['a']",
        "import numpy, pickle\nnumpy.save('a.npy', numpy.ones(3))\npickle.dump([1], open('p', 'wb'))\n"
        "return float(numpy.load('a.npy').sum()) == 3 and pickle.load(open('p', 'rb')) == [1]",
        "import logging\nlogging.FileHandler('run.log').emit(logging.makeLogRecord({'msg': 'done'}))\n"
        "return Path('run.log').read_text() == 'done\\n'",
        "Path('helper_here.py').write_text('x = 3')\nimport helper_here\nreturn helper_here.x == 3",
        "here = str(Path.cwd())\nnames = ('HOME', 'TMPDIR', 'MPLCONFIGDIR')\n"
        "return all(os.environ[name] == here for name in names) and tempfile.gettempdir() == here == str(Path.home())",
    ],
)  # fmt: skip
def test_files_can_be_saved_and_read_again(sandbox: Sandbox, body: str) -> None:
    assert ask(sandbox, body) is True


def test_it_is_empty_for_each_job_and_for_each_exercise(sandbox: Sandbox) -> None:
    leave = (
        "os.makedirs('a/b')\nos.mkdir('closed', 0)\nPath('x').touch()\nos.link('x', 'y')\n"
        "for name in ('x', '.hidden', 'a/b/c', 'a/.matplotlib'): Path(name).write_text('left')\nreturn 1"
    )
    look = "return str(sorted(os.listdir('.'))) + str(os.listdir(tempfile.gettempdir()))"
    with sandbox.job() as job:
        load(job, "return os.getcwd()")
        home = call(job)
        load(job, leave)
        assert call(job) == 1
        load(job, "os.chdir('/')\nreturn 1")
        assert call(job) == 1
        load(job, "return os.getcwd()")
        assert call(job) == home
        load(job, look)
        assert call(job) == "the string '[][]'"
        load(job, leave)
        assert call(job) == 1
    assert ask(sandbox, look) == "the string '[][]'"


def test_one_case_can_read_what_another_has_written(sandbox: Sandbox) -> None:
    with sandbox.job() as job:
        load(job, "with open('calls', 'a') as file: file.write('x')\nreturn os.path.getsize('calls')")
        assert [call(job) for _ in range(3)] == [1, 2, 3]


FILLERS = {
    "bytes": "for i in range(200): Path(f'f{i}').write_bytes(b'x' * 2**20)\nimport time\ntime.sleep(3)\nreturn 1",
    "files": "for i in range(6000): Path(f'f{i}').touch()\nimport time\ntime.sleep(3)\nreturn 1",
    "links": "Path('f').touch()\nfor i in range(70000): os.link('f', f'f{i}')\nimport time\ntime.sleep(3)\nreturn 1",
    "folders": "for i in range(6000):\n    os.mkdir('d')\n    os.chdir('d')\nimport time\ntime.sleep(3)\nreturn 1",
}


@pytest.mark.parametrize("what", FILLERS)
def test_who_fills_it_fails_alone(sandbox: Sandbox, what: str) -> None:
    if sandbox.tier == "full" and what == "links":
        pytest.skip("names take no space of their own in a file system in memory but in its table of inodes")
    with Sandbox(LIMITS, server=sandbox.server) as neighbour, neighbour.job() as other:
        load(other, "Path('mine').write_text('x' * 2**20)\nreturn os.listdir('.') == ['mine']")
        seen = ask(sandbox, FILLERS[what])
        assert call(other) is True
    if sandbox.tier == "full":
        assert isinstance(seen, Failure)
        assert "No space left on device" in seen.message
    else:
        assert isinstance(seen, Fault), seen
        assert seen.status == "crashed"
        assert "more to its working folder than the 64 MB and 1,024 files" in seen.message
    assert ask(sandbox, "return str(os.listdir('.'))") == "the string '[]'"


LONG = {
    # A path may have 4,096 characters: these folders can be reached one from another alone.
    "long names": "for i in range(24):\n    os.mkdir('n' * 250)\n    os.chdir('n' * 250)\nopen('x', 'w').close()\n"
    "import time\ntime.sleep(0.5)\nreturn 1",
    "swapped": "import time\nfor i in range(9): os.mkdir(f'x{i}')\nuntil = time.monotonic() + 1\n"
    "while time.monotonic() < until:\n    for i in range(9):\n        os.rename(f'x{i}', 'y')\n"
    "        open(f'x{i}', 'w').close()\n        os.unlink(f'x{i}')\n        os.rename('y', f'x{i}')\nreturn 1",
}


@pytest.mark.parametrize("what", LONG)
def test_what_is_in_it_harms_no_worker(sandbox: Sandbox, what: str) -> None:
    seen = ask(sandbox, LONG[what])
    assert seen == 1 or (
        isinstance(seen, Fault) and seen.status == "crashed" and "working folder" in seen.message
    )
    assert what == "swapped" or seen == 1
    assert ask(sandbox, "return str(os.listdir('.'))") == "the string '[]'"


def test_a_tree_is_looked_through_by_descriptors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_BYTES", 2**20)
    made = WorkingFolder(str(tmp_path / "work"), None)
    here = Path.cwd()
    os.chdir(tmp_path / "work")
    try:
        for _ in range(24):
            Path("n" * 250).mkdir()
            os.chdir("n" * 250)
        assert not made.is_overfull()
        Path("file").write_bytes(b"x" * 2**21)
        assert made.is_overfull()
        Path("file").unlink()
        for _ in range(10):
            Path("n").mkdir()
            os.chdir("n")
        assert made.is_overfull()
    finally:
        os.chdir(here)
    made.empty()
    assert not made.is_overfull()


@pytest.mark.parametrize("error", [OSError("odd"), ValueError("odd"), NotADirectoryError()])
def test_a_look_that_fails_ends_the_job_alone(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: WorkingFolder) -> bool:
        raise error

    # A fork server is a program of its own: it does not see this patch, so a worker is asked directly.
    monkeypatch.setattr(WorkingFolder, "is_overfull", fail)
    ended: list[int] = []
    worker = Worker.__new__(Worker)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        vars(worker).update(
            _control=theirs,
            _folder=WorkingFolder.__new__(WorkingFolder),
            _running=7,
            _filled=False,
            _kill=ended.append,
        )
        worker._watch()
    assert ended == [7]
    assert worker._filled


def test_a_file_without_a_name_cannot_be_made(sandbox: Sandbox) -> None:
    if sandbox.tier == "none":
        pytest.skip("no system call is refused in this tier")
    seen = ask(sandbox, "return os.open('.', os.O_TMPFILE | os.O_RDWR)")
    assert isinstance(seen, Failure)
    assert "PermissionError" in seen.message
    assert ask(sandbox, "with tempfile.TemporaryFile() as file: return file.write(b'x')") == 1


def test_it_tells_nothing_of_the_job_before(sandbox: Sandbox) -> None:
    told = "found = os.stat('.')\nreturn str((found.st_size, found.st_mtime_ns, found.st_nlink))"
    leave = "for i in range(900): Path('g' * 230 + str(i)).touch()\nPath('d').mkdir()\nreturn 1"
    with Sandbox(LIMITS, server=sandbox.server) as fresh:
        before = ask(fresh, told)
        assert ask(fresh, leave) == 1
        after = ask(fresh, told)
    if sandbox.tier == "full":
        # A file system of its own, made when it is: its time is that of the making.
        before, after = (str(text).rsplit(",", 2)[0] for text in (before, after))
    assert after == before


def test_a_folder_that_cannot_be_removed_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = WorkingFolder(str(tmp_path / "work"), None)
    (tmp_path / "work" / "a").write_text("x")

    def fail(path: str) -> None:
        raise OSError("it is written to")

    monkeypatch.setattr(folders, "empty", fail)
    made.renew()
    assert made.path == str(tmp_path / "work.1")
    assert os.listdir(made.path) == []  # noqa: PTH208
    made.renew()
    assert made.path == str(tmp_path / "work.1")


def test_one_file_can_be_so_large_and_no_larger(sandbox: Sandbox) -> None:
    if sandbox.tier == "none":
        pytest.skip("nothing is limited in this tier but memory")
    seen = ask(sandbox, "Path('x').write_bytes(b'x' * 2**26)")
    assert isinstance(seen, Failure)
    assert "File too large" in seen.message


def test_neighbours_cannot_reach_it(sandbox: Sandbox) -> None:
    if sandbox.tier == "none":
        pytest.skip("whoever runs students' code without isolation runs it with the rights of the account")
    with Sandbox(LIMITS, server=sandbox.server) as neighbour, neighbour.job() as other:
        load(other, "Path('mine').write_text('x')\nPath('mine').chmod(0o777)\nreturn os.getcwd()")
        place = str(call(other)).split("'")[1]
        seen = ask(
            sandbox, f"return os.path.exists({place!r} + '/mine') and open({place!r} + '/mine').read()"
        )
        if sandbox.tier == "full":
            assert seen is False
        else:
            assert seen is False or (isinstance(seen, Failure) and "Permission denied" in seen.message)
        written = ask(sandbox, f"open({place!r} + '/theirs', 'w').close()\nreturn os.getcwd()")
        assert written == f"the string {place!r}" or isinstance(written, Failure)
        load(other, "return str(os.listdir('.'))")
        assert call(other) == "the string '[]'"


@pytest.mark.parametrize("tier", TIERS)
def test_nothing_is_left_on_the_disk(tier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    tmp_path.chmod(0o755)
    for above in tmp_path.parents:
        if above.stat().st_uid == os.getuid() and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o111)
    with ForkServer(LIMITS, tier) as server, Sandbox(LIMITS, server=server) as made, made.job() as job:
        load(job, "for i in range(300):\n    os.mkdir('deep')\n    os.chdir('deep')\nreturn 1")
        call(job)
    for _ in range(100):
        if not list(tmp_path.iterdir()):
            break
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_nearly_full_ends_who_has_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = WorkingFolder(str(tmp_path / "work"), None)
    assert not made.is_overfull()
    (tmp_path / "work" / "a").write_text("x")
    assert not made.is_overfull()
    monkeypatch.setattr(made, "_left", lambda: 2**20)
    assert made.is_overfull()
    made.empty()
    # Whoever has written nothing is not to blame.
    assert not made.is_overfull()
    (tmp_path / "work" / "a").write_text("x")
    (tmp_path / "work" / "a").unlink()
    assert made.is_overfull()


def test_bytes_are_counted_and_not_holes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_BYTES", 2**20)
    made = WorkingFolder(str(tmp_path / "work"), None)
    with (tmp_path / "work" / "hole").open("wb") as file:
        file.truncate(2**30)
    assert not made.is_overfull()
    (tmp_path / "work" / "full").write_bytes(b"x" * 2**21)
    assert made.is_overfull()


def test_emptying_follows_no_link_and_knows_no_depth(tmp_path: Path) -> None:
    outside, work = tmp_path / "outside", tmp_path / "work"
    for made in (outside, work):
        made.mkdir()
    (outside / "kept").write_text("x")
    (work / "link").symlink_to(outside)
    (work / "loop").symlink_to(work)
    (work / "file").symlink_to(outside / "kept")
    os.mkfifo(work / "pipe")
    here = Path.cwd()
    os.chdir(work)
    try:
        for number in range(1500):
            Path("deep").mkdir()
            if number % 300 == 0:
                Path("beside").mkdir(mode=0)
                Path("out").symlink_to(outside)
            os.chdir("deep")
        Path("closed").mkdir(mode=0)
    finally:
        os.chdir(here)
    empty(str(work))
    assert list(work.iterdir()) == []
    assert (outside / "kept").read_text() == "x"
