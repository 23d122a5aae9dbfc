"""The gradebook's database: which one it is, opening it, transactions, and its errors in words."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.api import (
    Base,
    Gradebook,
    InvalidEntry,
)
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from autograder.errors import UserError

_DRIVERS = ("psycopg", "psycopg2")


@dataclass
class ExportOutcome:
    """What came of an export.

    Attributes:
        database: its URL, the password hidden.
        new: submissions that the gradebook did not have.
        changed: submissions of which something changed.
        same: submissions that were as they should be.
        not_written: (student, unit, reason).
        notes: what a person should know of all of them.
    """

    database: str
    new: int = 0
    changed: int = 0
    same: int = 0
    not_written: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def database_url(text: str, folder: Path) -> URL:
    """The URL, with a driver that is installed and a file of SQLite relative to a folder.

    Raises:
        UserError: it is no URL of SQLite or PostgreSQL, or the driver for PostgreSQL is missing.
    """
    forms = "write sqlite:///gradebook.db or postgresql://user:password@host/database"
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise UserError(f"--db {text}: is no database's URL: {forms}") from error
    backend, _, driver = url.drivername.partition("+")
    if backend == "sqlite":
        if url.database and url.database != ":memory:":
            url = url.set(database=str((folder / url.database).absolute()))
        return url
    if backend not in ("postgresql", "postgres"):
        raise UserError(f"--db {url.render_as_string()}: {backend} is not supported: {forms}")
    wanted = (driver,) if driver else _DRIVERS
    found = next((name for name in wanted if importable(name)), None)
    if found is None:
        raise UserError(
            f"--db {url.render_as_string()}: the driver for PostgreSQL is missing ({' or '.join(wanted)}): "
            "pip install 'psycopg[binary]'"
        )
    return url.set(drivername=f"postgresql+{found}")


def importable(module: str) -> bool:
    """Whether a module can be imported here (psycopg without its C library cannot, though it is installed)."""
    try:
        __import__(module)
    except ImportError:
        return False
    return True


@contextlib.contextmanager
def told(outcome: ExportOutcome) -> Iterator[None]:
    """What the database says, as a sentence with a way out."""
    try:
        yield
    except (SQLAlchemyError, InvalidEntry, NoSuchModuleError) as error:
        raise UserError(
            f"{outcome.database}: {reason_of(error)}. {outcome.new + outcome.changed} submissions are written; the "
            "same command goes on from there"
        ) from error


def reason_of(error: BaseException) -> str:
    """The database's own words; SQLAlchemy's add the statement and all its values, names of students among them."""
    error = cause_of(error)
    return " ".join(str(getattr(error, "orig", None) or error).split())[:300]


def cause_of(error: BaseException) -> BaseException:
    """nbgrader's `InvalidEntry` stands for any refusal of the database, a locked one too: what it was raised for."""
    return error.__context__ if isinstance(error, InvalidEntry) and error.__context__ else error


def refuse_old(url: URL) -> None:
    """Refuse the gradebook of an older nbgrader before the API adds its new tables beside the old ones.

    Raises:
        UserError: a table or a column of today's is missing.
    """
    engine = create_engine(url)
    try:
        found = inspect(engine)
        there = set(found.get_table_names())
        if not there & Base.metadata.tables.keys():
            return
        for table in Base.metadata.sorted_tables:
            columns = (
                {column["name"] for column in found.get_columns(table.name)} if table.name in there else set()
            )
            if not columns >= set(table.columns.keys()):
                raise UserError(
                    f"{url.render_as_string()} is the gradebook of an older nbgrader (its table {table.name} lacks "
                    "columns): copy it, run `nbgrader db upgrade`, then export again"
                )
    finally:
        engine.dispose()


@contextlib.contextmanager
def open_gradebook(url: URL, course_id: str) -> Iterator[Gradebook]:
    """The gradebook; a new one gets its tables, as nbgrader makes them."""
    path = os.environ.get("PATH", "")
    log = logging.getLogger("tornado.application")
    level = log.level
    try:
        if not shutil.which("alembic"):
            # nbgrader runs it by name to stamp a new gradebook; it is installed beside this Python.
            os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{path}"
        # nbgrader logs with a stack what it raises too.
        log.setLevel(logging.CRITICAL)
        # The API's own course where the configuration names none: PostgreSQL wants an assignment to belong to one.
        with Gradebook(url.render_as_string(hide_password=False), course_id or "default_course") as gradebook:
            yield gradebook
    finally:
        os.environ["PATH"] = path
        log.setLevel(level)


@contextlib.contextmanager
def transaction(gradebook: Gradebook) -> Iterator[None]:
    """All that is done inside is one transaction of the database, though the API commits in every call.

    The session joins a transaction that is not its own: there its commits only flush, and its rollbacks roll back.
    """
    with gradebook.engine.connect() as connection, connection.begin() as transaction:
        gradebook.db.remove()
        gradebook.db.configure(bind=connection, join_transaction_mode="rollback_only", expire_on_commit=False)
        try:
            yield
            gradebook.db.flush()
            if not transaction.is_active:
                raise InvalidEntry("rolled back by the database")
        finally:
            gradebook.db.remove()
