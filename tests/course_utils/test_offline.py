"""Nothing that a notebook shows is loaded from the network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
import torch

from course_utils import plot
from course_utils.student.check import check_in
from tests.support import ROOT
from tests.support.browser import Browser, browser
from tests.support.network import loaded
from tests.support.optional import NO_BROWSER, find_browser

CHROMIUM = find_browser()
# Shown in Colab, which serves it; elsewhere its alternative text is the link.
BADGE = "![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)"
FRAMES = torch.linspace(0, 1, 3).view(3, 1, 1, 1).expand(3, 3, 8, 8)
LOADING = [
    '<link rel="stylesheet"\nhref="https://maxcdn.bootstrapcdn.com/font-awesome/4.4.0/css/font-awesome.min.css">',
    "<script src='//cdn.example.org/x.js'></script>",
    '<img alt="a > b" src="http://example.org/x.png">',
    "<style>@import 'https://example.org/x.css'</style>",
    "<div style='background: url(https://example.org/x.png)'></div>",
    '<script type="module">import x from "https://example.org/x.js"</script>',
    "<script>fetch('https://example.org')</script>",
    "<script>picture.src = 'https://example.org/x.png'</script>",
    "![a picture](https://example.org/x.png)",
]


@pytest.mark.parametrize("text", LOADING)
def test_what_loads_is_found(text: str) -> None:
    assert loaded(text)


def test_what_loads_nothing_is_left_alone() -> None:
    assert loaded('<a href="https://arxiv.org/abs/1">a paper</a> [a paper](https://arxiv.org/abs/1)') == []
    assert loaded('<img src="data:image/png;base64,//fetch/url(http//"> https://example.org') == []


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("source/*/*.ipynb")) + sorted(ROOT.glob("assignments/*/*.ipynb")), ids=str
)
def test_generated_notebooks_load_nothing(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        if not cell.metadata.get("course", {}).get("setup"):  # it brings course_utils, and nothing else
            assert loaded(cell.source.replace(BADGE, "")) == []
        assert not cell.get("outputs")


def test_an_animation_loads_nothing() -> None:
    made = plot.animation({"a": FRAMES, "b": FRAMES}, alt='<b> "two" films')
    assert loaded(made.html) == []
    assert 'alt="&lt;b&gt; &quot;two&quot; films"' in made.html
    assert made.alt == '<b> "two" films'


def test_a_check_loads_nothing() -> None:
    source = "def enqueue(queue, pointer, keys):\n    queue[:, : keys.shape[0]] = 2\n    return 0\n"
    names: dict[str, object] = {"torch": torch}
    exec(source, names)
    for hint in range(4):
        html = check_in(names, "moco.enqueue", hint=hint)._repr_html_()
        assert "FAILED" in html.upper()
        assert loaded(html) == []


def test_the_package_names_no_address() -> None:
    for path in sorted((ROOT / "course_utils").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert "http://" not in text, path
        assert "https://" not in text, path
        # Matplotlib's own player takes its buttons from elsewhere.
        assert "to_jshtml" not in text, path


def soon(happens: Callable[[], bool]) -> bool:
    """Whether something happens within half a minute."""
    until = time.monotonic() + 30
    while not (happened := happens()) and time.monotonic() < until:
        time.sleep(0.005)
    return happened


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert CHROMIUM
    with browser(CHROMIUM, tmp_path_factory.mktemp("chromium")) as made:
        yield made


@pytest.mark.optional
@pytest.mark.skipif(CHROMIUM is None, reason=NO_BROWSER)
def test_the_player_plays_and_steps(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    # Two of them, as in a notebook: each has buttons of its own.
    films = [plot.animation({"a": FRAMES}, fps=5).html for _ in range(2)]
    file.write_text("<!doctype html><meta charset=utf-8>" + "".join(films), encoding="utf-8")
    told = "document.querySelectorAll('span')[{}].textContent"
    click = "document.querySelectorAll('div')[{}].querySelectorAll('button')[{}].click()"
    with chromium.page(file) as page:
        assert soon(lambda: page.run("document.querySelectorAll('button')[5].onclick !== null"))
        assert page.run("document.querySelector('img').naturalWidth") > 100
        assert page.run(told.format(0)) == "frame 1 of 3"
        first = page.run("document.querySelector('img').src")
        page.run(click.format(0, 2))
        assert page.run(told.format(0)) == "frame 2 of 3"
        assert page.run("document.querySelector('img').src") != first
        page.run(click.format(0, 1))
        page.run(click.format(0, 1))
        assert page.run(told.format(0)) == "frame 3 of 3"
        assert page.run("document.querySelector('input').value") == "2"
        page.run("let s = document.querySelector('input'); s.value = 0; s.oninput()")
        assert page.run("document.querySelector('img').src") == first
        assert page.run(told.format(1)) == "frame 1 of 3"
        page.run(click.format(0, 0))
        assert page.run("document.querySelector('button').textContent") == "Pause"
        for number in (1, 2, 3, 1):
            assert soon(lambda wanted=number: page.run(told.format(0)) == f"frame {wanted} of 3")
        page.run(click.format(0, 0))
        assert page.run("document.querySelector('button').textContent") == "Play"
        assert page.complaints == []
