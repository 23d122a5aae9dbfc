"""A list that contains itself.

Tries: a list that is its own first and second entry is returned.
Must: status: wrong | error | crashed | timeout; points: 0
Outside: harmless
"""


def enqueue(queue, pointer, keys):
    result = []
    result += [result, result]
    return result
