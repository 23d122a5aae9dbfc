"""Nothing that a student writes runs, covers or loads anything on the pages that staff open; and it can be read there.

The pages are those of Formgrader, of nbgrader's feedback, and of an exporter that knows nothing of us, made of what
`nbgrader autograde` wrote. Beside the attacker an honest student has handed in.
"""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.filters.strings import strip_files_prefix
from nbgrader.server_extensions.formgrader.handlers import template_path
from traitlets.config import Config

from autograder.nbgrader.configuration import configure
from autograder.nbgrader.reading import TooMuchError, read_bounded
from autograder.report.markdown import clean_markdown, markdown_html
from tests.attacks.pages import ATTACHMENTS, AWAY, CELL_METADATA, HONEST, MARKDOWN, METADATA, OUTPUTS, PNG
from tests.support.browser import Page, browser
from tests.support.nbgrader_course import hand_in, nbgrader, nbgrader_course
from tests.support.optional import NO_BROWSER, find_browser

CODE = "tag = '<script>ran()</script>'  # <img src=x onerror=ran()>\n"
CAT = {"cat.png": {"image/png": PNG}}
QUICK_SECONDS = 20


class Parsed(HTMLParser):
    """Names of tags, (tag, attribute, value), and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.attributes: set[tuple[str, str, str]] = set()
        self.names: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes |= {(tag, name, value or "") for name, value in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_inert(page: str) -> None:
    parsed = Parsed(page)
    assert not set(parsed.names) & {
        *(
            "script",
            "style",
            "iframe",
            "object",
            "embed",
            "form",
            "input",
            "button",
            "textarea",
            "meta",
            "base",
        ),
        *("link", "svg", "math", "template", "noscript", "plaintext", "video", "area"),
    }
    for tag, name, value in parsed.attributes:
        assert not name.startswith(("on", "data-")), (tag, name, value)
        assert name not in ("srcdoc", "formaction", "action", "background"), (tag, name, value)
        if name in ("href", "src"):
            address = re.sub(r"[\x00-\x20]", "", value).lower()
            assert re.match(
                r"(?:https?:|mailto:|#|data:image/(?:png|jpeg|gif|webp);base64,|[^:]*$)", address
            ), value


@pytest.mark.parametrize("name", MARKDOWN)
def test_a_payload_is_shown_as_text(name: str) -> None:
    written = MARKDOWN[name]
    page = str(markdown_html(written, ATTACHMENTS))
    assert_inert(page)
    assert not [item for item in Parsed(page).attributes if item[1] == "style" and "fixed" in item[2]]
    # Each tag that is none on the page stands there as it was written, however it was divided into lines.
    seen = "".join(Parsed(page).text.split())
    for tag in re.findall(r"<[A-Za-z!/][^<>]*>", re.sub("[\0\x01]", "\N{REPLACEMENT CHARACTER}", written)):
        if re.search(r"ran\(\)|AWAY|script|position", tag):
            assert "".join(html.unescape(tag).split()) in html.unescape(seen)
    # What is kept needs no further cleaning.
    kept = clean_markdown(written, ATTACHMENTS)
    again = clean_markdown(kept.source, kept.attachments)
    assert (again.source, again.changed) == (kept.source, False)


@pytest.mark.parametrize("name", HONEST)
def test_what_is_honest_stays_as_it_is(name: str) -> None:
    written, shown = HONEST[name]
    kept = clean_markdown(written, CAT)
    assert (kept.source, kept.attachments, kept.changed) == (written, CAT, False)
    assert shown in str(markdown_html(written, CAT))


@pytest.mark.parametrize(
    "written",
    [
        "\\newcommand{\\sum}{0}", "\\renewcommand*\\frac[2]{0}", "\\providecommand{\\R}{0}", "\\def\\sum{0}", "\\gdef\\sum{0}",
        "\\edef\\sum{0}", "\\xdef\\sum{0}", "\\let\\sum=\\prod", "\\global\\let\\sum\\prod", "\\require{html}",
        "\\newenvironment{align}{0}{0}", "\\renewenvironment{align}{0}{0}", "\\DeclareMathOperator{\\sum}{0}",
    ],
)  # fmt: skip
def test_a_formula_changes_no_other(written: str) -> None:
    """Whatever a formula defines holds for the whole page, the grader's own texts included."""
    command = re.findall(r"\\[A-Za-z]+", written)[0]
    for text in (f"${written} x$", f"$$\n{written}\n$$", f"\\begin{{align}}{written}\\end{{align}}"):
        kept = clean_markdown(text)
        assert kept.changed
        assert command not in kept.source
        shown = Parsed(str(markdown_html(text))).text
        assert command not in shown
        assert f"\\backslash{{}}{command[1:]}" in shown


