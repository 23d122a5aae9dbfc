"""Answers before they are asked for.

Tries: while the cell is executed, the reply to loading and forty flattering observations are sent.
Must: status: crashed | error | wrong | timeout; points: 0; others: any
Outside: harmless
Uses: channels
"""

import msgspec

fine = {"exception": "none", "result": 0, "graph.queue": False, "same.queue": True}


# As the default of an argument it is executed with the definition; loose statements are not.
def answer():
    send(msgspec.msgpack.encode({"failure": None}))
    for _ in range(40):
        send(msgspec.msgpack.encode({"quantities": fine, "failure": None}))


def enqueue(queue, pointer, keys, sent=answer()):
    return 0
