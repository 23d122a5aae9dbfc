"""Look into the zips that come in. What a zip says of itself is not believed, and nothing is unpacked onto the disk."""

from __future__ import annotations

import copy
import datetime as dt
import io
import lzma
import stat
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from autograder.errors import UserError
from autograder.intake.encodings import Name, names_of, normal_form

# Of one file, as handed in or unpacked.
MAX_BYTES = 100 * 2**20
# Of all that the zips inside a zip unpack to, for one student.
MAX_UNPACKED = 4 * MAX_BYTES
MAX_MEMBERS = 20_000
# Zips inside one student's zip.
MAX_ZIPS = 10
# Members of a zip that the command line names, which holds a class.
MOST_OF_A_CLASS = 500_000
# A zip's table of contents is read as a whole: this is enough for a member with a long name.
_BYTES_A_MEMBER = 400
# The dictionary of an LZMA member is memory that its reader takes at once, and a header may claim 4 GiB.
_MAX_DICTIONARY = 64 * 2**20

NO_FILE = "is no ordinary file: not read"

# The flag of a member whose name is in UTF-8, and the field that holds such a name (APPNOTE, 4.4.4 and 4.6.9).
_UTF_8 = 0x800
_UNICODE_PATH = 0x7075


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file inside a zip, possibly inside a zip inside that zip.

    Attributes:
        archive: the zip on the disk.
        way: the places of the zips and of the file in the tables of contents that hold them, the outermost first. Names
            would not do: a zip may hold two members of one name.
        names: their names.
        size: as its zip claims.
        time: as its zip claims, without a time zone's meaning: good for order, not for dates.
        is_link: whether it stands for a symbolic link.
        is_folder: whether it stands for a folder.
        guessed: the encoding of its name, if that had to be guessed.
    """

    archive: Path
    way: tuple[int, ...]
    names: tuple[str, ...]
    size: int
    time: dt.datetime | None
    is_link: bool
    is_folder: bool
    guessed: str = ""

    @property
    def name(self) -> str:
        """The path inside its own zip; Windows' separators are read as such."""
        return self.names[-1].replace("\\", "/")

    @property
    def shown(self) -> str:
        """The path as a person would write it."""
        return "/".join((str(self.archive), *self.names))

    def read_bytes(self, most: int | None = None) -> bytes:
        """The content, or its first bytes.

        Args:
            most: of the bytes to be read; a file that is larger than `MAX_BYTES` is refused if left out.

        Raises:
            UserError: the zip is damaged, encrypted or of an unknown kind, or the file is larger than `MAX_BYTES`.
            OSError: the zip on the disk cannot be read.
        """
        with _reasons(), ExitStack() as stack:
            if most is not None:
                return _unpack(_LAST.opened(self.archive, self.way[:-1]), self.way[-1], most)
            return _unpack(_container(stack, self.archive, self.way[:-1]), self.way[-1])


def _container(stack: ExitStack, archive: Path, way: Sequence[int]) -> zipfile.ZipFile:
    """The zip at the end of a way from the one on the disk."""
    opened = _open(stack, stack.enter_context(_file(archive)), MOST_OF_A_CLASS)
    for outer in way:
        opened = _open(stack, io.BytesIO(_unpack(opened, outer)), MAX_MEMBERS)
    return opened


class _Last(threading.local):
    """The zip of which beginnings were read last: one with 20,000 files is not opened 20,000 times."""

    key: object = None
    stack = ExitStack()
    zip: zipfile.ZipFile

    def opened(self, archive: Path, way: Sequence[int]) -> zipfile.ZipFile:
        status = archive.stat()
        key = (archive, way, status.st_ino, status.st_size, status.st_mtime_ns)
        if self.key != key:
            self.stack.close()
            self.key = None
            with ExitStack() as stack:
                self.zip = _container(stack, archive, way)
                self.stack = stack.pop_all()
            self.key = key
        return self.zip


_LAST = _Last()


def members(archive: Path | Member, most: int | None = None) -> list[Member]:
    """The files and folders in a zip.

    Args:
        archive: a zip on the disk or in another zip.
        most: of its members; `MAX_MEMBERS` if left out.

    Raises:
        UserError: it is no zip that can be read, or it holds more than `most` members.
        OSError: the zip on the disk cannot be read.
    """
    most = MAX_MEMBERS if most is None else most
    inside = archive if isinstance(archive, Member) else None
    path = archive.archive if isinstance(archive, Member) else archive
    way, names = (inside.way, inside.names) if inside else ((), ())
    with _reasons(), ExitStack() as stack:
        file: IO[bytes] = (
            io.BytesIO(archive.read_bytes())
            if isinstance(archive, Member)
            else stack.enter_context(_file(archive))
        )
        found = _open(stack, file, most).infolist()
        return [
            Member(
                archive=path,
                way=(*way, place),
                names=(*names, name.text),
                size=item.file_size,
                time=_time(item),
                is_link=stat.S_ISLNK(item.external_attr >> 16),
                is_folder=name.text.endswith(("/", "\\")),
                guessed=name.guessed,
            )
            for place, (item, name) in enumerate(zip(found, _names(found), strict=True))
        ]


