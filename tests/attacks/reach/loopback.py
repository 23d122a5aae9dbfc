"""Services on the same machine.

Tries: a service that waits on the loopback interface is connected to, over IPv4 and IPv6.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
"""

import socket


def loot():
    texts = []
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as channel:
                channel.settimeout(0.5)
                channel.connect((host, int("@PORT@")))
                texts.append("connected " + channel.recv(60).decode())
        except OSError:
            pass
    return " ".join(texts)
