"""A signal to another process.

Tries: a process that has nothing to do with the submission is sent signals, by kill, by thread and by descriptor.
Must: status: wrong; points: 0
Outside: destructive
Uses: telling
"""

import ctypes
import os
import signal


def loot():
    texts = []
    for attempt in (
        lambda: os.kill(int("@VICTIM@"), signal.SIGTERM),
        lambda: os.killpg(int("@VICTIM@"), signal.SIGTERM),
        lambda: signal.pidfd_send_signal(os.pidfd_open(int("@VICTIM@")), signal.SIGTERM),
    ):
        try:
            attempt()
            texts.append("a signal was sent")
        except OSError:
            pass
    if ctypes.CDLL(None).syscall(200, int("@VICTIM@"), int(signal.SIGTERM)) == 0:
        texts.append("a signal was sent to a thread")
    return " ".join(texts)
