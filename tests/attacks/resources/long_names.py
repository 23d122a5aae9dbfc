"""Folders within folders whose path is longer than any the kernel takes.

Tries: 24 folders with names of 250 characters are made, each within the last one, before each answer, so that who looks
through them by their paths fails.
Must: status: crashed | error | wrong | timeout; points: 0; others: any
Outside: destructive
"""

import os
import time


def enqueue(queue, pointer, keys):
    try:
        for number in range(24):
            os.mkdir("n" * 250)
            os.chdir("n" * 250)
        open("file", "w").close()
    except OSError:
        pass
    time.sleep(0.3)
    return 0
