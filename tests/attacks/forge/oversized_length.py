"""A message of four gigabytes, by its own word.

Tries: a header that promises 4 GB is sent, with a little of it.
Must: status: crashed | error | wrong | timeout; points: 0
Outside: harmless
Uses: channels
"""


def enqueue(queue, pointer, keys):
    send(b"x" * 1000, length=2**32 - 1)
    return 0
