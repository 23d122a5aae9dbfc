"""An object with `__call__` in the place of a function.

Tries: nothing: honest work.
Must: status: correct
Outside: harmless
"""


class Enqueue:
    def __call__(self, queue, pointer, keys):
        size, n = queue.shape[1], len(keys)
        if n > size:
            raise ValueError("too many keys")
        for i in range(n):
            queue[:, (pointer + i) % size] = keys[i].detach()
        return (pointer + n) % size


enqueue = Enqueue()
