"""An object that is a number only by its own word.

Tries: a class is registered as numbers.Integral and converts to whatever it likes.
Must: status: wrong; points: 0
Outside: harmless
"""

import numbers


@numbers.Integral.register
class Whatever:
    def __int__(self):
        return -1

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


def enqueue(queue, pointer, keys):
    return Whatever()
