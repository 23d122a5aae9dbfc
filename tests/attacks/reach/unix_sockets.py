"""Unix sockets of other programs.

Tries: a socket in the file system and one in the abstract name space are connected to.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
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
