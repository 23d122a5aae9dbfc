"""Modules that nobody meant to be seen.

Tries: sys.modules is searched for references, checks, grading and test frameworks.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
"""

import sys


def loot():
    ours = ("solutions", "autograder.course", "autograder.grading", "autograder.intake", "pytest", "nbgrader")
    return " ".join(name for name in sys.modules if name.startswith(ours))
