"""Asks torch to compile.

Tries: nothing: honest work.
Must: status: correct
Outside: harmless
"""


@torch.jit.script
def place(pointer: int, i: int, size: int) -> int:
    return (pointer + i) % size


@torch.compile(fullgraph=False)
def write(queue, pointer, keys):
    for i in range(len(keys)):
        queue[:, place(pointer, i, queue.shape[1])] = keys[i].detach()


@torch.compile
def enqueue(queue, pointer, keys):
    if len(keys) > queue.shape[1]:
        raise ValueError("too many keys")
    write(queue, pointer, keys)
    return (pointer + len(keys)) % queue.shape[1]
