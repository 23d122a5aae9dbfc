"""Look into the zips that come in. What a zip says of itself is not believed, and nothing is unpacked onto the disk."""

from __future__ import annotations

import datetime as dt
import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from autograder.errors import UserError

# Of one file, as handed in or unpacked.
MAX_BYTES = 100 * 2**20
# Of all that the zips inside a zip unpack to, for one student.
MAX_UNPACKED = 4 * MAX_BYTES
MAX_MEMBERS = 20_000
# Zips inside one student's zip.
MAX_ZIPS = 10
# A zip's table of contents is read as a whole: this is enough for as many members with long names.
_MAX_CONTENTS = 400 * MAX_MEMBERS

NO_FILE = "is no ordinary file: not read"


@dataclass(frozen=True)
class Member:
    """A file inside a zip, possibly inside a zip inside that zip.

    Attributes:
        archive: the zip on the disk.
        names: the way in: the member's name; before it, if it lies deeper, the name of the zip that holds it.
        size: as its zip claims.
        time: as its zip claims, without a time zone's meaning: good for order, not for dates.
        is_link: whether it stands for a symbolic link.
    """

    archive: Path
    names: tuple[str, ...]
    size: int
    time: dt.datetime | None
    is_link: bool

    @property
    def name(self) -> PurePosixPath:
        """The path inside its own zip; Windows' separators are read as such."""
        return PurePosixPath(self.names[-1].replace("\\", "/"))

    @property
    def shown(self) -> str:
        """The path as a person would write it."""
        return "/".join((str(self.archive), *self.names))

    @property
    def leads_out(self) -> bool:
        """Whether the path would leave the folder that the zip were unpacked into."""
        return self.name.is_absolute() or ".." in self.name.parts

    def read_bytes(self) -> bytes:
        """The content.

        Raises:
            UserError: the zip is damaged, encrypted or of an unknown kind, or the file is larger than `MAX_BYTES`.
            OSError: the zip on the disk cannot be read.
        """
        with _reasons(), ExitStack() as stack:
            opened = _open(stack, stack.enter_context(_file(self.archive)))
            for outer in self.names[:-1]:
                opened = _open(stack, io.BytesIO(_unpack(opened, outer)))
            return _unpack(opened, self.names[-1])


def members(archive: Path | Member) -> list[Member]:
    """The files in a zip; its folders are none.

    Args:
        archive: a zip on the disk or in another zip.

    Raises:
        UserError: it is no zip that can be read, or it holds more than `MAX_MEMBERS` files.
        OSError: the zip on the disk cannot be read.
    """
    path, way = (archive.archive, archive.names) if isinstance(archive, Member) else (archive, ())
    with _reasons(), ExitStack() as stack:
        file: IO[bytes] = (
            io.BytesIO(archive.read_bytes())
            if isinstance(archive, Member)
            else stack.enter_context(_file(archive))
        )
        found = _open(stack, file).infolist()
    return [
        Member(
            path,
            (*way, item.filename),
            item.file_size,
            _time(item),
            stat.S_ISLNK(item.external_attr >> 16),
        )
        for item in found
        if not item.is_dir()
    ]


def _file(path: Path) -> IO[bytes]:
    if not path.is_file():
        # A pipe would be waited for.
        raise UserError(NO_FILE)
    return path.open("rb")


class _Guarded:
    """A file that hands out no more than `limit` bytes at once, while there is a limit."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.limit: int | None = _MAX_CONTENTS

    def read(self, size: int = -1) -> bytes:
        if self.limit is None or 0 <= size <= self.limit:
            return self._file.read(size)
        data = self._file.read(self.limit + 1)
        if len(data) > self.limit:
            raise _TooMany
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
    def __init__(self) -> None:
        super().__init__(f"holds more than {MAX_MEMBERS} files: zip the notebook alone")


def _open(stack: ExitStack, file: IO[bytes]) -> zipfile.ZipFile:
    guarded = _Guarded(file)
    opened = stack.enter_context(zipfile.ZipFile(guarded))
    guarded.limit = None
    if len(opened.filelist) > MAX_MEMBERS:
        raise _TooMany
    return opened


def _unpack(opened: zipfile.ZipFile, name: str) -> bytes:
    try:
        with opened.open(name) as file:
            # The size in a zip's table of contents may lie: read no more than allowed.
            data = file.read(MAX_BYTES + 1)
    except (zlib.error, lzma.LZMAError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"is damaged inside the zip ({error}): download or zip it again") from error
    if len(data) > MAX_BYTES:
        raise UserError(f"is larger than {MAX_BYTES // 2**20} MB unpacked: hand in the notebook alone")
    return data


@contextmanager
def _reasons() -> Iterator[None]:
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        ValueError,
        LookupError,
        OverflowError,
    ) as error:
        raise UserError(f"is no readable zip: {error}") from error
    except RuntimeError as error:
        # Encrypted, or packed in a way that Python does not know.
        raise UserError(f"cannot be read from the zip: {error}") from error


def _time(item: zipfile.ZipInfo) -> dt.datetime | None:
    try:
        return dt.datetime(*item.date_time, tzinfo=dt.UTC) if item.date_time[0] > 1980 else None
    except ValueError:  # a month 0, a second 61
        return None
