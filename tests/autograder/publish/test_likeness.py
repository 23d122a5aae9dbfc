"""Functions that are the same under other names."""

import pytest

from autograder.publish.likeness import shapes

FUNCTION = '''
def update(query, key, momentum):
    """Words."""
    for a, b in zip(query.parameters(), key.parameters()):
        b.mul_(momentum).add_(a, alpha=1 - momentum)
'''


@pytest.mark.parametrize(
    ("text", "other", "same"),
    [
        ("a, b", "x, y", False),  # the body still says a and b
        ("Words", "Other words", True),
        ("def update(query, key, momentum)", "def f(query, key, momentum: float) -> None", True),
        ("momentum", "m", True),
        ("query", "q", True),
        ("1 - momentum", "momentum", False),
        ("    for", "    # a comment\n    for", True),
        ("b.mul_(momentum)", "b.mul_(\n            momentum,\n        )", True),
        ("query.parameters(), key", "key.parameters(), query", False),
    ],
)
def test_same_but_for_names(text: str, other: str, same: bool) -> None:
    assert text in FUNCTION
    (one,), (two,) = shapes(FUNCTION), shapes(FUNCTION.replace(text, other))
    assert (one[1] == two[1]) == same


def test_short_functions_and_what_is_no_python_say_nothing() -> None:
    assert list(shapes("def f(x):\n    return x")) == []
    assert list(shapes("# Title\n\nSome *prose*.")) == []


def test_functions_inside_classes_are_found() -> None:
    inside = "class A:\n" + "\n".join(f"    {line}" for line in FUNCTION.splitlines())
    assert [shape for _, shape in shapes(inside)] == [shape for _, shape in shapes(FUNCTION)]
