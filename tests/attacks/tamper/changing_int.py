"""A number that is another one each time it is asked.

Tries: an int whose `__int__` and `__index__` count up is returned, in the hope that check and record differ.
Must: status: wrong; points: 0
Outside: harmless
"""


class Changing(int):
    asked = 0

    def __int__(self):
        Changing.asked += 1
        return Changing.asked

    __index__ = __int__

    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def enqueue(queue, pointer, keys):
    return Changing(0)
