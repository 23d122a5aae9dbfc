"""A working folder filled to the brim.

Tries: files of a mebibyte are written side by side into the working folder, two thousand of them.
Must: status: crashed | error | timeout; points: 0
Outside: destructive
"""


def enqueue(queue, pointer, keys):
    for number in range(2000):
        with open(f"filled-{number}", "wb") as file:
            file.write(b"x" * 2**20)
    return 0
