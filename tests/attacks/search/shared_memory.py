"""Shared memory of others.

Tries: /dev/shm, System V segments and message queues are listed and read.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
"""

import ctypes
import os


def loot():
    texts = []
    for folder in ("/dev/shm", "/dev/mqueue"):
        try:
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), errors="replace") as file:
                    text = file.read(4096)
                if "CANARY-" in text:
                    texts.append(text[text.find("CANARY-") :][:60])
        except OSError:
            pass
    return " ".join(texts)
