from __future__ import annotations

from course_utils.slices.plain import clip, clip_path, plain, several


def test_what_steers_is_replaced_and_letters_are_not() -> None:
    assert plain("a\x1b[2J\x9bb\u202ec\ud83d\u2028") == "a\ufffd[2J\ufffdb\ufffdc\ufffd\ufffd"
    assert plain("two\n\tlines") == "two lines"
    for name in ("zoë", "愛", "\u0645\u06cc\u200c\u062e", "👩\u200d🔬", "a b"):
        assert plain(name) == name


def test_clipping() -> None:
    assert clip("x" * 500) == "x" * 500
    assert len(clip("x" * 501)) == 500
    assert clip_path("a" * 100 + "/moco.ipynb", 20).endswith("a/moco.ipynb")
    assert len(clip_path("a" * 100, 20)) == 20


def test_several() -> None:
    assert several([]) == ""
    assert several([1, 2, 3]) == "1, 2, 3"
    assert several(range(1, 9)) == "1, 2, 3, 4, 5 and 3 more"
    assert len(several(["x" * 1000] * 1000)) < 400
