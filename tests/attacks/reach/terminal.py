"""The terminal of the one who grades.

Tries: /dev/tty and the terminals of others are written to, and input is pushed into them.
Must: status: wrong; points: 0
Outside: destructive
Uses: telling
"""

import fcntl
import glob
import os


def loot():
    texts = []
    for path in ["/dev/tty", "/dev/console", *glob.glob("/dev/pts/[0-9]*")]:
        try:
            number = os.open(path, os.O_RDWR | os.O_NOCTTY)
            fcntl.ioctl(number, 0x5412, b"#")
            texts.append(f"input pushed into {path}")
        except OSError:
            pass
    return " ".join(texts)
