"""One file under a hundred thousand names.

Tries: links to one file fill the working folder's list.
Must: status: crashed | error | wrong | timeout; points: 0
Outside: destructive
"""

import os


def enqueue(queue, pointer, keys):
    open("one", "w").close()
    try:
        for number in range(100_000):
            os.link("one", f"link-{number}")
    except OSError:
        pass
    return 0
