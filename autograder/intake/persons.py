"""How people are called in tables and pages: by their names, each unlike all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from autograder.results import Person


def labels(people: Iterable[Person], taken: Iterable[str] = ()) -> Mapping[str, str]:
    """Key -> label: the name where it is one person's alone, else `name (key)`.

    Args:
        people: with unlike keys.
        taken: labels of others.
    """
    made = {item.key: item.name or item.key for item in people}
    others = Counter(taken)
    while True:
        count = Counter(made.values()) + others
        shared = [key for key, label in made.items() if count[label] > 1]
        if not shared:
            return made
        for key in shared:
            made[key] = f"{made[key]} ({key})"
