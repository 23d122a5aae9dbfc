"""The corpus of attacks, each graded in every tier of isolation that this machine has.

One class is graded for each tier: all attacks, the honest controls, and neighbours. The tests then look up what became
of each. Nothing here runs an attack without isolation but one test, and that takes harmless ones.
"""

from __future__ import annotations

import ast
import json
import os
import re
import resource
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from autograder.cli.each import grade_each
from autograder.course.units import Unit
from autograder.errors import UserError
from autograder.grading import journal
from autograder.grading.grader import Grader, Limits
from autograder.grading.slicing import flags_of
from autograder.intake.collect import collect
from autograder.intake.submission import Submission
from autograder.report.pages import FEEDBACK, file_name
from autograder.report.pages import write_report as write_report
from autograder.report.rendering import script
from autograder.results import Person, to_json
from autograder.sandbox.client import Sandbox
from autograder.sandbox.starter import ForkServer
from course_utils.checks.case import Case
from course_utils.checks.observation import Observation
from course_utils.checks.wire import pack_case
from course_utils.slices.slicing import Program
from course_utils.slices.statements import CellCode
from tests.attacks.corpus import Attack, corpus
from tests.attacks.making import notebook
from tests.attacks.world import World
from tests.support import ROOT
from tests.support.notebooks import SETUP, sources, write
from tests.support.optional import tiers_here

CORPUS = corpus()
ATTACKS = [item for item in CORPUS if item.family not in ("honest", "files")]
HONEST = [item for item in CORPUS if item.family == "honest"]
FILES = [item for item in CORPUS if item.family == "files"]
NEIGHBOURS = ("neighbour-first", "neighbour-middle", "zz-neighbour-last")
# Every submission that hangs costs the class this long. Five seconds were too few for honest work: importing scipy, sklearn
# and matplotlib takes two by itself, and more than five beside busy neighbours.
LIMITS = Limits(seconds=12.0, memory_mb=512)
# What reading one hand-in may take of the grader itself, far beyond what any real one does.
READING_CPU_SECONDS = 10
READING_IDLE_SECONDS = 15
READING_MEMORY = 512 * 2**20
HERE_TIERS = tiers_here()


@dataclass
class Outcome:
    """What became of a class.

    Attributes:
        grades: student -> line of the journal.
        faults: student -> what the grader itself failed of.
        refused: builder -> why what it made could not even be given to the grader.
        owners: builder -> students found in its folder.
        changed: what attackers have changed outside the sandbox.
    """

    tier: str
    world: World
    grades: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    owners: dict[str, list[str]] = field(default_factory=dict)
    processes: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    found: int = 0

    def grade(self, student: str) -> dict[str, Any]:
        assert student not in self.faults, f"a fault of the grader itself: {self.faults[student]}"
        return self.grades[student]

    def page(self, student: str) -> str:
        path = self.world.out / FEEDBACK / "moco" / f"{file_name(student)}.html"
        return path.read_text(encoding="utf-8")


def grade_class(unit: Unit, world: World, tier: str, attacks: list[Attack], files: list[Attack]) -> Outcome:
    """Hand in and grade, as `autograder grade` does."""
    outcome = Outcome(tier, world)
    for name in NEIGHBOURS:
        comment = f"# {world.canaries['neighbour']}\n"
        write(world.submissions / f"{name}.ipynb", [("", SETUP + comment), *sources(unit)[1:]])
    before = {path: path.read_bytes() for path in _watched(world)}
    for attack in attacks:
        cells = []
        for id_, source in sources(unit):
            own = attack.cells(world.planted) if id_ == attack.exercise.replace(".", "-") else [(id_, source)]
            cells += own
        write(world.submissions / f"{attack.student}.ipynb", cells)
    folders = {}
    for attack in files:
        folder = world.files / attack.name.split("/")[1]
        folder.mkdir(parents=True)
        attack.build(folder)
        if problem := _cannot_be_read(unit, folder):
            outcome.refused[attack.name] = problem
        else:
            folders[attack.name] = folder
    found = []
    for name, folder in folders.items():
        # Names are unique in a class: those of a builder get its own before them.
        for item in _collect(folder):
            student = f"{name.split('/')[1]}: {item.student}"
            outcome.owners.setdefault(name, []).append(student)
            found.append(_replaced(item, student=student, person=Person(key=student, name=student)))
    found += collect([world.submissions], "moco")
    found.sort(key=lambda item: item.student)
    outcome.found = len(found)
    grader = Grader(unit, world.key, LIMITS, jobs=2, tier=tier)
    with journal.Journal(world.out) as log, grader:
        for item, result in grade_each(grader, found):
            if isinstance(result, Exception):
                outcome.faults[item.student] = f"{type(result).__name__}: {result}"
            else:
                assert result is not None
                log.write(result)
    lines = list(journal.read_journal(world.out).lines.values())
    outcome.grades = {line.student: to_json(line) for line in lines}
    write_report(world.out, lines)
    outcome.processes = world.processes()
    outcome.changed = [str(path) for path in world.left_behind()]
    outcome.changed += [f"{path} was changed" for path, data in before.items() if _content(path) != data]
    return outcome


