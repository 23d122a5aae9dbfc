"""An end that looks like success.

Tries: the process ends itself with exit code 0, by os._exit.
Must: status: crashed; points: 0; message: exit code 0
Outside: harmless
"""

import os


def enqueue(queue, pointer, keys):
    os._exit(0)
