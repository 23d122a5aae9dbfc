"""Datagrams to a service on the same machine.

Tries: the hidden inputs are sent over UDP to the loopback interface.
Must: status: wrong; points: 0
Outside: harmless
"""

import socket


def enqueue(queue, pointer, keys):
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as channel:
                channel.sendto(str(keys.tolist()).encode()[:1000], (host, int("@UDP@")))
        except OSError:
            pass
    return 0
