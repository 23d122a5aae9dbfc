"""Sockets of every family.

Tries: a socket of each family that leads out of the process is asked for and connected.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
"""

import socket


def loot():
    texts = []
    for family, kind, address in (
        (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", int("@PORT@"))),
        (socket.AF_INET6, socket.SOCK_STREAM, ("::1", int("@PORT@"))),
        (40, socket.SOCK_STREAM, (2, 22)),
        (socket.AF_PACKET, socket.SOCK_RAW, ("lo", 0)),
        (socket.AF_INET, socket.SOCK_RAW, ("127.0.0.1", 0)),
    ):
        try:
            with socket.socket(family, kind) as channel:
                channel.settimeout(0.3)
                channel.connect(address)
                texts.append(f"family {family}")
        except (OSError, TypeError, ValueError, OverflowError):
            pass
    return " ".join(texts)
