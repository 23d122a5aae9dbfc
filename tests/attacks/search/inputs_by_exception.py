"""Hidden inputs carried out by the text of an exception.

Tries: every call raises an error that quotes its arguments.
Must: status: wrong | error; points: 0; hidden-silent: LEAK
Outside: harmless
"""


def enqueue(queue, pointer, keys):
    said = "LE" + "AK " + str(keys.flatten()[:3].tolist())
    raise RuntimeError(said)