@pytest.mark.parametrize("written", ["vector<T>", "<your name>", "a<b and c>d", "<!-- todo -->"])
def test_what_is_no_tag_is_shown_and_accused_of_nothing(written: str) -> None:
    page = Parsed(str(markdown_html(f"I think {written} is it.")))
    # A tag is set apart by a blank.
    assert "".join(written.split()) in "".join(page.text.split())
    assert "tags other than those of Markdown are not rendered" in page.text
    assert "could run" not in page.text


@pytest.mark.parametrize(
    "text", ["[", "![", "[a](", "\\\\[", "`", "$x ", "<", "*a_", "> ", "\\begin{a}", "- a\n", "|a", "#\n"]
)
def test_a_hundred_thousand_of_what_begins_something(text: str) -> None:
    written = text * (100_000 // len(text))
    started = time.process_time()
    page = str(markdown_html(written))
    assert time.process_time() - started < QUICK_SECONDS
    assert_inert(page)


# --- through nbgrader -----------------------------------------------------------------------------------------------


def hostile(notebook: dict[str, Any]) -> None:
    """Everything at once, and all that can be written in a written answer."""
    for name, written in MARKDOWN.items():
        cell = {"metadata": CELL_METADATA, "source": written}
        notebook["cells"].append(
            {"cell_type": "markdown", "id": f"m-{name}", "attachments": ATTACHMENTS, **cell}
        )
        notebook["cells"].append(
            {"cell_type": "raw", "id": f"r-{name}", **cell, "metadata": {"raw_mimetype": "text/html"}}
        )
    outputs = [{"output_type": "display_data", "data": data, "metadata": {}} for data in OUTPUTS]
    code = {"cell_type": "code", "id": "own", "metadata": CELL_METADATA, "execution_count": 1, "source": CODE}
    notebook["cells"].append({**code, "outputs": outputs})
    answer(notebook)["source"] = "\n\n".join(list(MARKDOWN.values())[:40])
    notebook["metadata"] |= METADATA


def honest(notebook: dict[str, Any]) -> None:
    answer(notebook)["source"] = "\n\n".join(written for written, _ in HONEST.values())
    answer(notebook)["attachments"] = CAT


def many_cells(notebook: dict[str, Any]) -> None:
    notebook["cells"] += [
        {"cell_type": "markdown", "metadata": {}, "source": "x", "id": f"m{number}"}
        for number in range(100_000)
    ]


def many_brackets(notebook: dict[str, Any]) -> None:
    notebook["cells"].append(
        {"cell_type": "markdown", "metadata": {}, "source": "\\\\[" * 100_000, "id": "b"}
    )
    answer(notebook)["source"] = "[" * 100_000


def answer(notebook: Any) -> Any:
    cells = notebook["cells"]
    return next(cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade_id") == "tiny-q1")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A class with attackers and honest students, autograded and given feedback."""
    made = nbgrader_course(tmp_path_factory.mktemp("pages"))
    for student, edit in {
        "ada": honest,
        "brackets": many_brackets,
        "evil": hostile,
        "many": many_cells,
        "zoe": honest,
    }.items():
        hand_in(made, student, edit)
    before = {path: path.read_bytes() for path in (made / "submitted").rglob("*.ipynb")}
    started = time.monotonic()
    done = nbgrader(made, "autograde", "tiny")
    assert time.monotonic() - started < 10 * QUICK_SECONDS
    assert done.returncode == 1, "one of them cannot be graded"
    cells = len(json.loads((made / "submitted/many/tiny/tiny.ipynb").read_text())["cells"])
    assert f"tiny.ipynb has {cells:,} cells, more than the 2,000 that are read" in done.stderr
    assert done.stderr.count("There was an error processing assignment 'tiny'") == 1
    assert "evil: " in done.stderr
    done = nbgrader(made, "generate_feedback", "tiny")
    assert done.returncode == 0, done.stderr
    assert {path: path.read_bytes() for path in before} == before, "what was handed in is as it was"
    yield made


def autograded(course: Path, student: str) -> Path:
    return course / "autograded" / student / "tiny/tiny.ipynb"


def formgrader(course: Path, path: Path, student: str) -> str:
    """The page, made as `nbgrader.server_extensions.formgrader` does it."""
    config = Config()
    configure(config, course)
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [template_path]
    resources = {
        "assignment_id": "tiny", "notebook_id": "tiny", "submission_id": "0", "index": 0, "total": 1, "base_url": "",
        "student": student, "last_name": "", "first_name": "", "notebook_path": f"../{student}",
    }  # fmt: skip
    return str(HTMLExporter(config=config).from_filename(str(path), resources=resources)[0])


@pytest.fixture(scope="module")
def pages(course: Path) -> dict[str, dict[str, str]]:
    """Student -> where it is shown -> the page."""
    made = {}
    for student in ("ada", "brackets", "evil"):
        path = autograded(course, student)
        made[student] = {
            "formgrader": formgrader(course, path, student),
            "feedback": (course / "feedback" / student / "tiny/tiny.html").read_text(encoding="utf-8"),
        }
        # Its own filters take quadratic time for brackets, whatever stands around them; ours take their place.
        if student != "brackets":
            made[student]["nbconvert"] = str(HTMLExporter(template_name="lab").from_filename(str(path))[0])
    return made


Pages = dict[str, dict[str, str]]


def test_the_honest_are_graded_and_read(course: Path, pages: Pages) -> None:
    for student in ("ada", "zoe"):
        notebook = nbformat.read(autograded(course, student), as_version=4)
        assert answer(notebook)["source"] == "\n\n".join(written for written, _ in HONEST.values())
        assert answer(notebook)["attachments"] == CAT
        verdicts = [output.data["text/html"] for cell in notebook.cells for output in cell.get("outputs", ())]
        assert len([text for text in verdicts if ": correct" in text]) == 2
    for name, page in pages["ada"].items():
        for _, shown in HONEST.values():
            assert shown in page, name


def test_the_answer_of_an_attacker_can_be_read(course: Path, pages: Pages) -> None:
    notebook = nbformat.read(autograded(course, "evil"), as_version=4)
    assert "A note of the grader" in answer(notebook)["source"]
    assert {cell.cell_type for cell in notebook.cells} == {"code", "markdown"}
    assert any(cell.source == CODE for cell in notebook.cells), "code is as it was written"
    assert "ran()" not in json.dumps(notebook.metadata)
    assert not [cell for cell in notebook.cells if "ran()" in json.dumps(cell.metadata)]
    for page in pages["evil"].values():
        assert "&lt;script&gt;ran()&lt;/script&gt;" in page


def test_brackets_are_shown_as_they_are(course: Path, pages: Pages) -> None:
    assert (
        "take too long to format"
        in answer(nbformat.read(autograded(course, "brackets"), as_version=4))["source"]
    )
    for page in pages["brackets"].values():
        assert "[" * 100_000 in page


def test_no_page_holds_what_a_student_made(pages: Pages) -> None:
    for student in pages:
        for name, page in pages[student].items():
            parsed = Parsed(page)
            own = [item for item in parsed.attributes if "ran()" in item[2] or AWAY in item[2]]
            assert not [item for item in own if item[1] not in ("alt", "title", "id", "href")], (name, own)
            assert not [
                item for item in own if item[1] == "href" and "ran()" in item[2] and item[2][0] != "#"
            ], own
            scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
            assert not [text for text in scripts if "ran()" in text], name


def test_a_page_of_an_older_autograde_is_safe_too(course: Path) -> None:
    """Whatever lies in `autograded/`: the page is cleaned when it is made."""
    page = formgrader(course, course / "submitted/evil/tiny/tiny.ipynb", '<img src=x onerror="ran()">')
    parsed = Parsed(page)
    assert not [item for item in parsed.attributes if item[1].startswith("on") and "ran()" in item[2]]
    assert not [
        text for text in re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL) if "ran()" in text
    ]


def test_an_enormous_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tiny.ipynb"
    cell = {"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": [], "execution_count": None}
    made = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}

    def refused(cells: list[Any], **more: Any) -> str:
        path.write_text(json.dumps({**made, "cells": cells, **more}))
        started = time.process_time()
        with pytest.raises(TooMuchError) as caught:
            read_bounded(path)
        assert time.process_time() - started < QUICK_SECONDS
        return str(caught.value)

    assert "100,000 cells" in refused([cell] * 100_000)
    assert "old format" in refused([cell] * 100_000, nbformat=3)
    assert "more code than is read" in refused([{**cell, "source": "x = 1\n" * 100_000}])
    assert "of text that are read" in refused(
        [{**cell, "cell_type": "markdown", "source": "x" * (21 * 2**20)}]
    )
    # What is not read costs nothing, and takes no cell with it.
    path.write_text(
        json.dumps({**made, "cells": [{**cell, "outputs": [[]] * 100_000, "metadata": {"a": [[]] * 50_000}}]})
    )
    (kept,) = read_bounded(path).cells
    assert (kept.source, kept.outputs, kept.metadata) == ("x = 1", [], {})


