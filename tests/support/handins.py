"""Hand-ins in the shapes in which learning systems and people make them, each with who is in it.

The work of a person says whose it is, so that a test can tell whether everybody got their own.
"""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat

from tests.support.notebooks import notebook

UNIT = "moco"
_STUB = 'def enqueue(queue, pointer, keys):\n    raise NotImplementedError("moco.enqueue")'
_TIME = b"2026-11-28 10:00:00 UTC"


@dataclass(frozen=True)
class HandedIn:
    """What a TA gets.

    Attributes:
        name: what is special about it.
        layout: the name of its layout.
        files: path -> content; an empty folder ends with a slash.
        people: key -> whose work counts, as `work` says it; empty for somebody of whom nothing can be read.
        encoding: of the names in the zip; None where its flag says that they are UTF-8.
        place: what the folder or the zip is called.
    """

    name: str
    layout: str
    files: Mapping[str, bytes]
    people: Mapping[str, str]
    encoding: str | None = None
    place: str = "class"

    def as_folder(self, root: Path) -> Path:
        """Unpacked below `root`."""
        folder = root / self.place
        folder.mkdir(parents=True)
        for name, content in self.files.items():
            path = folder / name
            if name.endswith("/"):
                path.mkdir(parents=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder

    def as_zip(self, root: Path) -> Path:
        """Zipped below `root`."""
        path = root / f"{self.place}.zip"
        root.mkdir(parents=True, exist_ok=True)
        path.write_bytes(zipped(self.files, self.encoding))
        return path


def work(person: str, more: str = "") -> bytes:
    """A notebook that somebody filled in, and says who."""
    return nbformat.writes(
        notebook([("moco-enqueue", f"def enqueue(queue, pointer, keys):\n    return {person!r}{more}")])
    ).encode()


def made_by_submit(person: str, made: str) -> bytes:
    """The same as `cu.submit` makes it, at a moment."""
    content = nbformat.reads(work(person).decode(), as_version=4)
    content.metadata["course"] = {"unit": UNIT, "submission": {"unit": UNIT, "made": made}}
    return nbformat.writes(content).encode()


def blank() -> bytes:
    """The notebook as released."""
    return nbformat.writes(notebook([("moco-enqueue", _STUB)])).encode()


class _Raw(zipfile.ZipInfo):
    """A member whose name is bytes in an encoding that the zip does not tell."""

    raw: bytes

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802
        return self.raw, self.flag_bits


def zipped(files: Mapping[str, bytes], encoding: str | None = None) -> bytes:
    """A zip of files; with an encoding, its names are in that, and no flag says so."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2026, 11, 28, 10, 0, 0))
            if encoding is not None:
                info = _Raw("x" * len(name.encode(encoding)), (2026, 11, 28, 10, 0, 0))
                info.raw = name.encode(encoding)
            info.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(info, content)
    return data.getvalue()


def _metadata(*submissions: tuple[int, list[tuple[str, str | None, str | None]], str | None]) -> bytes:
    """Gradescope's `submission_metadata.yml`: number, submitters (name, sid, e-mail), time."""
    lines = ["---"]
    for number, submitters, time in submissions:
        lines += [f"submission_{number}:", "  :submitters:"]
        for name, sid, email in submitters:
            lines += (
                [f"  - :name: {name}"]
                + [f"    :sid: '{sid}'"] * bool(sid)
                + [f"    :email: {email}"] * bool(email)
            )
        lines += [f"  :created_at: {time}"] * bool(time) + ["  :score: 0.0", "  :history: []"]
    return "\n".join(lines).encode()


def _moodle(name: str, number: int, file: str = "moco.ipynb") -> str:
    return f"{name}_{number}_assignsubmission_file_/{file}"


def _blackboard(login: str, time: str, file: str = "_moco.ipynb") -> str:
    return f"SSL 2026_moco_{login}_attempt_{time}{file}"


_SENT = "2026-11-28 10:00:00.000000 UTC"
_NFD = unicodedata.normalize("NFD", "Zoë")
ALL = (
    # Canvas
    HandedIn("two of one name", "canvas", {"wangwei_1001_1_moco.ipynb": work("1001"), "wangwei_1002_2_moco.ipynb": work("1002")}, {"canvas:1001": "1001", "canvas:1002": "1002"}),
    HandedIn("late, in letters of other alphabets", "canvas", {"müllerjürgen_LATE_7_51_moco-2.ipynb": work("7"), "李雷_8_52_moco (1).ipynb": work("8"), "ada_9_53_moco.ipynb": work("9")}, {"canvas:7": "7", "canvas:8": "8", "canvas:9": "9"}),
    HandedIn("anonymous, ids of digits and letters", "canvas", {"anon_12345_1_moco.ipynb": work("12345"), "LATE_anon_Zx9Qw_2_moco-1.ipynb": work("Zx9Qw"), "anon_Zx9Qx_3_moco.ipynb": work("Zx9Qx")}, {"canvas:anon_12345": "12345", "canvas:anon_Zx9Qw": "Zx9Qw", "canvas:anon_Zx9Qx": "Zx9Qx"}),
    HandedIn("somebody is called Anon", "canvas", {"anon_1_2_moco.ipynb": work("1"), "bob_3_4_moco.ipynb": work("3")}, {"canvas:1": "1", "canvas:3": "3"}),
    HandedIn("several files of one person", "canvas", {"ada_1_10_moco.ipynb": work("draft"), "ada_1_11_moco-1.ipynb": work("1"), "ada_1_12_notes.pdf": b"%PDF", "bob_2_13_moco-submission.ipynb": made_by_submit("2", "2026-11-28T10:00:00+00:00"), "bob_2_14_moco.ipynb": work("draft")}, {"canvas:1": "1", "canvas:2": "2"}),
    HandedIn("what was typed, and a link", "canvas", {"ada_1_text.html": b"<p>done</p>", "bob_LATE_2_link.html": b"<a>", "cleo_3_9_moco.ipynb": work("3")}, {"canvas:1": "", "canvas:2": "", "canvas:3": "3"}),
    HandedIn("suffixes of browsers", "canvas", {"ada_1_1_moco.ipynb.txt": work("1"), "bob_2_2_moco.ipynb.json": work("2"), "cleo_3_3_moco.json": work("3"), "dora_4_4_moco.IPYNB": work("4"), "emil_5_5_moco.ipynb.download": work("5")}, {f"canvas:{n}": str(n) for n in range(1, 6)}),
    HandedIn("a name with digits, a file with digits", "canvas", {"smith2_1001_5001_1_2_moco.ipynb": work("1001"), "1234_1002_5002_moco.ipynb": work("1002")}, {"canvas:1001": "1001", "canvas:1002": "1002"}),
    HandedIn("file names shaped as another's", "canvas", {"eve_1_1_bob_2_2_moco.ipynb": work("1"), "bob_2_3_moco.ipynb": work("2")}, {"canvas:1": "1", "canvas:2": "2"}),
    HandedIn("zips of students", "canvas", {"ada_1_1_hw.zip": zipped({"hw/moco.ipynb": work("1"), "__MACOSX/._moco.ipynb": b"x"}), "bob_2_2_final.zip": zipped({"a_9_9_moco.ipynb": work("2")})}, {"canvas:1": "1", "canvas:2": "2"}),
    HandedIn("in a folder of its own", "canvas", {"submissions/ada_1_1_moco.ipynb": work("1"), "submissions/bob_2_2_moco.ipynb": work("2"), "README.txt": b"x"}, {"canvas:1": "1", "canvas:2": "2"}),
    HandedIn("names that end with a number", "canvas", {"wang1_12_345_moco.ipynb": work("12"), "wang_1_13_346_moco.ipynb": work("13"), "wang_1_14_347_moco.ipynb": work("14"), "wang_1_14_348_notes.pdf": b"%PDF"}, {"canvas:12": "12", "canvas:13": "13", "canvas:14": "14"}),
    HandedIn("names that end with a number, and nobody else", "canvas", {"wang_1_501_9001_moco.ipynb": work("501"), "wang_1_LATE_502_9002_moco.ipynb": work("502"), "li_2_503_9003_moco.ipynb": work("503"), "li_2_504_9004_moco.ipynb": work("504"), "li_2_505_text.html": b"<p>"}, {"canvas:501": "501", "canvas:502": "502", "canvas:503": "503", "canvas:504": "504", "canvas:505": ""}),
    HandedIn("files that begin with numbers", "canvas", {"ada_1001_5001_20261128_moco.ipynb": work("1001"), "ada_1001_5002_20261129_notes.pdf": b"%PDF", "eve_1002_5003_5004_moco.ipynb": work("1002"), "eve_1002_5005_5006_notes.pdf": b"%PDF", "bob_1003_5007_moco.ipynb": work("1003")}, {"canvas:1001": "1001", "canvas:1002": "1002", "canvas:1003": "1003"}),
    # Moodle
    HandedIn("folders", "moodle", {_moodle("Ada Lovelace", 11): work("11"), _moodle("Alan Turing", 12, "my work/moco.ipynb"): work("12")}, {"moodle:11": "11", "moodle:12": "12"}),
    HandedIn("two of one name", "moodle", {_moodle("Wang Wei", 1): work("1"), _moodle("Wang Wei", 2): work("2")}, {"moodle:1": "1", "moodle:2": "2"}),
    HandedIn("blind marking in German", "moodle", {f"Teilnehmer/in_{n}_assignsubmission_file_/moco.ipynb".replace("/in", "in"): work(str(n)) for n in (3001, 3002, 3003)}, {f"moodle:{n}": str(n) for n in (3001, 3002, 3003)}),
    HandedIn("flat", "moodle", {"Ada Lovelace_11_assignsubmission_file_moco.ipynb": work("11"), "Zoë K_12_assignsubmission_file_moco (1).ipynb": work("12"), "Zoë K_12_assignsubmission_file_notes.pdf": b"%PDF"}, {"moodle:11": "11", "moodle:12": "12"}),
    HandedIn("what was typed beside a file, and alone", "moodle", {_moodle("Ada", 1): work("1"), "Ada_1_assignsubmission_onlinetext_/onlinetext.html": b"<p>", "Bob_2_assignsubmission_onlinetext_/onlinetext.html": b"<p>"}, {"moodle:1": "1", "moodle:2": ""}),
    HandedIn("teams, and the teamless", "moodle", {_moodle("Team A", 5): work("5"), "Default group_assignsubmission_file_/moco.ipynb": work("none")}, {"moodle:5": "5", "moodle:Default group": "none"}),
    HandedIn("an empty folder", "moodle", {"Ada_1_assignsubmission_file_/": b"", _moodle("Bob", 2): work("2")}, {"moodle:1": "", "moodle:2": "2"}),
    HandedIn("without the last underscore, and a draft", "moodle", {"Ada_1_assignsubmission_file/moco.ipynb": blank(), "Ada_1_assignsubmission_file/Copy of moco.ipynb": work("1")}, {"moodle:1": "1"}),
    HandedIn("a student's zip that names others", "moodle", {_moodle("Eve", 1, "x.zip"): zipped({_moodle("Ada", 2): work("1"), _moodle("Bob", 3): work("1")}), _moodle("Ada", 2): work("2")}, {"moodle:1": "1", "moodle:2": "2"}),
    # Gradescope
    HandedIn("metadata", "gradescope", {"assignment_4711_export/submission_metadata.yml": _metadata((1, [("Ada L", "1815", "ada@e.edu")], "2026-11-28 10:00:00 Z"), (2, [("Alan T", None, "alan@e.edu")], None)), "assignment_4711_export/submission_1/moco.ipynb": work("1815"), "assignment_4711_export/submission_2/moco.ipynb": work("alan")}, {"gradescope:1815": "1815", "gradescope:alan@e.edu": "alan"}),
    HandedIn("a group", "gradescope", {"submission_metadata.yml": _metadata((7, [("Ada", "1", None), ("Bob", "2", None)], None)), "submission_7/moco.ipynb": work("both")}, {"gradescope:1": "both", "gradescope:2": "both"}),
    HandedIn("two of one name", "gradescope", {"submission_metadata.yml": _metadata((7, [("Wang Wei", "1", None)], None), (8, [("Wang Wei", "2", None)], None)), "submission_7/moco.ipynb": work("1"), "submission_8/moco.ipynb": work("2")}, {"gradescope:1": "1", "gradescope:2": "2"}),
    HandedIn("without metadata", "gradescope", {"assignment_1_export/submission_7/moco.ipynb": work("7"), "assignment_1_export/submission_8/moco.ipynb": work("8")}, {"gradescope:submission_7": "7", "gradescope:submission_8": "8"}),
    # Blackboard
    HandedIn("attempts", "blackboard", {_blackboard("ada", "2026-11-28-10-15-00", ".txt"): b"Name: Ada Lovelace (ada)\nAssignment: moco", _blackboard("ada", "2026-11-28-10-15-00"): work("first"), _blackboard("ada", "2026-11-29-09-00-00"): work("ada"), _blackboard("bob", "2026-11-28-10-20-00"): work("bob")}, {"blackboard:ada": "ada", "blackboard:bob": "bob"}),
    HandedIn("user names with underscores", "blackboard", {_blackboard("a_smith", "2026-11-28-10-15-00"): work("a"), _blackboard("b_smith", "2026-11-28-10-15-00"): work("b")}, {"blackboard:a_smith": "a", "blackboard:b_smith": "b"}),
    HandedIn("a text without a file", "blackboard", {_blackboard("ada", "2026-11-28-10-15-00", ".txt"): b"Name: Ada Lovelace (ada)", _blackboard("bob", "2026-11-28-10-20-00"): work("bob")}, {"blackboard:ada": "", "blackboard:bob": "bob"}),
    HandedIn("user names that begin alike, without a text", "blackboard", {_blackboard("s_ada", "2026-11-28-10-15-00"): work("a"), _blackboard("s_bob", "2026-11-28-10-15-00"): work("b")}, {"blackboard:s_ada": "a", "blackboard:s_bob": "b"}),
    HandedIn("the same where the unit is not named", "blackboard", {f"Problem Set 3_ Queues_{login}_attempt_2026-11-28-10-15-00_moco.ipynb": work(login) for login in ("st_2_ada", "st_2_bob")}, {f"blackboard:{login}": login for login in ("st_2_ada", "st_2_bob")}),
    HandedIn("one person's user name with underscores", "blackboard", {_blackboard("s_ada", "2026-11-28-10-15-00"): work("a")}, {"blackboard:s_ada": "a"}),
    # Brightspace
    HandedIn("folders", "brightspace", {"101-9 - Ada Lovelace - Nov 28, 2026 1015 AM/moco.ipynb": work("101"), "102-9 - Ada Lovelace - Nov 28, 2026 1016 AM/moco.ipynb": work("102"), "index.html": b"<html>"}, {"brightspace:101 Ada Lovelace": "101", "brightspace:102 Ada Lovelace": "102"}),
    HandedIn("flat, handed in twice", "brightspace", {"101-9 - Ada - Lena K - Nov 28, 2026 1015 AM - moco.ipynb": work("first"), "101-9 - Ada - Lena K - Nov 29, 2026 215 PM - moco - Copy.ipynb": work("101")}, {"brightspace:101 Ada - Lena K": "101"}),
    HandedIn("dates of other languages", "brightspace", {f"{n}-9 - Ada - {date}/moco.ipynb": work(str(n)) for n, date in enumerate(("12 mars, 2026 1403", "12. M\u00e4rz 2026 14.03", "12 de marzo de 2026 203 p. m.", "2026\u5e743\u670812\u65e5 \u4e0b\u5348203"), start=1)}, {f"brightspace:{n} Ada": str(n) for n in range(1, 5)}),
    # Google, Teams, repositories
    HandedIn("as Colab names them", "google", {"Ada Lovelace - moco.ipynb": work("Ada"), "Bob B - Copy of moco.ipynb": work("Bob"), "Copy of Cleo - moco.ipynb": work("Cleo"), "Dora D - moco.ipynb - Colab.ipynb": work("Dora")}, {"google:Ada Lovelace": "Ada", "google:Bob B": "Bob", "google:Cleo": "Cleo", "google:Dora D": "Dora"}),
    HandedIn("copies in other languages", "google", {"李雷 - moco的副本.ipynb": work("李雷"), "王伟 - “moco.ipynb”的副本": work("王伟"), "Kim - moco.ipynb의 사본": work("Kim"), "사본 - Lee - moco.ipynb": work("Lee"), "Park - 사본 - moco.ipynb": work("Park"), "Jun - moco_ipynb_のコピー.ipynb": work("Jun"), "「Aoi - moco.ipynb」のコピー.ipynb": work("Aoi"), "Ada - moco.ipynb": work("Ada"), "Ada - moco 的副本.ipynb": work("draft")}, {f"google:{name}": name for name in ("李雷", "王伟", "Kim", "Lee", "Park", "Jun", "Aoi", "Ada")}),
    HandedIn("archives that are not read", "google", {"Ada - moco.7z": b"7z", "Bob - moco.ipynb": work("Bob")}, {"google:Ada": "", "google:Bob": "Bob"}),
    HandedIn("versions", "teams", {"Ada Lovelace/moco/Version 1/moco.ipynb": work("first"), "Ada Lovelace/moco/Version 10/moco.ipynb": work("Ada"), "Ada Lovelace/moco/Version 9/moco.ipynb": work("ninth"), "Bob/moco/Version 1/moco.ipynb": work("Bob")}, {"teams:Ada Lovelace": "Ada", "teams:Bob": "Bob"}),
    HandedIn("in the folder that Teams makes", "teams", {"Submitted files/Ada/moco/Version 2/moco.ipynb": work("Ada"), "Submitted files/Bob/moco/Version 1/final.ipynb": work("Bob")}, {"teams:Ada": "Ada", "teams:Bob": "Bob"}),
    HandedIn("clones", "repositories", {"moco-ada/moco.ipynb": work("ada"), "moco-ada/.git/HEAD": b"ref", "moco-bob-b/nb/moco.ipynb": work("bob")}, {"github:ada": "ada", "github:bob-b": "bob"}),
    HandedIn("downloads of a branch", "repositories", {"moco-ada-main/moco.ipynb": work("ada"), "moco-bob-main.zip": zipped({"moco-bob-main/moco.ipynb": work("bob")})}, {"github:ada": "ada", "github:bob": "bob"}),
    HandedIn("logins of digits alone", "repositories", {"moco-20261234/moco.ipynb": work("20261234"), "moco-7/moco.ipynb": work("7"), "moco-ada-main/moco.ipynb": work("ada"), "moco-bob.tar.gz": b"gz"}, {"github:20261234": "20261234", "github:7": "7", "github:ada": "ada", "github:bob": ""}),
    HandedIn("nothing but digits", "repositories", {f"moco-{login}/nb/moco.ipynb": work(login) for login in ("100234", "100235")}, {f"github:{login}": login for login in ("100234", "100235")}),
    # nbgrader, sections, names
    HandedIn("submitted", "nbgrader", {"submitted/ada/moco/moco.ipynb": work("ada"), "submitted/ada/moco/timestamp.txt": _TIME, "submitted/ada/simclr/simclr.ipynb": work("other"), "submitted/bob/moco/moco.ipynb": work("bob"), "submitted/cleo/simclr/simclr.ipynb": work("other")}, {"ada": "ada", "bob": "bob"}),
    HandedIn("the exchange", "nbgrader", {f"inbound/ada+moco+{_SENT}/moco.ipynb": work("first"), f"inbound/ada+moco+{_SENT}/timestamp.txt": _SENT.encode(), "inbound/ada+moco+2026-11-29 10:00:00.000000 UTC+Zx9_-abc0123/moco.ipynb": work("ada"), "inbound/bob+b@e.edu+moco+2026-11-28 10_00_00.000000 UTC+Zx9_-abc0124/mine.ipynb": work("bob"), f"inbound/cleo+simclr+{_SENT}/simclr.ipynb": work("other"), "release/moco/moco.ipynb": blank()}, {"ada": "ada", "bob+b@e.edu": "bob"}),
    HandedIn("one person of the exchange among folders", "nbgrader", {f"ada+moco+{_SENT}/moco.ipynb": work("ada"), "bob/moco/moco.ipynb": work("bob")}, {"ada": "ada", "bob": "bob"}),
    HandedIn("a folder inside a student's", "names", {"ada/final/moco.ipynb": work("ada"), "bob/final/moco.ipynb": work("bob"), "cleo/moco.ipynb": work("cleo")}, {"ada": "ada", "bob": "bob", "cleo": "cleo"}),
    HandedIn("everybody has the same folder inside", "names", {f"{name}/final/moco.ipynb": work(name) for name in ("ada", "bob")}, {"ada": "ada", "bob": "bob"}),
    HandedIn("sections", "sections", {"mon/ada/moco.ipynb": work("mon ada"), "mon/bob/moco.ipynb": work("bob"), "tue/ada/moco.ipynb": work("tue ada")}, {"mon/ada": "mon ada", "mon/bob": "bob", "tue/ada": "tue ada"}),
    HandedIn("sections of files", "sections", {"mon/ada_moco.ipynb": work("mon ada"), "mon/bob_moco.ipynb": work("bob"), "tue/ada_moco.ipynb": work("tue ada")}, {"mon/ada": "mon ada", "mon/bob": "bob", "tue/ada": "tue ada"}),
    HandedIn("second files of people", "names", {"ada_moco.ipynb": work("draft"), "ada_moco (1).ipynb": work("ada"), "dan_moco.ipynb": work("dan"), "dan_moco - Copy.ipynb": work("draft"), "moco_eve.ipynb": work("eve")}, {"ada": "ada", "dan": "dan", "eve": "eve"}),
    HandedIn("what cu.submit made beside the notebook", "names", {"ada/moco-submission.ipynb": made_by_submit("ada", "2026-11-28T10:00:00+00:00"), "ada/moco.ipynb": work("draft"), "cleo/moco-submission (1).ipynb": made_by_submit("draft", "2026-11-27T10:00:00+00:00"), "cleo/moco-submission.ipynb": made_by_submit("cleo", "2026-11-28T12:00:00+02:00"), "dan_moco-submission (2).ipynb": made_by_submit("dan", "2026-11-28T10:00:00+00:00")}, {"ada": "ada", "cleo": "cleo", "dan": "dan"}),
    HandedIn("a blank notebook beside a filled one", "names", {"ada/moco.ipynb": blank(), "ada/moco-submission.ipynb": blank(), "ada/mine.ipynb": work("ada"), "bob/moco.ipynb": work("bob"), "bob/moco (1).ipynb": blank()}, {"ada": "ada", "bob": "bob"}),
    HandedIn("names as a Mac's Finder zips them", "names", {"hw/Jürgen Müller.ipynb": work("J"), f"hw/{_NFD}.ipynb": work("Z"), "hw/李雷.ipynb": work("L"), "hw/.DS_Store": b"x", "__MACOSX/hw/._Zoe.ipynb": b"x"}, {"Jürgen Müller": "J", "Zoë": "Z", "李雷": "L"}, "utf-8"),
    HandedIn("names as Windows zips them in Germany", "names", {"Jürgen Müller_moco.ipynb": work("J"), "Zoë_moco.ipynb": work("Z")}, {"Jürgen Müller": "J", "Zoë": "Z"}, "cp850"),
    HandedIn("names as Windows zips them in China", "names", {"李雷/moco.ipynb": work("L"), "韩梅梅/moco.ipynb": work("H")}, {"李雷": "L", "韩梅梅": "H"}, "gbk"),
    HandedIn("one person's folder", "one", {"moco.ipynb": work("ada"), "helpers.py": b"x = 1", "data/a.csv": b"1"}, {"ada": "ada"}, place="ada"),
    HandedIn("one person of nbgrader's tree", "one", {"moco/moco.ipynb": work("ada"), "simclr/simclr.ipynb": work("other")}, {"ada": "ada"}, place="ada"),
    HandedIn("something else than a notebook", "names", {"ada.pdf": b"%PDF", "bob.ipynb": work("bob"), "notes.txt": b"x", "roster.csv": b"key,name", "Thumbs.db": b"x", "~$notes.docx": b"x"}, {"ada": "", "bob": "bob"}),
    HandedIn("archives that are not read", "names", {"ada.7z": b"7z", "bob_moco.tar.xz": b"xz", "cleo.ipynb.rar": b"Rar!", "moco_dora.7z": b"7z", "emil.part1.rar": b"Rar!", "fay (1).7z": b"7z", "gus.ipynb": work("gus")}, {"ada": "", "bob": "", "cleo": "", "dora": "", "emil": "", "fay": "", "gus": "gus"}),
    HandedIn("copies in other languages", "names", {"李雷_moco的副本.ipynb": work("李雷"), "kim_moco의 사본.ipynb": work("draft"), "kim_moco.ipynb": work("kim"), "jun_moco - コピー (2).ipynb": work("jun"), "moco_ada.ipynb": work("ada")}, {"李雷": "李雷", "kim": "kim", "jun": "jun", "ada": "ada"}),
    HandedIn("zips by name", "names", {"ada.zip": zipped({"moco.ipynb": work("ada")}), "bob_moco.zip": zipped({"a/b/moco.ipynb": work("bob")})}, {"ada": "ada", "bob": "bob"}),
)  # fmt: skip


@dataclass
class Tally:
    """What became of the people of some hand-ins.

    Attributes:
        hand_ins: how many, a folder and the same zipped being one.
        people: in them.
        read: got what is graded, or the reason why nothing can be.
        merged: got another's work, or have a key that is two people's.
        invented: keys that are nobody's.
        lost: people of whom nothing was found.
    """

    hand_ins: int = 0
    people: int = 0
    read: int = 0
    merged: int = 0
    invented: int = 0
    lost: int = 0

    def add(self, item: HandedIn, found: Mapping[str, str]) -> None:
        """Count what was found: key -> whose work counts."""
        self.people += len(item.people)
        self.read += sum(found.get(key) == who for key, who in item.people.items())
        self.merged += sum(key in found and found[key] != who for key, who in item.people.items())
        self.invented += len(found.keys() - item.people.keys())
        self.lost += len(item.people.keys() - found.keys())


def tallies(found: Mapping[tuple[str, bool], Mapping[str, str]]) -> dict[str, Tally]:
    """Layout -> what became of its people; `found` is by the hand-in's name and layout, and whether it was a zip."""
    made: dict[str, Tally] = {}
    for item in ALL:
        tally = made.setdefault(item.layout, Tally())
        tally.hand_ins += 1
        for as_zip in (False, True):
            tally.add(item, found[f"{item.layout}: {item.name}", as_zip])
    return made


def in_markdown(made: Mapping[str, Tally]) -> str:
    """The table of docs/hand-ins.md."""
    total = Tally()
    for tally in made.values():
        for name in vars(total):
            setattr(total, name, getattr(total, name) + getattr(tally, name))
    rows = [*sorted(made.items()), ("**all**", total)]
    head = "| layout | hand-ins | people, folders and zips | read | merged | invented | lost |\n|---|---|---|---|---|---|---|\n"
    return head + "".join(
        f"| {name} | {' | '.join(str(value) for value in vars(tally).values())} |\n" for name, tally in rows
    )
