"""What stands around the attackers: secrets to be found, services to be reached, neighbours to be harmed.

All of it is planted by the runner, so that a leak shows as a canary and harm as a change; nothing here is a secret of
anybody.
"""

from __future__ import annotations

import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

PLACES = ("/tmp", "/var/tmp", "/dev/shm")
_WAYS_OUT = ("conftest.py", "sitecustomize.py", "usercustomize.py", "torch.py")


class World:
    """Plants everything; use as a context manager around the run."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.root = root
        # Short enough for the name of a process.
        self.token = "atk" + secrets.token_hex(5)
        self.canaries = {
            name: f"CANARY-{name}-{secrets.token_hex(16)}"
            for name in ("file", "key", "env", "book", "neighbour", "descriptor", "service", "shm")
        }
        self.key = self.canaries["key"].encode()
        self.secrets, self.drop, self.out = (folder / name for name in ("secrets", "drop", "out"))
        self.submissions = folder / "class"
        self.files = folder / "files"
        self.neighbour = self.submissions / "neighbour-first.ipynb"
        self.visits: list[str] = []
        self._stack = ExitStack()

    def __enter__(self) -> World:
        for made in (self.secrets, self.drop, self.out, self.submissions):
            made.mkdir(parents=True)
        # Open to everybody, and on the way to it too: what keeps an attacker out must be the sandbox.
        for made in (self.drop, self.submissions, self.out, self.secrets):
            made.chmod(0o777)
        for above in self.drop.parents:
            with suppress(OSError):
                if above.stat().st_uid == os.getuid() and above != Path("/"):
                    above.chmod(above.stat().st_mode | 0o555)
        (self.secrets / "canary.txt").write_text(self.canaries["file"])
        (self.secrets / "course.secret").write_bytes(self.key)
        database = sqlite3.connect(self.secrets / "gradebook.db")
        with database:
            database.execute("create table grade (student text, score real)")
            database.execute("insert into grade values (?, 0)", (self.canaries["book"],))
        database.close()
        for path in self.secrets.iterdir():
            path.chmod(0o666)
        os.environ["ATTACKS_CANARY"] = self.canaries["env"]
        self._stack.callback(os.environ.pop, "ATTACKS_CANARY", None)
        opened = os.memfd_create("canary")
        os.write(opened, self.canaries["descriptor"].encode())
        os.set_inheritable(opened, True)
        self._stack.callback(os.close, opened)
        shared = Path("/dev/shm") / f"{self.token}.canary"
        with suppress(OSError):
            shared.write_text(self.canaries["shm"])
            self._stack.callback(lambda: shared.unlink(missing_ok=True))
        self.port, self.udp = self._services()
        self.victim = subprocess.Popen(["sleep", "600"], start_new_session=True)
        self._stack.callback(self.victim.wait)
        self._stack.callback(self.victim.kill)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        # Among them are folders a thousand deep. Later runs of pytest remove old ones by a function of Python that
        # recurses, and would break at these.
        subprocess.run(["rm", "-rf", str(self.files)], check=False)
        for path in self.left_behind():
            if path.is_dir():
                subprocess.run(["rm", "-rf", str(path)], check=False)
            else:
                path.unlink(missing_ok=True)

    @property
    def planted(self) -> Mapping[str, object]:
        """What the attacks know."""
        return {
            "TOKEN": self.token,
            "SECRETS": self.secrets,
            "DROP": self.drop,
            "OUT": self.out,
            "CLASS": self.submissions,
            "NEIGHBOUR": self.neighbour,
            "ROOT": self.root,
            "PORT": self.port,
            "UDP": self.udp,
            "GRADER": os.getpid(),
            "VICTIM": self.victim.pid,
        }

    def processes(self) -> list[str]:
        """Processes that bear the token."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                name = (folder / "comm").read_text().strip()
                # The kernel cuts names after 15 characters.
                if name == self.token[:15] or self.token.encode() in (folder / "cmdline").read_bytes():
                    found.append(f"{folder.name} {name}")
        return found

    def left_behind(self) -> list[Path]:
        """Files that attackers have made outside the sandbox."""
        found = [path for place in PLACES for path in self._with_token(Path(place))]
        for folder in (self.drop, self.submissions, Path.cwd(), Path.home(), self.root):
            found += self._with_token(folder)
        for folder in {Path.cwd(), self.root, Path.home(), self.drop, self.submissions, *map(Path, sys.path)}:
            for name in _WAYS_OUT:
                path = folder / name
                with suppress(OSError):
                    if self.token in path.read_text(errors="replace"):
                        found.append(path)
        return sorted(set(found))

    def _with_token(self, folder: Path) -> Iterator[Path]:
        with suppress(OSError):
            for path in folder.iterdir():
                if path.name.startswith(self.token) and not path.name.endswith(".canary"):
                    yield path

    def _services(self) -> tuple[int, int]:
        tcp = socket.create_server(("127.0.0.1", 0))
        port = tcp.getsockname()[1]
        listening = [tcp]
        with suppress(OSError):
            listening.append(socket.create_server(("::1", port), family=socket.AF_INET6))
        for address in (str(self.secrets / "service.sock"), f"\0{self.token}-service"):
            service = socket.socket(socket.AF_UNIX)
            with suppress(OSError):
                service.bind(address)
                service.listen()
                listening.append(service)
        with suppress(OSError):
            (self.secrets / "service.sock").chmod(0o777)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        for service in (*listening, udp):
            self._stack.callback(service.close)
            threading.Thread(target=self._serve, args=(service,), daemon=True).start()
        return port, udp.getsockname()[1]

    def _serve(self, service: socket.socket) -> None:
        with suppress(OSError):
            while True:
                if service.type == socket.SOCK_DGRAM:
                    self.visits.append(f"a datagram of {len(service.recv(2**16))} bytes")
                    continue
                channel, _ = service.accept()
                self.visits.append(f"a connection to {service.getsockname()!r}")
                with channel, suppress(OSError):
                    channel.sendall(self.canaries["service"].encode())
