"""The recorded run as the tables and the figure of benchmarks/README.md.

python -m benchmarks.graders.report     # puts them into the file, between the two markers, and draws the figure
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.readme import README, put_in

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "grading.json"
FIGURE = HERE / "results" / "grading.png"
MARKS = ("<!-- grading: python -m benchmarks.graders.report -->", "<!-- end of grading -->")


def tables(record: dict[str, Any]) -> str:
    """All that is said of a record."""
    machine = record["machine"]
    mix = ", ".join(f"{count} {kind}" for kind, count in record["class"].items())
    said = (
        f"{machine['cores']} cores, {machine['system']}, torch {machine['torch']}, {machine['date']}; {record['jobs']} "
        f"submissions of ours at a time, sandbox tier *{record['tier']}*. The class: {mix}."
    )
    parts = [said, speed(record), floor(record)]
    if record["memory"]:
        parts.append(memory(record))
    return "\n\n".join(parts) + "\n"


def speed(record: dict[str, Any]) -> str:
    """Who grades how many a second, in all and, for ours, past start-up: between the first result and the last."""
    rates = {row["name"]: row["submissions"] / row["seconds"] for row in record["graders"]}
    mine = rates["autograder grade"]
    lines = [
        "| | submissions | seconds | a second | ours faster | past start-up | values checked each | full marks / due |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in record["graders"]:
        rate = rates[row["name"]]
        steady = f"{row['steady']:.1f}" if "steady" in row else ""
        ratio = f"× {mine / rate:.0f}" if rate != mine else ""
        lines.append(
            f"| {row['name']} {row['version']} | {row['submissions']} | {row['seconds']:.1f} | {rate:.2f} | {ratio} "
            f"| {steady} | {row['checks']} | {row['full_marks']} / {row['right']} |"
        )
    return "\n".join(lines)


def floor(record: dict[str, Any]) -> str:
    """Ours beside the sum of bare calls and one fork a submission, in milliseconds of one core."""
    floor = record["floor"]
    row = next(row for row in record["graders"] if row["name"] == "autograder grade")
    cores = min(record["jobs"], record["machine"]["cores"])
    low = floor["call_ms"] + floor["fork_ms"]
    start = floor["start_ms"] / row["submissions"]
    spent = 1000 * cores * row["seconds"] / row["submissions"]
    steady = 1000 * cores / row["steady"]
    lines = [
        "| one submission, milliseconds of one core | | times the floor |",
        "|---|---:|---:|",
        f"| the student's own calls, {floor['cases']:.0f} cases in {floor['checks']:.0f} checks, in one process "
        f"| {floor['call_ms']:.1f} | |",
        f"| fork of a process with torch, a forward and backward pass, wait | {floor['fork_ms']:.1f} | |",
        f"| floor: the two together | {low:.1f} | 1 |",
        f"| the floor and the share in one start of that process, its imports | {low + start:.1f} "
        f"| {1 + start / low:.1f} |",
        f"| the same cases with arguments, gradients and observations, in one process | {floor['case_ms']:.1f} | |",
        f"| autograder grade, start-up and report included | {spent:.1f} | {spent / low:.1f} |",
        f"| past start-up | {steady:.1f} | {steady / low:.1f} |",
        f"| share of the student's own calls in it | {100 * floor['call_ms'] / steady:.1f} % | |",
    ]
    return "\n".join(lines)


def memory(record: dict[str, Any]) -> str:
    """Peak resident memory against the size of the class."""
    floor = record["floor"]
    cores = min(record["jobs"], record["machine"]["cores"])
    low = floor["call_ms"] + floor["fork_ms"]
    lines = [
        "| submissions | grader, peak MB | largest sandbox process, peak MB | a second | past start-up "
        "| times the floor |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for row in record["memory"]:
        rate = row["submissions"] / row["seconds"]
        lines.append(
            f"| {row['submissions']} | {row['grader_mb']:.0f} | {row['worker_mb']:.0f} | {rate:.1f} "
            f"| {row['steady']:.1f} | {1000 * cores / rate / low:.1f} |"
        )
    if torch := record.get("torch_mb"):
        lines += ["", f"A process that has imported torch and done nothing else peaks at {torch:.0f} MB."]
    return "\n".join(lines)


def draw(record: dict[str, Any], path: Path = FIGURE) -> None:
    """Submissions a second, one bar a grader, on a logarithmic axis."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = record["graders"][::-1]
    rates = [row["submissions"] / row["seconds"] for row in rows]
    figure, axes = plt.subplots(figsize=(7, 0.6 + 0.5 * len(rows)), layout="constrained")
    bars = axes.barh([row["name"] for row in rows], rates, color="#0072b2", height=0.6)
    axes.bar_label(bars, [f"{rate:.2g}" for rate in rates], padding=4)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlim(min(rates) / 3, max(rates) * 3)
    axes.set_xlabel(f"submissions a second on {record['machine']['cores']} cores, start-up included")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


if __name__ == "__main__":
    recorded = json.loads(RESULTS.read_text(encoding="utf-8"))
    README.write_text(put_in(README.read_text(encoding="utf-8"), tables(recorded), MARKS), encoding="utf-8")
    draw(recorded)
