"""A verdict in the place of an observation.

Tries: a well-formed message with status and points is sent on every socket.
Must: status: crashed | error | wrong | timeout; points: 0
Outside: harmless
Uses: channels
"""


def enqueue(queue, pointer, keys):
    import msgspec

    send(msgspec.msgpack.encode({"status": "correct", "score": 5.5, "passed": True, "points": 5.5}))
    return 0
