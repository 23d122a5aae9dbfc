"""A cell that never ends.

Tries: the function's own cell loops while it is executed, in the default of an argument.
Must: status: timeout; points: 0; message: executing the cell
Outside: harmless
"""


def wait():
    while True:
        pass


def enqueue(queue, pointer, keys, waited=wait()):
    return 0