# --- in a browser ---------------------------------------------------------------------------------------------------

COUNTER = "<script>window.hits = []; function ran() { window.hits.push(1); }</script>"
CLICK = "for (const e of document.querySelectorAll('*')) if (e.textContent.trim() === 'click') e.click();"
COVERED = """[...document.querySelectorAll('#notebook *, main *')].filter(
    e => !e.closest('nav, .MathJax, script') && ['fixed', 'absolute'].includes(getComputedStyle(e).position)
    && !e.closest('.anchor-link, .prompt, .jp-Cell-inputWrapper > .jp-Collapser')).map(e => e.outerHTML.slice(0, 200))"""


# Some that do run in a browser where nobody cleans them.
DANGEROUS = (
    *(
        "script",
        "script-slash",
        "img-onerror",
        "svg",
        "textarea",
        "details-ontoggle",
        "body-onload",
        "div-onclick",
    ),
    *(
        "link-javascript",
        "link-javascript-entity",
        "link-javascript-files-html",
        "iframe-srcdoc",
        "math-html",
    ),
)


def tried(page: Page) -> int:
    """How often something ran, after everything was clicked."""
    time.sleep(0.2)
    page.run(CLICK)
    time.sleep(0.2)
    return int(page.run("window.hits.length"))


@pytest.mark.optional
def test_nothing_runs_in_a_browser(pages: Pages, tmp_path: Path) -> None:
    program = find_browser()
    if program is None:
        pytest.skip(NO_BROWSER)
    together = "".join(markdown_html(written, ATTACHMENTS) for written in MARKDOWN.values())
    shown = {"all": f"<html><head></head><body><main>{together}</main></body></html>"}
    shown |= {f"{student}-{name}": text for student, made in pages.items() for name, text in made.items()}
    with browser(program, tmp_path / "profile") as window:

        def opened(name: str, text: str) -> Any:
            path = tmp_path / f"{name}.html"
            path.write_text(text.replace("<head>", f"<head>{COUNTER}", 1), encoding="utf-8")
            return window.page(path)

        for name, text in shown.items():
            with opened(name, text) as page:
                assert tried(page) == 0, name
                assert not [address for address in page.requests if address.startswith(AWAY)], name
                if "nbconvert" not in name:
                    assert page.run(COVERED) == [], name
        # The same browser, the same clicks, and nbconvert alone.
        render = MarkdownWithMath(renderer=IPythonRenderer(escape=False)).render
        for name in DANGEROUS:
            made = strip_files_prefix(render(MARKDOWN[name]))
            with opened(f"raw-{name}", f"<html><head></head><body>{made}</body></html>") as page:
                assert tried(page) > 0, name
