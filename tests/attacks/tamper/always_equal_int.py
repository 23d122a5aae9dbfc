"""A number that equals every other.

Tries: an int whose comparisons all say yes is returned as the pointer.
Must: status: wrong; points: 0
Outside: harmless
"""


class Agreeable(int):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0


def enqueue(queue, pointer, keys):
    return Agreeable(0)
