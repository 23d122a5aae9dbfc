"""Tells what the attack's own `loot` has found: stands before the source of those that name it."""


def enqueue(queue, pointer, keys):
    try:
        found = loot()
    except OSError:
        found = ""
    if found:
        raise RuntimeError("found: " + found[:400])
    return 0
