"""Unix sockets of other programs.

Tries: a socket in the file system and one in the abstract name space are connected to.
Must: status: wrong; points: 0
Outside: harmless
"""

import socket


def loot():
    texts = []
    for address in ("@SECRETS@/service.sock", "\0@TOKEN@-service"):
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
                channel.settimeout(0.5)
                channel.connect(address)
                texts.append("connected " + channel.recv(60).decode())
        except OSError:
            pass
    return " ".join(texts)


def enqueue(queue, pointer, keys):
    try:
        found = loot()
    except OSError:
        found = ""
    if found:
        raise RuntimeError("found: " + found[:400])
    return 0
