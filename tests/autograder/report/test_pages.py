"""The pages in a browser, opened from a file as staff and students open them."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.autograder.report.test_report import grade, pages, wrong
from tests.support.browser import Browser, browser
from tests.support.optional import NO_BROWSER, find_browser

pytest.importorskip("websocket", reason="needs websocket-client, which comes with jupyterlab")
CHROMIUM = find_browser()
pytestmark = [pytest.mark.skipif(CHROMIUM is None, reason=NO_BROWSER), pytest.mark.optional]

EVIL = "=1+1<script>alert(1)</script>\"'&\u200f"
# Twelve who tried the exercise; (score, whether right).
SCORES = [4.0] * 8 + [1.0] * 4


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert CHROMIUM
    with browser(CHROMIUM, tmp_path_factory.mktemp("chromium")) as made:
        yield made


def class_of_twelve() -> list[dict[str, Any]]:
    grades = []
    for number, score in enumerate(SCORES):
        made = grade(f"s{number:02}", score, "correct" if score == 4 else "wrong")
        other = wrong()
        other.update(score=6.0 if score == 4 else 2.0, max_score=8.0, diagnosis={})
        made["exercises"]["moco.moco_logits"] = other
        made.update(score=score + other["score"], max_score=12.0, late_days=int(number == 3))
        grades.append(made)
    grades[0]["exercises"]["moco.enqueue"]["help"] = {"asked": 3, "level": 2}
    return [*grades, grade(EVIL, None, flags=[EVIL], file=EVIL), grade("-zed", 0.0, "not attempted")]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class report on twelve ordinary students, one whose name is an attack, and one who did nothing."""
    folder = tmp_path_factory.mktemp("class")
    pages(folder, *class_of_twelve())
    return folder / "report.html"


@pytest.fixture(scope="module")
def feedback(report: Path) -> Path:
    return report.parent / "feedback/moco/s09.html"


@pytest.fixture(scope="module")
def nobody(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class report on one file that could not be read."""
    folder = tmp_path_factory.mktemp("nobody")
    pages(folder, grade("ada", None, flags=["the file is empty"]))
    return folder / "report.html"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class report on one student, whose every exercise is disabled."""
    folder = tmp_path_factory.mktemp("alone")
    pages(folder, grade("ada", 0.0, max_score=0.0, exercises={}))
    return folder / "report.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 360])
@pytest.mark.parametrize("which", ["report", "feedback", "nobody", "alone"])
def test_a_page_stands_alone_and_fits(
    chromium: Browser, request: pytest.FixtureRequest, which: str, width: int, scheme: str
) -> None:
    path = request.getfixturevalue(which)
    with chromium.page(path, width, scheme) as page:
        assert page.run("document.title")
        assert page.requests == [path.as_uri()]
        assert page.complaints == []
        assert page.run("document.documentElement.scrollWidth") <= width
        ink, ground = (
            sum(map(int, re.findall(r"\d+", page.run(f"getComputedStyle(document.body).{name}"))))
            for name in ("color", "backgroundColor")
        )
        assert (ink > ground) == (scheme == "dark")
        assert abs(ink - ground) > 400


def test_no_foreign_script_runs_and_nothing_can_be_fetched(chromium: Browser, report: Path) -> None:
    with chromium.page(report) as page:
        page.run(
            "document.body.insertAdjacentHTML('beforeend', '<img src=\"https://example.org/x\" onerror=\"hacked = 1\">')"
        )
        page.run(
            "{const s = document.createElement('script'); s.text = 'hacked = 1'; document.body.append(s)}"
        )
        time.sleep(0.2)
        assert page.run("typeof hacked") == "undefined"
        assert all("Content Security Policy" in json.dumps(said) for said in page.complaints)
        assert len(page.complaints) >= 2


def test_the_charts_have_their_numbers_and_words(chromium: Browser, report: Path) -> None:
    with chromium.page(report) as page:
        label = page.run("document.querySelector('svg[role=img]').getAttribute('aria-label')")
        assert label.endswith("1, 0, 4, 0, 0, 0, 0, 0, 8, 0 students")
        shown = page.run("[...document.querySelectorAll('svg text')].map(t => t.textContent)")
        assert [text for text in shown if text.isdigit()] == ["1", "4", "8"]
        heights = page.run(
            "[...document.querySelectorAll('svg rect')].map(r => r.getBoundingClientRect().height)"
        )
        assert heights[8] == pytest.approx(2 * heights[2], rel=1e-3)
        assert heights[1] == 0
        # A bar is as long as the number beside it says.
        inner, outer = page.run(
            "(e => [e.firstChild.offsetWidth, e.clientWidth])(document.querySelector('.sortable .bar'))"
        )
        assert inner / outer == pytest.approx(8 / 12, abs=0.02)
        assert "8 of 12, 67 %" in page.run("document.querySelector('.sortable tbody').innerText")
        assert page.run("document.querySelectorAll('[aria-hidden] *:not(i)').length") == 0


def test_the_sections_are_there(chromium: Browser, report: Path) -> None:
    with chromium.page(report) as page:
        text = page.run("document.body.innerText")
        for said in (
            "1 day late: s03",
            "pointer not advanced",
            "Submissions that need a person",
            "Sandbox: none, on cpu",
        ):
            assert said in text
        assert "asked for 3 times by 1 student; the highest level was 2 for 1" in text
        for link in page.run("[...document.querySelectorAll('nav a')].map(a => a.getAttribute('href'))"):
            assert page.run(f"!!document.getElementById({link[1:]!r})")
        names = page.run(
            "[...document.querySelectorAll('[role=region], nav, section')].map("
            "e => e.ariaLabel || document.getElementById(e.getAttribute('aria-labelledby'))?.textContent)"
        )
        assert all(names), "a screen reader reads a name for every region"
        assert page.run("document.querySelectorAll('th:not([scope])').length") == 0


def test_every_feedback_page_can_be_reached(chromium: Browser, report: Path) -> None:
    with chromium.page(report) as page:
        links = page.run("[...document.querySelectorAll('tbody a')].map(a => decodeURIComponent(a.pathname))")
    assert len(links) == 14
    assert all(Path(link).is_file() for link in links)


def test_tables_are_sorted_by_key_and_by_mouse(chromium: Browser, report: Path) -> None:
    def column(number: int) -> list[str]:
        rows = "[...document.querySelector('#moco-students + div tbody').rows]"
        return list(page.run(f"{rows}.map(row => row.cells[{number}].innerText)"))

    with chromium.page(report) as page:
        button = "document.querySelectorAll('#moco-students + div thead button')[3]"
        page.run(f"{button}.click()")
        scores = column(3)
        assert scores == ["0", *["3"] * 4, *["10"] * 8, "unreadable"]
        assert page.run(f"{button}.parentElement.ariaSort") == "ascending"
        page.run(f"{button}.focus()")
        for kind in ("keyDown", "keyUp"):
            page.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key="Enter",
                code="Enter",
                windowsVirtualKeyCode=13,
                text="\r",
            )
        assert column(3) == [*["10"] * 8, *["3"] * 4, "0", "unreadable"], "what has no value stays last"
        assert page.run(f"{button}.parentElement.ariaSort") == "descending"


