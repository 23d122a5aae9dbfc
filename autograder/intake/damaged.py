"""What a file is that should be a notebook or a script and is none, in words that help: what it is, and the way out.

A file is recognised by its first bytes, as `file` does it, and by the marks that programs leave. Nothing is unpacked or
executed, and every file is looked through a fixed number of times.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from autograder.intake.kinds import BYTES_OF_HEAD, is_notebook_text
from course_utils.slices.merged import conflicts, named_lines
from course_utils.slices.plain import clip

_THE_FILE_ITSELF = "hand in the .ipynb file itself"
_DOWNLOAD = "in Colab use File > Download > Download .ipynb, and hand in that file"

# The first bytes, what it is, and what to do besides handing in the notebook.
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF", ""),
    (b"\x1f\x8b", "a gzip archive", "unpack it"),
    (b"BZh91AY&SY", "a bzip2 archive", "unpack it"),
    (b"\xfd7zXZ\x00", "an xz archive", "unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it"),
    (b"Rar!", "a rar archive", "unpack it"),
    (b"\x89PNG", "a picture (PNG)", ""),
    (b"\xff\xd8\xff", "a picture (JPEG)", ""),
    (b"GIF8", "a picture (GIF)", ""),
    (b"\xd0\xcf\x11\xe0", "a document of Word, Excel or PowerPoint", ""),
    (b"{\\rtf", "a text document (RTF)", ""),
    (b"\x93NUMPY", "an array of NumPy", ""),
    (b"\x89HDF", "an HDF5 file", ""),
    (b"SQLite format 3\x00", "a database (SQLite)", ""),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "a shortcut of Windows to the file", ""),
    (b"[InternetShortcut]", "a shortcut to a web page", ""),
    (b"\x7fELF", "a program", ""),
    (b"MZ\x90", "a program", ""),
    (b"version https://git-lfs.github.com/spec/", "a pointer of Git LFS to the file", "run `git lfs pull`"),
    (b"/annex/objects/", "a pointer of git-annex to the file", "run `git annex get`"),
)  # fmt: skip
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_TAR, _TAR_AT = b"ustar", 257
_PICKLE = re.compile(rb"\x80[\x02-\x05][\x00-\xff]*\.\s*\Z")
_DIFF = re.compile(rb"\A(?:diff --git |Index: [^\n]*\n={20}|nbdiff |--- \S[^\n]*\n\+\+\+ )")
_NOT_FOUND = re.compile(
    rb"\A\s*(?:404: Not Found|404 Not Found|Not Found|Access Denied|Forbidden)\s*\Z", re.IGNORECASE
)
# Where marks of a cloud's pointers are looked for.
_LONGEST_POINTER = 10_000

# Web pages by what stands in their beginnings, the surest first.
_PAGES: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    (
        re.compile(rb"jp-(?:Notebook|Cell|RenderedHTML)|nbconvert|id=\"notebook-container\"|__DATABRICKS_NOTEBOOK_MODEL"),
        "an export of the notebook as a web page",
        _THE_FILE_ITSELF,
    ),
    (
        re.compile(
            rb"accounts\.google\.com/|type=[\"']?password|<title>[^<]{0,100}\b(?:sign in|log ?in|login)\b",
            re.IGNORECASE,
        ),
        "a page that asks for a log-in, not the notebook",
        f"sign in, then download the notebook; {_DOWNLOAD}",
    ),
    (
        re.compile(rb"<title>[^<]{0,200}colab|colab-static|colab/static|<colab-", re.IGNORECASE),
        "the web page of Colab, not the notebook",
        _DOWNLOAD,
    ),
    (
        re.compile(rb"<title>[^<]{0,200}Google (?:Drive|Docs)|drive\.google\.com|docs\.google\.com", re.IGNORECASE),
        "a web page of Google Drive, not the notebook",
        _DOWNLOAD,
    ),
    (
        re.compile(rb"github\.githubassets\.com|<title>[^<]{0,300}GitHub", re.IGNORECASE),
        "a web page of GitHub, not the notebook",
        "on GitHub use Download raw file",
    ),
    (re.compile(rb""), "a web page, not the notebook", f"{_THE_FILE_ITSELF}; {_DOWNLOAD}"),
)  # fmt: skip
_HTML = re.compile(
    rb"\A(?:<\?xml[^>]{0,200}>\s{0,100})?<(?:!doctype html|html|head|body|script|meta|!--)", re.IGNORECASE
)
_FIRST_OF_PAGE = 256 * 2**10


def foreign(data: bytes) -> str:
    """What a file is that is neither a notebook nor a script, and what to do; empty if it may be one of them.

    Args:
        data: the whole file.
    """
    if not data.strip():
        size = f"{len(data):,} bytes of blanks" if data else "0 bytes"
        return (
            f"the file is empty ({size}): save the notebook and hand it in again; what OneDrive, Dropbox or iCloud "
            "keeps elsewhere must be downloaded first"
        )
    if not data.strip(b"\0"):
        return (
            f"the file holds {len(data):,} zero bytes and nothing else: it was not downloaded or saved to its end; "
            "download it again"
        )
    begin = data[:BYTES_OF_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    what, way = _by_magic(data, begin)
    if what:
        return f"the file is {what}, not a notebook: {f'{way} and ' if way else ''}{_THE_FILE_ITSELF}"
    if begin.startswith(b"bplist00") or (begin.startswith(b"<?xml") and b"<plist" in begin):
        cloud = (
            "a shortcut to a web page"
            if b"URL" in begin and b"NSURL" not in begin
            else "a placeholder of iCloud"
        )
        return (
            f"the file is {cloud}, not a notebook: let it be downloaded first (in Finder: Download Now), and "
            f"{_THE_FILE_ITSELF}"
        )
    if _DIFF.match(begin):
        return f"the file is a list of changes (a diff), not the notebook: {_THE_FILE_ITSELF}"
    if _NOT_FOUND.match(begin):
        said = clip(begin.strip().decode("utf-8", "replace"), 40)
        return f"the file is a server's answer ({said}), not the notebook: download it again"
    if _HTML.match(begin) or (begin.startswith(b"<") and not begin.startswith(b"<<<<<<<")):
        return _page(data[:_FIRST_OF_PAGE])
    return ""


def _by_magic(data: bytes, begin: bytes) -> tuple[str, str]:
    if data.startswith(_ZIPS):
        return _zip(data)
    for magic, what, way in _MAGIC:
        if begin.startswith(magic):
            return what, way
    if data[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return "a tar archive", "unpack it"
    if _PICKLE.match(data[:BYTES_OF_HEAD] + data[-100:]):
        return "a pickle of Python objects", ""
    if begin[4:8] == b"ftyp":
        return "a picture or a film", ""
    return "", ""


def _zip(data: bytes) -> tuple[str, str]:
    """Zips carry the names of their members as they are."""
    if b"word/" in data[:BYTES_OF_HEAD] or b"word/" in data[-BYTES_OF_HEAD:]:
        return "a Word document", ""
    if b"[Content_Types].xml" in data[:BYTES_OF_HEAD] or b"opendocument" in data[:200]:
        return "an office document", ""
    if b"/data.pkl" in data[:BYTES_OF_HEAD]:
        return "a file of torch.save", ""
    return "a zip archive", "unpack it (or give it the suffix .zip)"


def _page(data: bytes) -> str:
    what, way = next((what, way) for mark, what, way in _PAGES if mark.search(data))
    if what.startswith("an export"):
        what += ", not the notebook"
    return f"the file is {what}: {way}"


def why_no_notebook(data: bytes) -> str:
    """What is wrong with a file that could not be read as a notebook; empty if nothing is known of it.

    Args:
        data: the whole file.
    """
    if said := foreign(data):
        return said
    if b"<<<<<<<" in data or b">>>>>>>" in data:
        spans = conflicts(data.decode("utf-8", "replace"))
        if spans:
            return (
                f"two versions were merged: {named_lines(spans)} of the file hold both, between git's marks (<<<<<<<, "
                "=======, >>>>>>>); choose one, save the notebook and hand it in again"
            )
    begin = data[:BYTES_OF_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    return (_other_json(data) if begin.startswith(b"{") else "") or _broken_notebook(data)


def _broken_notebook(data: bytes) -> str:
    is_notebook = is_notebook_text(data)
    encoding = json.detect_encoding(data)
    if encoding != "utf-8":
        data = data.decode(encoding, "replace").removeprefix("\ufeff").encode("utf-8", "replace")
    whole = data.rstrip(b"\0 \t\r\n")
    if not whole.lstrip().startswith(b"{"):
        return ""
    try:
        msgspec.json.decode(whole, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        if "truncated" in str(error) or (is_notebook and not whole.endswith(b"}")):
            return (
                f"the file ends in the middle (after {len(whole):,} bytes): it was not downloaded or saved to its end; "
                "download it again"
            )
        if is_notebook:
            return (
                f"the notebook is damaged ({clip(str(error), 100)}): was it edited by hand, or by a program that knows "
                "no notebooks? Open it in Jupyter, save it and hand it in again"
            )
    return ""


class _Pointer(msgspec.Struct):
    """Keys of JSON files that are met in the place of notebooks."""

    doc_id: Any = None
    url: Any = None
    email: Any = None
    message: Any = None
    documentation_url: Any = None
    error: Any = None


def _other_json(data: bytes) -> str:
    if len(data) > _LONGEST_POINTER:
        return ""
    try:
        found = msgspec.json.decode(data, type=_Pointer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    if found.doc_id is not None or (isinstance(found.url, str) and ".google.com" in found.url):
        return f"the file is a pointer to Google Drive, not the notebook: {_DOWNLOAD}"
    if found.documentation_url is not None or (found.error is not None and found.url is None):
        said = clip(str(found.message or found.error), 60)
        return f"the file is a server's answer ({said}), not the notebook: download it again"
    return ""
