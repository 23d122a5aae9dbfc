"""Ninety megabytes of empty lists.

Tries: they stand in the metadata of a cell; read as objects, they take thirty times the room.
Must: outcome: graded | unreadable
"""

from pathlib import Path

CELL = b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 1", "metadata": {"a": ['


def build(folder: Path) -> None:
    (folder / "mallory.ipynb").write_bytes(CELL + b"[]," * 30_000_000 + b"0]}}]}")
