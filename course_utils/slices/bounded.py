"""A cache for what a whole class shares, bounded by size: entries of very different sizes are kept side by side."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Bounded(Generic[Value]):
    """A function that remembers its latest results. May be called by several threads at once."""

    def __init__(
        self, function: Callable[..., Value], size: Callable[..., int], most: int, largest: int
    ) -> None:
        """Remember nothing yet.

        Args:
            function: what is called; exceptions are not remembered.
            size: of a result and the arguments that it came from: the bytes that both take, or another measure.
            most: size of all results together.
            largest: size of a single one; what is larger would drive out too much.
        """
        self._function = function
        self._size = size
        self._most = most
        self._largest = largest
        self._kept: OrderedDict[tuple[Hashable, ...], Value] = OrderedDict()
        self._lock = threading.Lock()
        self.bytes = 0

    def __call__(self, *arguments: Hashable) -> Value:
        """The result for these arguments; the same object as before, if there still is one."""
        with self._lock:
            if arguments in self._kept:
                self._kept.move_to_end(arguments)
                return self._kept[arguments]
        value = self._function(*arguments)
        if (size := self._size(value, *arguments)) > self._largest:
            return value
        with self._lock:
            if arguments not in self._kept:
                self._kept[arguments] = value
                self.bytes += size
            while self.bytes > self._most:
                old, gone = self._kept.popitem(last=False)
                self.bytes -= self._size(gone, *old)
            # Another thread may have been faster.
            return self._kept.get(arguments, value)
