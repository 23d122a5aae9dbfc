"""Hidden inputs carried out as the result.

Tries: a text that quotes the arguments is returned in the place of the pointer.
Must: status: wrong | error; points: 0; hidden-silent: LEAK
Outside: harmless
"""


def enqueue(queue, pointer, keys):
    return "LE" + "AK " + str(keys.flatten()[:3].tolist())