def _names(found: Sequence[zipfile.ZipInfo]) -> list[Name]:
    """The names as their zip means them: in UTF-8 where it says so, else in the encoding that fits all."""
    decoded = [_unicode_path(item) for item in found]
    others = names_of(
        [
            item.orig_filename.encode("cp437")
            for item, name in zip(found, decoded, strict=True)
            if name is None
        ]
    )
    waiting = iter(others)
    return [Name(normal_form(name)) if name is not None else next(waiting) for name in decoded]


def _unicode_path(item: zipfile.ZipInfo) -> str | None:
    """The name of a member that its zip gives in UTF-8; None for one in an encoding that it does not name.

    Some packers put the UTF-8 name into an extra field: Info-ZIP's APPNOTE, 4.6.9, "Info-ZIP Unicode Path". It counts
    only with the checksum of the name that it stands for.
    """
    if item.flag_bits & _UTF_8:
        return item.orig_filename
    extra = item.extra
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and len(field) == length > 5 and field[0] == 1:
            checksum = zlib.crc32(item.orig_filename.encode("cp437"))
            if struct.unpack("<I", field[1:5])[0] == checksum:
                return field[5:].decode("utf-8", "replace")
    return None


def _file(path: Path) -> IO[bytes]:
    if not path.is_file():
        # A pipe would be waited for.
        raise UserError(NO_FILE)
    return path.open("rb")


class _Guarded:
    """A file that hands out no more than `limit` bytes at once, while there is a limit."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file = file
        self._most = most
        self.limit: int | None = _BYTES_A_MEMBER * most

    def read(self, size: int = -1) -> bytes:
        if self.limit is None or 0 <= size <= self.limit:
            return self._file.read(size)
        data = self._file.read(self.limit + 1)
        if len(data) > self.limit:
            raise _TooMany(self._most)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()


class _TooMany(UserError):
    def __init__(self, most: int) -> None:
        super().__init__(f"holds more than {most} files: zip the notebook alone")


def _open(stack: ExitStack, file: IO[bytes], most: int) -> zipfile.ZipFile:
    guarded = _Guarded(file, most)
    opened = stack.enter_context(zipfile.ZipFile(guarded))
    guarded.limit = None
    if len(opened.filelist) > most:
        raise _TooMany(most)
    return opened


def _unpack(opened: zipfile.ZipFile, place: int, most: int | None = None) -> bytes:
    limit = MAX_BYTES + 1 if most is None else most
    try:
        item = opened.infolist()[place]
        if item.compress_type == zipfile.ZIP_LZMA:
            _refuse_large_dictionary(opened, item)
        with opened.open(item) as file:
            # The size in a zip's table of contents may lie: read no more than allowed.
            data = file.read(limit)
    except (zlib.error, lzma.LZMAError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"is damaged inside the zip ({error}): download or zip it again") from error
    if most is None and len(data) > MAX_BYTES:
        raise UserError(f"is larger than {MAX_BYTES // 2**20} MB unpacked: hand in the notebook alone")
    return data


def _refuse_large_dictionary(opened: zipfile.ZipFile, item: zipfile.ZipInfo) -> None:
    """Raise before a reader of LZMA takes the memory that a header asks for (APPNOTE, 5.8.8)."""
    stored = copy.copy(item)
    stored.compress_type, stored.file_size, stored.CRC = zipfile.ZIP_STORED, item.compress_size, 0
    with opened.open(stored) as file:
        # Two bytes of a version, two of a length; the properties are a byte of settings and the dictionary's size.
        header = file.read(9)
    if len(header) < 9 or struct.unpack("<I", header[5:9])[0] > _MAX_DICTIONARY:
        raise UserError(
            "is packed in a way that needs too much memory: zip it again with your system's own zip"
        )


@contextmanager
def _reasons() -> Iterator[None]:
    try:
        yield
    except UserError:
        raise
    except RuntimeError as error:
        # Encrypted, or packed in a way that Python does not know.
        raise UserError(f"cannot be read from the zip: {error}") from error
    except OSError as error:
        # What the system says of the file is for the caller; what is wrong inside, such as a place before the beginning
        # of the file that a member claims to have, comes as the same type.
        if error.filename is not None:
            raise
        raise UserError(f"is no readable zip: {error}") from error
    except Exception as error:
        # A zip is bytes of somebody's choice, and a reader of Python's has many ways to stumble over them.
        raise UserError(f"is no readable zip: {error or type(error).__name__}") from error


def _time(item: zipfile.ZipInfo) -> dt.datetime | None:
    try:
        return dt.datetime(*item.date_time, tzinfo=dt.UTC) if item.date_time[0] > 1980 else None
    except ValueError:  # a month 0, a second 61
        return None
