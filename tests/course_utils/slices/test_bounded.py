"""What is remembered is bounded by bytes, whoever asks at the same time."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from course_utils.slices.bounded import Bounded


def _texts(most: int = 100, largest: int = 50) -> tuple[Bounded[str], list[int]]:
    asked: list[int] = []

    def text(length: int) -> str:
        asked.append(length)
        return "x" * length

    return Bounded(text, lambda value, length: len(value), most, largest), asked


def test_the_latest_used_results_are_kept_up_to_so_many_bytes() -> None:
    remembered, asked = _texts()
    first = remembered(40)
    remembered(41)
    assert remembered(40) is first
    assert asked == [40, 41]
    # 42 more are too much: 41 was not used for longest.
    remembered(42)
    assert remembered.bytes == 82
    assert remembered(40) is first
    remembered(41)
    assert asked == [40, 41, 42, 41]


def test_what_is_too_large_is_not_kept() -> None:
    remembered, asked = _texts()
    remembered(51)
    remembered(51)
    assert (asked, remembered.bytes) == ([51, 51], 0)


def test_threads_that_ask_for_the_same_get_the_same() -> None:
    together = threading.Barrier(4)

    def slow(key: str) -> list[str]:
        together.wait(10)
        return [key]

    remembered = Bounded(slow, lambda value, key: 60, most=100, largest=100)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(remembered, ["a"] * 4))
    assert len({id(item) for item in found}) == 1
    assert remembered.bytes == 60


def test_bytes_add_up_whatever_threads_do() -> None:
    remembered = Bounded(lambda length: "x" * length, lambda value, length: length, most=100, largest=50)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(remembered, [number % 47 for number in range(5000)]))
    finally:
        sys.setswitchinterval(interval)
    assert remembered.bytes == sum(len(value) for value in remembered._kept.values()) <= 100
