"""Names of machines outside.

Tries: a name that does not exist is asked for, which would send it to a name server.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
"""

import socket


def loot():
    try:
        return str(socket.getaddrinfo("attack.invalid", 80))
    except OSError:
        pass
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
            channel.connect(("192.0.2.1", 53))
            return "a way out to 192.0.2.1"
    except OSError:
        return ""
