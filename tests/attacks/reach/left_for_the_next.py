"""A message for the submission that comes after.

Tries: files, shared memory and abstract sockets are left for the next submission, which looks for them.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
"""

import os


def loot():
    texts = []
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "."):
        path = os.path.join(folder, "@TOKEN@-left")
        try:
            with open(path) as file:
                if file.read() != str(os.getpid()):
                    texts.append("a file of another submission in " + folder)
        except OSError:
            pass
        try:
            with open(path, "w") as file:
                file.write(str(os.getpid()))
        except OSError:
            pass
    return " ".join(texts)
