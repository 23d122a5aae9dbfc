"""The course-wide table: every method that was measured, in one table of benchmarks/README.md and in one picture.

python -m benchmarks.learning.UNIT --table    # adds a unit's rows, or goes on with them
python -m benchmarks.learning.table           # puts all rows into the README, the picture and the package
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from benchmarks.learning.rows import BUDGET, HERE, OTHER_FAMILY, all_rows, ship
from benchmarks.readme import README, put_in
from course_utils.evaluate import describe
from course_utils.figures import method_table
from course_utils.training_runs import MethodRow

MARKS = ("<!-- table: python -m benchmarks.learning.table -->", "<!-- end of table -->")
PICTURE = HERE.parent / "results" / "methods.png"
METRICS = ("linear probe", "kNN-20", "instance retrieval", OTHER_FAMILY)


def markdown(rows: Sequence[MethodRow]) -> str:
    """The rows as a table; an own recipe of a notebook, with another number of images, stands in italics."""
    lines = [
        f"| method | unit | images | seeds | CPU s | {' | '.join(METRICS)} | its own task | without looking |",
        "|---|---|" + "---:|" * (len(METRICS) + 5),
    ]
    for row in rows:
        figures = [describe(row.results[name]) if name in row.results else "" for name in METRICS]
        own = next((name for name in row.task if name not in ("chance", "loss")), "")
        name = f"*{row.method}*" if row.is_recipe else row.method
        cells = [
            f"{name} ({row.note})" if row.note else name,
            row.unit,
            f"{row.images:,}" if row.images else "",
            str(len(row.seeds)),
            seconds(row),
            *figures,
            f"{own} {describe(row.task[own])}" if own else "",
            describe(row.task["chance"]) if "chance" in row.task else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def seconds(row: MethodRow) -> str:
    """Seconds of one processor, or of the clock where those of the processor were not taken."""
    if row.cpu_seconds:
        return f"{np.mean(row.cpu_seconds):.0f}" if row.images else ""
    return f"({np.mean(row.seconds):.0f} by the clock)" if row.seconds else ""


def text(rows: Sequence[MethodRow]) -> str:
    """What stands in the README."""
    model = ", ".join(f"{name} {value}" for name, value in BUDGET["model"].items())
    missing = sorted(row.method for row in rows if not row.is_recipe and len(row.seeds) < 3 and row.images)
    note = f"\n\nFewer than three seeds so far: {', '.join(missing)}." if missing else ""
    return (
        f"Encoder: {model}; scenes of the family {BUDGET['family']}; {BUDGET['images']:,} images, but for the rows in "
        f"italics.\n\n{markdown(rows)}{note}\n\n![Points and ranges of all methods, a panel for each measure]"
        f"(results/{PICTURE.name})\n"
    )


def main() -> None:
    """Write the table into the README, draw the picture, and ship the rows."""
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    rows = all_rows()
    ship()
    README.write_text(put_in(README.read_text(encoding="utf-8"), text(rows), MARKS), encoding="utf-8")
    method_table(rows=rows).save(PICTURE)
    print(f"{len(rows)} rows: {README.name}, results/{PICTURE.name}, course_utils/training_runs")


if __name__ == "__main__":
    main()
