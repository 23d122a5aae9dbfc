"""Descriptors that were left open.

Tries: every descriptor of the process that is a file is read from its start.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
"""

import os
import stat


def loot():
    texts = []
    for number in range(1024):
        try:
            if stat.S_ISREG(os.fstat(number).st_mode):
                texts.append(f"{number}: " + os.pread(number, 100, 0).decode(errors="replace"))
        except OSError:
            pass
    return " ".join(texts)
