"""Right, with warnings and a log.

Tries: nothing: honest work.
Must: status: correct
Outside: harmless
"""

import logging
import warnings

log = logging.getLogger("moco")


def enqueue(queue, pointer, keys):
    warnings.warn("careful", stacklevel=1)
    log.warning("still careful")
    size, n = queue.shape[1], len(keys)
    if n > size:
        raise ValueError("too many keys")
    for i in range(n):
        queue[:, (pointer + i) % size] = keys[i].detach()
    return (pointer + n) % size
