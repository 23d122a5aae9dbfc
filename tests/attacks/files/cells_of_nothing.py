"""Twenty-five million cells that hold nothing.

Tries: three bytes of JSON make a cell of eighty.
Must: outcome: unreadable; says: JSON objects
"""

from pathlib import Path


def build(folder: Path) -> None:
    (folder / "mallory.ipynb").write_bytes(b'{"nbformat": 4, "cells": [' + b"{}," * 25_000_000 + b"{}]}")
