"""A result that takes for ever to be described.

Tries: an object with a repr of 300 MB, and a list of a million of them, are returned.
Must: status: wrong | error | memory | crashed | timeout; points: 0; short: yes
Outside: harmless
"""


class Large(str):
    def __repr__(self):
        return "x" * 300 * 2**20


def enqueue(queue, pointer, keys):
    return [Large("x")] * 1_000_000
