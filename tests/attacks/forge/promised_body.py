"""A message that never ends.

Tries: a header that promises 60 MB is sent, and then nothing.
Must: status: timeout | crashed; points: 0
Outside: harmless
Uses: channels
"""

import time


def enqueue(queue, pointer, keys):
    send(b"", length=60 * 2**20)
    time.sleep(600)
