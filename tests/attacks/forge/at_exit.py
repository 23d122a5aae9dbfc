"""Last words.

Tries: handlers of atexit and of threading write verdicts when the process ends.
Must: status: error | crashed; points: 0
Outside: harmless
Uses: channels
"""

import atexit


def words():
    send(b"\x82\xa6status\xa7correct\xa5score\x05")


def enqueue(queue, pointer, keys):
    atexit.register(words)
    raise SystemExit(0)
