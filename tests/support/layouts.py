"""A grader whose two packages come from different folders, run as a program: what it sees and gives, as JSON.

Its one argument is JSON too: `autograder` and `course_utils`, the folder from which each is imported; `path`, what
comes before the rest of `sys.path`; `root`, the course; `submissions`; `tiers`, the tiers to grade in.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

# In a job: which of the two packages were imported there, and what else can be had of either repository.
PROBE = """\
def f():
    import sys
    import course_utils
    import course_utils.augment
    import autograder.sandbox.control
    return f"{course_utils.PLACE} {sys.modules['autograder'].PLACE}"
"""


def main(layout: dict[str, Any]) -> dict[str, Any]:
    """What became of each tier: `place`, the grades of all who handed in, or why it was refused."""
    for name in ("autograder", "course_utils"):
        sys.path.insert(0, layout[name])
        import_module(name)
        sys.path.remove(layout[name])
    sys.path[:0] = layout["path"]

    from autograder.errors import UserError
    from autograder.sandbox.client import SandboxError

    made = {}
    for tier in layout["tiers"]:
        try:
            made[tier] = grade(layout, tier)
        except (UserError, SandboxError) as error:
            made[tier] = {"refused": str(error)}
    return made


def grade(layout: dict[str, Any], tier: str) -> dict[str, Any]:
    """Ask a job where its packages come from, then grade the class."""
    from autograder.cli.each import grade_each
    from autograder.course.units import load_unit
    from autograder.grading.grader import Grader, Limits
    from autograder.intake.collect import collect
    from autograder.results import Line, to_json
    from autograder.sandbox.client import Sandbox
    from autograder.sandbox.starter import ForkServer
    from course_utils.checks.case import Case
    from course_utils.checks.observation import Observation
    from course_utils.checks.wire import pack_case
    from course_utils.slices.statements import CellCode

    limits = Limits(seconds=10.0, memory_mb=512)
    with ForkServer(limits, tier) as server:
        with Sandbox(limits, server=server) as sandbox, sandbox.job() as job:
            problem = job.load("f", [CellCode("1", PROBE, (0,))])
            (seen,) = job.run([pack_case(Case({}))], "cpu") if problem is None else (problem,)
        unit = load_unit(Path(layout["root"]), "moco")
        with Grader(unit, b"secret", limits, tier=tier, server=server) as grader:
            grades = {}
            for item, result in grade_each(grader, collect([Path(layout["submissions"])], "moco")):
                grades[item.student] = to_json(result) if isinstance(result, Line) else str(result)
    place = str(seen)
    if isinstance(seen, Observation) and not seen.failure:
        place = str(seen.quantities["result"])
    return {"place": place, "grades": grades}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