def _watched(world: World) -> list[Path]:
    secret = [path for path in world.secrets.iterdir() if path.is_file()]
    return [*(world.submissions / f"{name}.ipynb" for name in NEIGHBOURS), *secret]


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _collect(folder: Path) -> list[Any]:
    try:
        return list(collect([folder], "moco"))
    except UserError:  # nothing to grade in it
        return []


def _replaced(item: Any, **changes: Any) -> Any:
    import dataclasses

    return dataclasses.replace(item, **changes)


def _cannot_be_read(unit: Unit, folder: Path) -> str:
    """Why the trusted half fails at this; empty if it does not.

    It is tried in a process of its own, so that one reader that hangs fails one test and not the whole class.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (READING_CPU_SECONDS, READING_CPU_SECONDS + 1))
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + READING_MEMORY,) * 2)
            for item in _collect(folder):
                for submission in item.read():
                    if isinstance(submission, Submission):
                        program = Program(submission.cells)
                        for exercise in unit.exercises:
                            flags_of(exercise, program.slice(exercise))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it would end a real run
            os.write(writer, f"{type(error).__name__}: {error}"[:1000].encode(errors="replace"))
        finally:
            os._exit(0)
    os.close(writer)
    return _told(pid, reader)


def _told(pid: int, reader: int) -> str:
    used, since = 0, time.monotonic()
    while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
        time.sleep(0.01)
        # A reader that waits for a pipe uses no processor time; one that works is ended by its limit.
        if (now := _processor_ticks(pid)) != used:
            used, since = now, time.monotonic()
        elif time.monotonic() - since > READING_IDLE_SECONDS:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(reader)
            return "reading it waits for ever"
    with os.fdopen(reader, "rb") as file:
        text = file.read().decode(errors="replace")
    if os.WIFSIGNALED(ended[1]):
        return f"reading it took {READING_CPU_SECONDS} s of processor time, or more memory than there is"
    return text


def _processor_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@pytest.fixture(scope="module", params=HERE_TIERS)
def outcome(
    request: pytest.FixtureRequest, moco: Unit, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Outcome]:
    """The class, graded in one tier."""
    assert request.param != "none", "attacks are never run without isolation"
    with World(tmp_path_factory.mktemp(request.param) / "world", ROOT) as world:
        yield grade_class(moco, world, request.param, ATTACKS + HONEST, FILES)


def _names(item: Attack) -> str:
    return item.name


def _full(unit: Unit, *without: str) -> float:
    return sum(exercise.points for id_, exercise in unit.exercises.items() if id_ not in without)


# --- each of them ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attack", ATTACKS + HONEST, ids=_names)
def test_outcome(outcome: Outcome, moco: Unit, attack: Attack) -> None:
    grade = outcome.grade(attack.student)
    own = grade["exercises"][attack.exercise]
    said = [check["message"] for check in own["checks"]]
    assert own["status"] in attack.must(outcome.tier, "status"), said
    if points := attack.must(outcome.tier, "points"):
        assert own["score"] <= float(points[0]), said
    if attack.family == "honest":
        assert own["score"] == float((points or [own["max_score"]])[0]), said
    for text in attack.must(outcome.tier, "message"):
        assert any(text in message for message in said), said
    for text in attack.must(outcome.tier, "hidden-silent"):
        told = [check["message"] for check in own["checks"] if not check["visible"]]
        assert not any(text in message for message in told), told
    for name in attack.must(outcome.tier, "gone"):
        names = [part.strip().replace("@TOKEN@", outcome.world.token) for part in name.split(",")]
        assert not [path for path in outcome.changed if Path(path).name in names]
    staff = [flag["text"] for flag in grade["flags"] if flag["audience"] == "staff"]
    for text in attack.must(outcome.tier, "flag"):
        assert any(text in flag for flag in staff), staff
    if attack.must(outcome.tier, "unflagged"):
        assert not [flag for flag in staff if flag.startswith("to be looked at")]
    _assert_short(grade, attack, outcome)
    # Nothing else is lost or won.
    order = list(moco.exercises)
    for id_, exercise in grade["exercises"].items():
        may_be_harmed = attack.must(outcome.tier, "others") and order.index(id_) > order.index(
            attack.exercise
        )
        if id_ != attack.exercise and not may_be_harmed:
            assert exercise["status"] == "correct", (id_, exercise["checks"])
    # A TA and the student see what happened.
    assert f": {own['status']}</h2>" in outcome.page(attack.student)
    if own["status"] in ("timeout", "memory", "crashed", "error"):
        attention = (outcome.world.out / "report.html").read_text().split("Students</h3>")[0]
        assert f"{attack.exercise}: {own['status']}" in attention


@pytest.mark.parametrize("attack", FILES, ids=_names)
def test_files(outcome: Outcome, moco: Unit, attack: Attack) -> None:
    assert attack.name not in outcome.refused, outcome.refused[attack.name]
    beside = attack.must(outcome.tier, "beside")
    students = outcome.owners.get(attack.name, [])
    assert students or "nothing" in attack.must(outcome.tier, "outcome")
    for student in students:
        grade = outcome.grade(student)
        if student.split(": ", 1)[1] in beside:
            assert grade["score"] == grade["max_score"]
            continue
        told = " ".join([*(flag["text"] for flag in grade["flags"]), *_messages(grade)])
        assert grade["status"] in attack.must(outcome.tier, "outcome"), told[:1000]
        for score in attack.must(outcome.tier, "score") if grade["status"] == "graded" else ():
            wanted = {"full": _full(moco), "without enqueue": _full(moco, "moco.enqueue")}
            assert grade["score"] == (wanted[score] if score in wanted else float(score)), told[:1000]
        if grade["status"] == "unreadable":
            assert grade["score"] is None
            assert grade["flags"], "nobody is told why"
        for text in attack.must(outcome.tier, "says"):
            assert text in told, told[:1000]
        _assert_short(grade, attack, outcome)
        assert outcome.page(student)
    for name in beside:
        assert any(student.endswith(f": {name}") for student in students)


def _messages(grade: dict[str, Any]) -> list[str]:
    return [check["message"] for exercise in grade["exercises"].values() for check in exercise["checks"]]


def _assert_short(grade: dict[str, Any], attack: Attack, outcome: Outcome) -> None:
    if attack.must(outcome.tier, "short"):
        assert len(json.dumps(grade)) < 100_000


# --- all of them together -------------------------------------------------------------------------------------------


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(ATTACKS) + len(FILES) >= 60
    assert len(HONEST) >= 12


def test_the_batch_finishes(outcome: Outcome) -> None:
    assert outcome.faults == {}
    assert len(outcome.grades) == outcome.found


def test_neighbours_are_unharmed(outcome: Outcome) -> None:
    for name in NEIGHBOURS:
        grade = outcome.grade(name)
        assert grade["score"] == grade["max_score"] > 0
        assert grade["sandbox"] == outcome.tier


def test_nothing_secret_comes_out(outcome: Outcome, moco: Unit) -> None:
    world = outcome.world
    written = [path for path in (*world.out.rglob("*"), *world.drop.rglob("*")) if path.is_file()]
    assert any(path.name == journal.NAME for path in written)
    marks = {**world.canaries, "reference": "columns = torch.arange(pointer, pointer + count"}
    for path in written:
        text = path.read_text(errors="replace")
        for name, canary in marks.items():
            assert canary not in text, f"{name} in {path.name}: {text[text.find(canary) - 500 :][:600]}"


def test_nobody_was_reached(outcome: Outcome) -> None:
    assert outcome.world.visits == []
    assert outcome.world.victim.poll() is None
    state = Path(f"/proc/{outcome.world.victim.pid}/stat").read_text().rpartition(")")[2].split()[0]
    assert state == "S", "neither stopped nor traced"


def test_nothing_is_left_behind(outcome: Outcome) -> None:
    assert outcome.changed == []
    assert outcome.processes == []


class _Page(HTMLParser):
    """Collects what a browser would act upon, but for the tables to download and the script that sorts."""

    def __init__(self) -> None:
        super().__init__()
        self.active: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_script = tag == "script"
        if tag == "script" and attrs:
            self.active.append(f"script {attrs}")
        if tag in (
            "img",
            "iframe",
            "object",
            "embed",
            "form",
            "input",
            "base",
            "audio",
            "video",
            "marquee",
        ):
            self.active.append(tag)
        if tag == "svg" and ("role", "img") not in attrs:
            self.active.append(tag)
        for name, value in attrs:
            table = tag == "a" and "download" in dict(attrs) and (value or "").startswith("data:text/csv;")
            if table and name == "href":
                continue
            if name.startswith("on") or re.match(
                r"\s*(javascript|data|vbscript):", value or "", re.IGNORECASE
            ):
                self.active.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        if self._in_script and data != script("sort.js")[0]:
            self.active.append(f"script {data}")
        self._in_script = False


@pytest.mark.parametrize("tier", HERE_TIERS)
def test_threads_of_one_do_not_count_for_another(tier: str) -> None:
    """Who starts as many as there are to be had takes none from a neighbour, whichever users they are."""
    bomb = (
        "import threading, time\n"
        "def f():\n"
        "    threading.stack_size(2**15)\n"
        "    try:\n"
        "        for number in range(400): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
        "    except RuntimeError: pass\n"
    )
    harmless = (
        "import threading\n"
        "def f():\n"
        "    one = threading.Thread(target=int)\n"
        "    one.start()\n"
        "    one.join()\n"
    )
    with (
        ForkServer(Limits(seconds=10, memory_mb=1024), tier, workers=2) as server,
        Sandbox(server.limits, server=server) as attacked,
        Sandbox(server.limits, server=server) as attacker,
        attacker.job() as first,
        attacked.job() as second,
    ):
        said: list[object] = []
        for job, source in ((first, bomb), (second, harmless)):
            statements = tuple(range(len(ast.parse(source).body)))
            assert job.load("f", [CellCode("1", source, statements)]) is None
            said += job.run([pack_case(Case({}))], "cpu")
        assert isinstance(said[-1], Observation), said
        assert said[-1].failure is None, said[-1].failure


def test_reports_are_inert(outcome: Outcome) -> None:
    pages = list(outcome.world.out.rglob("*.html"))
    assert len(pages) >= len(ATTACKS)
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert "onerror" in text, "the attack did not reach a page: this test would prove nothing"
    for page in pages:
        parser = _Page()
        parser.feed(page.read_text(encoding="utf-8"))
        assert parser.active == [], page.name
        assert page.resolve().is_relative_to(outcome.world.out.resolve())


def test_the_journal_is_inert_on_a_terminal(outcome: Outcome) -> None:
    """Whoever looks at it with `cat` is not spoken to by a student."""
    text = (outcome.world.out / journal.NAME).read_text(encoding="utf-8")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_the_terminal_is_inert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `autograder grade` prints of names and reasons holds no codes of a student's. Nothing is executed here."""
    import io

    from rich.console import Console

    from autograder.cli import session
    from tests.support.tiny import make_course

    root = make_course(tmp_path / "course", ("course.toml", "", ""))
    submitted = tmp_path / "submitted"
    submitted.mkdir()
    next(item for item in FILES if item.name == "files/terminal_codes_in_names").build(submitted)
    for path in list(submitted.iterdir()):
        # Of this course nobody has written anything, and every second notebook is none.
        path.write_text('{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 1"}]}')
        (submitted / f"{path.stem}-broken.ipynb").write_text("junk")
    monkeypatch.chdir(root)
    printed, told = (Console(file=io.StringIO(), color_system=None, width=200) for _ in range(2))
    session.grade_class(
        [submitted],
        "tiny",
        tmp_path / "out",
        session.Options(device="cpu", resume=False, demo_secret=True),
        console=printed,
        messages=told,
    )
    text = printed.file.getvalue() + told.file.getvalue()  # type: ignore[attr-defined]
    assert "not graded" in text
    assert "markup" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), repr(text)


def test_attacks_bite_where_nothing_holds_them(moco: Unit, tmp_path: Path) -> None:
    """The runner sees leaks: without isolation, these harmless attacks bring canaries out and reach a service."""
    chosen = [
        item
        for item in ATTACKS
        if item.name in ("search/open_files", "reach/loopback", "search/borrowed_reference")
    ]
    assert len(chosen) == 3
    assert all(item.harmless for item in chosen)
    with World(tmp_path / "world", ROOT) as world:
        bitten = grade_class(moco, world, "none", chosen, [])
        visits = list(world.visits)
    text = json.dumps(bitten.grades)
    assert world.canaries["file"] in text
    assert world.canaries["service"] in text
    assert visits
    assert bitten.grades["search-borrowed_reference"]["exercises"]["moco.enqueue"]["status"] == "correct"


def test_a_builder_that_breaks_the_reader_is_seen(
    moco: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ada.ipynb").write_bytes(notebook())
    assert _cannot_be_read(moco, tmp_path) == ""

    def broken(submission: Submission) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setitem(globals(), "Program", broken)
    assert _cannot_be_read(moco, tmp_path) == "ZeroDivisionError: of ours"
