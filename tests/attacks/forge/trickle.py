"""A message that comes byte by byte.

Tries: after a header, one byte is sent every twentieth of a second, so that no pause is long.
Must: status: timeout | crashed; points: 0
Outside: harmless
Uses: channels
"""

import time


def enqueue(queue, pointer, keys):
    send(b"", length=2**20)
    while True:
        for channel in channels():
            channel.send(b"\x81")
            channel.close()
        time.sleep(0.05)
