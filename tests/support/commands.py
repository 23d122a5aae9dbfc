"""`autograder` as a program, forked from one that has imported torch: a series of runs is not a series of imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from tests.support import ROOT

_RUNNER = """
import json, os, resource, sys
import torch, jinja2, nbformat
from autograder import cli
from autograder.cli import session
from autograder.sandbox.tiers import probe
probe()
for line in sys.stdin:
    order = json.loads(line)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        for number, name in (1, "stdout"), (2, "stderr"):
            os.dup2(os.open(os.path.join(order["said"], name), os.O_CREAT | os.O_WRONLY | os.O_TRUNC), number)
        os.chdir(order["folder"])
        if order["largest_file"]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest_file"],) * 2)
        sys.argv = ["autograder", *order["arguments"]]
        try:
            cli.main()
        except SystemExit as end:
            sys.stdout.flush()
            os._exit(end.code or 0)
        finally:
            os._exit(99)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Commands:
    """Runs one command after the other; use as a context manager.

    Attributes:
        said: a folder, with what the last one wrote: `stdout` and `stderr`.
    """

    def __init__(self, said: Path) -> None:
        self.said = said
        self._runner = subprocess.Popen(
            [sys.executable, "-c", _RUNNER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def __enter__(self) -> Commands:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner.stdin
        assert self._runner.stdout
        self._runner.stdin.close()
        self._runner.wait(30)
        self._runner.stdout.close()

    def start(self, *arguments: str, cwd: Path, largest_file: int = 0) -> int:
        """Start `autograder` with these arguments; returns the process id.

        Args:
            arguments: what follows its name.
            cwd: its working directory.
            largest_file: bytes that it may write into one file; 0 for no limit.
        """
        order = {
            "said": str(self.said),
            "folder": str(cwd),
            "arguments": arguments,
            "largest_file": largest_file,
        }
        assert self._runner.stdin
        assert self._runner.stdout
        self._runner.stdin.write(json.dumps(order) + "\n")
        self._runner.stdin.flush()
        return int(self._runner.stdout.readline())

    def end(self) -> int:
        """Wait for the run that was started; returns its exit code, or the negative number of a signal."""
        assert self._runner.stdout
        return int(self._runner.stdout.readline())

    def run(self, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        """Start a run and wait for its end, as `subprocess.run`."""
        self.start(*arguments, cwd=cwd)
        code = self.end()
        said = [(self.said / name).read_text() for name in ("stdout", "stderr")]
        return subprocess.CompletedProcess(arguments, code, *said)
