"""Does all of the course work on a CUDA device, and how fast? At most eight minutes, with nothing to install.

python -m benchmarks.cuda          # writes benchmarks/results/cuda.json
python -m benchmarks.cuda --dry    # a little of everything on the CPU, in a minute or two: does the command still run?

Each section has its share of the time, stops there and says what it had no time for; what one leaves over goes to the
next. Exit code 0: all is as it should be; 1: something is not, and is named; 2: there is no CUDA device.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from autograder.course.config import find_root
from benchmarks.device.answers import right_answers, wrong_answers
from benchmarks.device.grading import graded_class
from benchmarks.device.notebooks import notebooks_default, notebooks_full
from benchmarks.device.section import Found, Share, get_ready

RESULTS = Path(__file__).parent / "results" / "cuda.json"
# Of the time that is given; the rest is for starting and ending processes.
_USED = 0.95
_NAMED = 5


@dataclass(frozen=True)
class Section:
    """A part of the benchmark.

    Attributes:
        name: what is tried.
        part: of the whole time; all parts are one together.
        run: tries it.
    """

    name: str
    part: float
    run: Callable[[Share], Found]


SECTIONS = (
    Section("right answers", 0.22, right_answers),
    Section("wrong answers", 0.20, wrong_answers),
    Section("a class graded", 0.24, graded_class),
    Section("notebooks, 100 steps", 0.22, notebooks_default),
    Section("notebooks, profile full", 0.12, notebooks_full),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all sections, and return the exit code."""
    given = parse(arguments)
    if given.dry:
        # For all processes that are started here.
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    elif not torch.cuda.is_available():
        print(
            "There is no CUDA device here that torch can use (torch.cuda.is_available() is False). Run this on a "
            "machine that has one, or with --dry, which tries the command on the CPU.",
            file=sys.stderr,
        )
        return 2
    record = measure(find_root(), given.minutes, dry=given.dry)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"written: {given.out}")
    return 1 if record["problems"] else 0


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line; `--dry` sets what is not given."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dry", action="store_true", help="on the CPU, a little of everything")
    parser.add_argument(
        "--minutes", type=float, help="at most so many in all (8; dry: 4, if the machine is busy)"
    )
    parser.add_argument(
        "--out", type=Path, help=f"the JSON (results/{RESULTS.name}; dry: build/cuda-dry.json)"
    )
    given = parser.parse_args(arguments)
    given.minutes = given.minutes or (4.0 if given.dry else 8.0)
    given.out = given.out or (find_root() / "build" / "cuda-dry.json" if given.dry else RESULTS)
    if not 0 < given.minutes <= 8:
        parser.error(f"--minutes {given.minutes}: more than 0 and at most 8")
    return given


def measure(
    root: Path, minutes: float, *, dry: bool, sections: Sequence[Section] = SECTIONS
) -> dict[str, Any]:
    """The record of all sections."""
    device = "cpu" if dry else "cuda"
    record: dict[str, Any] = {
        "device": platform.processor() or platform.machine() if dry else torch.cuda.get_device_name(),
        "dry": dry,
        "machine": machine(device),
        "minutes": minutes,
        "sections": {},
    }
    say(f"{record['device']}{' (dry run on the CPU)' if dry else ''}: at most {minutes:g} minutes")
    began = time.monotonic()
    get_ready()
    until = time.monotonic()
    for section in sections:
        until += section.part * _USED * 60 * minutes
        started = time.monotonic()
        found = section.run(Share(root, device, dry, until))
        if found.planned and not found.done and not dry:
            found.problems.append("there was no time to try anything")
        seconds, share = time.monotonic() - started, until - started
        record["sections"][section.name] = {
            "seconds": round(seconds, 1),
            "share": round(share, 1),
            "finished": not found.unfinished,
            **asdict(found),
        }
        tell(section.name, found, seconds, share)
    record["seconds"] = round(time.monotonic() - began, 1)
    record["problems"] = sum(len(section["problems"]) for section in record["sections"].values())
    problems = record["problems"]
    say(f"{record['seconds']:.0f} s in all; {problems or 'no'} problem{'' if problems == 1 else 's'}")
    return record


def machine(device: str) -> dict[str, Any]:
    """What the figures were measured on."""
    found: dict[str, Any] = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cores": os.cpu_count(),
        "date": dt.date.today().isoformat(),
    }
    if device == "cuda":
        found |= {
            "cuda": torch.version.cuda,
            "capability": ".".join(map(str, torch.cuda.get_device_capability())),
            "memory_gib": round(torch.cuda.get_device_properties(0).total_memory / 2**30, 1),
        }
    return found


def tell(name: str, found: Found, seconds: float, share: float) -> None:
    """What became of a section."""
    stopped = f", stopped at its share of {share:.0f} s" if found.unfinished else ""
    say(f"{name}: {found.done} of {found.planned} in {seconds:.0f} s{stopped}")
    for title, texts in (("no time for", found.unfinished), ("PROBLEM", found.problems)):
        for text in texts[:_NAMED]:
            say(f"  {title}: {text}")
        if len(texts) > _NAMED:
            say(f"  {title}: {len(texts) - _NAMED} more, all named in the JSON")


def say(text: str) -> None:
    """A line at once."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
