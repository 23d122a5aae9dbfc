"""Whatever a place holds: everybody is one person, no file vanishes, and zipped is as unpacked."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.errors import UserError
from autograder.intake.belonging import KnownExercises
from autograder.intake.collect import Intake, collect
from tests.support import handins

KNOWN = KnownExercises("moco", ("moco.enqueue",), {"simclr": ("simclr.nt_xent",)})
# What names are made of: those of systems and people, and what is between them.
PIECES = st.sampled_from(
    [
        *(
            "ada",
            "bob",
            "Wang Wei",
            "Zo\u00eb",
            "Zoe\u0308",
            "\u674e\u96f7",
            "moco",
            "moco-submission",
            "simclr",
            "final",
        ),
        *(
            "Copy of ",
            " - Copy",
            " (1)",
            "-1",
            "_1",
            "_12_34_",
            "_LATE_",
            "anon_",
            "_77_assignsubmission_file_",
        ),
        *(
            "_assignsubmission_onlinetext_",
            "submission_7",
            "_attempt_2026-11-28-10-15-00",
            "Version 2",
            " - ",
            "-main",
        ),
        *(
            "101-9 - Ada L - Nov 28, 2026 1015 AM",
            "submitted",
            "__MACOSX",
            ".",
            "..",
            "timestamp",
            "\U0001f600",
            " ",
        ),
    ]
)
SUFFIXES = st.sampled_from(
    [".ipynb", ".ipynb", ".ipynb.txt", ".json", ".py", ".zip", ".txt", ".pdf", ".yml", ""]
)
FOLDERS = st.builds("".join, st.lists(PIECES, min_size=1, max_size=4))
FILES = st.builds("{}{}".format, FOLDERS, SUFFIXES)
PATHS = st.builds(lambda folders, file: "/".join((*folders, file)), st.lists(FOLDERS, max_size=3), FILES)
CONTENTS = st.sampled_from(
    [
        handins.work("ada"),
        handins.blank(),
        b"",
        b"{",
        b"2026-11-28 10:00 UTC",
        handins.zipped({"hw/moco.ipynb": handins.work("z")}),
    ]
)
TREES = st.dictionaries(PATHS, CONTENTS, min_size=1, max_size=7)


def is_writable(tree: dict[str, bytes]) -> bool:
    """Whether a file system holds such a tree: no name of points alone, no file where a folder is."""
    parts = [name.split("/") for name in tree]
    folders = {tuple(item[:depth]) for item in parts for depth in range(1, len(item))}
    return all(part.strip(".") and len(part.encode()) < 200 for item in parts for part in item) and not (
        folders & {tuple(item) for item in parts}
    )


def told(intake: Intake) -> dict[str, tuple[str, str]]:
    """Key -> what was read of the person, and the first reason why not."""
    found = {}
    for item in intake:
        (read,) = item.read()
        found[item.person.key] = (read.sha256, "" if hasattr(read, "cells") else type(read).__name__)
    return found


def collected(path: Path) -> Intake | None:
    try:
        return collect([path], "moco", known=KNOWN)
    except UserError as error:
        assert str(error)
        return None


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(TREES.filter(is_writable))
def test_zipped_is_as_unpacked_and_no_file_vanishes(tree: dict[str, bytes]) -> None:
    item = handins.HandedIn(name="", layout="", files=tree, people={})
    with tempfile.TemporaryDirectory() as root:
        unpacked, packed = (collected(make(Path(root))) for make in (item.as_folder, item.as_zip))
        assert (unpacked is None) == (packed is None)
        if unpacked is None or packed is None:
            return
        assert told(unpacked) == told(packed)
        for intake in (unpacked, packed):
            keys = [found.person.key for found in intake]
            assert len(set(keys)) == len(keys) == len({found.student for found in intake})
            assert intake.counts().seen == len(tree), "each zip of these holds one file"
