"""Files that are none, in the working folder.

Tries: devices, pipes and sockets are made in the working folder, and what is written there is executed.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
"""

import os
import socket
import stat


def loot():
    texts = []

    def listen():
        made = socket.socket(socket.AF_UNIX)
        made.bind("socket")

    def execute():
        with open("program", "w") as file:
            file.write("#!/bin/sh\n")
        os.chmod("program", 0o755)
        os.posix_spawn("./program", ["program"], {})

    for attempt in (
        lambda: os.mkfifo("pipe"),
        lambda: os.mknod("device", stat.S_IFCHR | 0o666, os.makedev(1, 3)),
        lambda: os.mknod("block", stat.S_IFBLK | 0o666, os.makedev(253, 0)),
        lambda: os.mknod("plain", stat.S_IFREG | 0o666),
        lambda: os.chmod("/", 0o777),
        listen,
        execute,
    ):
        try:
            attempt()
            texts.append("a file that is none was made, or executed")
        except OSError:
            pass
    return " ".join(texts)
