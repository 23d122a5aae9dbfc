"""Threads without end.

Tries: up to five thousand threads are started that wait.
Must: status: crashed | error | wrong | timeout | memory; points: 0
Outside: destructive
"""

import threading
import time


def enqueue(queue, pointer, keys):
    for _ in range(5000):
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    return 0
