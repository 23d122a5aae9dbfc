"""A neighbour's work.

Tries: a neighbour's notebook is read, overwritten, renamed and removed.
Must: status: wrong; points: 0
Outside: destructive
Uses: telling
"""

import os


def loot():
    texts = []
    try:
        with open("@NEIGHBOUR@", errors="replace") as file:
            texts.append(file.read(100))
    except OSError:
        pass
    for attempt in (
        lambda: open("@NEIGHBOUR@", "w").close(),
        lambda: os.truncate("@NEIGHBOUR@", 0),
        lambda: os.rename("@NEIGHBOUR@", "@NEIGHBOUR@.old"),
        lambda: os.chmod("@NEIGHBOUR@", 0),
        lambda: os.utime("@NEIGHBOUR@", (0, 0)),
        lambda: os.link("@NEIGHBOUR@", "/tmp/@TOKEN@-link"),
    ):
        try:
            attempt()
            texts.append("a neighbour's notebook was changed")
        except OSError:
            pass
    return " ".join(texts)
