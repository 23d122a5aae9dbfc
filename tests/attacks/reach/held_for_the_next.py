"""A file held open for the submission that comes after.

Tries: files of one name are written, held open and locked in the working folder, and one of an earlier submission is sought.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
"""

import fcntl
import os

held = []


def loot():
    texts = []
    mine = f"{os.getpid()} @TOKEN@"
    for name in ("@TOKEN@-held", "notes.txt", "helper.py", "fontlist-v390.json"):
        try:
            with open(name) as file:
                text = file.read()
            if text != mine:
                texts.append("a file of another submission")
        except OSError:
            pass
        file = open(name, "w")
        file.write(mine)
        file.flush()
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            texts.append("another submission holds a lock")
        held.append(file)
    try:
        os.mkdir("cache")
    except FileExistsError:
        if not held:
            texts.append("a folder of another submission")
    return " ".join(texts)
