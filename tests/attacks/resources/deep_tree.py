"""Folders within folders, deeper than any path is long.

Tries: twenty thousand folders are made, each within the last one, with files and names that begin with a dot among them.
Must: status: crashed | error | wrong | timeout; points: 0; others: any
Outside: destructive
"""

import os


def enqueue(queue, pointer, keys):
    try:
        for number in range(20_000):
            os.mkdir("deep")
            if number % 100 == 0:
                os.mkdir(".1", 0)
                open("file", "w").close()
            os.chdir("deep")
    except OSError:
        pass
    return 0
