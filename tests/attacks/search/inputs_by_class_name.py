"""Hidden inputs carried out by the name of a class.

Tries: exceptions and results are of classes that are named after the arguments.
Must: status: wrong | error; points: 0; hidden-silent: LEAK
Outside: harmless
"""


def enqueue(queue, pointer, keys):
    name = "LE" + "AK" + str(int(keys.abs().sum() * 1000))
    if queue.shape[1] % 2:
        raise type(name, (Exception,), {})()
    return type(name, (), {})()
