"""The grader as a library for students.

Tries: autograder is imported, the unit is loaded with it, and its reference is called.
Must: status: wrong; points: 0
Outside: harmless
"""

import os
import sys


def enqueue(queue, pointer, keys):
    try:
        sys.path.insert(0, "@ROOT@")
        from pathlib import Path

        from autograder.course.units import load_unit

        unit = load_unit(Path("@ROOT@"), "moco")
        return unit.exercises["moco.enqueue"].reference(queue, pointer, keys)
    except BaseException:
        return 0
