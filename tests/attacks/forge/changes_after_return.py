"""An answer that is changed after it was given.

Tries: a thread goes on writing into the queue and the returned tensor after the call.
Must: status: wrong; points: 0
Outside: harmless
"""

import threading
import time

import torch


def enqueue(queue, pointer, keys):
    result = torch.zeros((), dtype=torch.int64)

    def later():
        for value in range(100):
            queue.fill_(value)
            result.fill_(value)
            time.sleep(0.001)

    threading.Thread(target=later, daemon=True).start()
    return result