def test_downloads(chromium: Browser, report: Path, tmp_path: Path) -> None:
    with chromium.page(report) as page:
        page.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
        for name in ("students", "checks", "misconceptions", "attention"):
            page.run(f"document.querySelector('a[download$=\"-{name}.csv\"]').click()")
            until = time.monotonic() + 20
            while not (tmp_path / f"moco-{name}.csv").is_file() and time.monotonic() < until:
                time.sleep(0.02)
        assert page.complaints == []

    def rows(name: str) -> list[dict[str, str]]:
        data = (tmp_path / f"moco-{name}.csv").read_bytes()
        assert data.startswith(b"\xef\xbb\xbf"), "Excel would take it for another encoding"
        return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))

    students = {row["student"]: row for row in rows("students")}
    assert len(students) == 14
    assert students["s00"]["score"] == "10.0"
    assert students["s00"]["hints_asked"] == "3"
    assert students["s09"]["moco.enqueue status"] == "wrong"
    # A spreadsheet takes neither for a formula.
    evil = "'" + EVIL.replace("\u200f", "\ufffd")
    assert {evil, "'-zed"} <= students.keys()
    whole = rows("checks")[0]
    assert (whole["passed"], whole["tried"], whole["share"]) == ("8", "12", "0.6667")
    assert float(whole["discrimination"]) == 1.0
    assert [row["student"] for row in rows("misconceptions")] == ["s08", "s09", "s10", "s11"]
    assert {row["student"] for row in rows("attention")} >= {evil}


def test_feedback_shows_numbers_and_a_picture(chromium: Browser, tmp_path: Path) -> None:
    made = grade("bob", 0.0, "wrong")
    shown = {
        "quantity": "result", "called": "queries 3×4", "part": "[1]", "rows": [2, 3, 4], "columns": [0, 1, 2], "of": [9, 3],
        "got": [[1.0, 2.0, "nan"], [0.5, 0.25, 1], [1, 1, 1]], "expected": [[1.0, 2.5, 3.0], [0.5, 0.25, 1], [1, 1, 1]],
        "wrong": [[False, True, True], [False] * 3, [False] * 3],
    }  # fmt: skip
    made["exercises"]["moco.enqueue"]["checks"][0]["shown"] = shown
    pages(tmp_path, made)
    with chromium.page(tmp_path / "feedback/moco/bob.html") as page:
        assert page.complaints == []
        row = page.run("document.querySelector('td table tbody tr').innerText").split()
        assert row == ["2", "1.0", "✗", "2.0", "(2.5)", "✗", "nan", "(3.0)"]
        text = page.run("document.body.innerText")
        assert "result, part [1], rows 2 to 4 of 9." in text
        assert page.run("document.querySelectorAll('svg path').length") == 2
        assert "2 of 9" in page.run("document.querySelector('svg').getAttribute('aria-label')")
        assert page.run("document.querySelectorAll('svg rect').length") == 18
