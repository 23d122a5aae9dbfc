"""A reply with half a million names.

Tries: an observation with as many quantities as fit into a few megabytes is sent; read, it takes fifty times the room.
Must: status: crashed | error | wrong | timeout | memory; points: 0; others: any
Outside: harmless
Uses: channels
"""


def enqueue(queue, pointer, keys):
    import msgspec

    many = {f"{number:x}": None for number in range(500_000)} | {"exception": "none"}
    send(msgspec.msgpack.encode({"quantities": many, "failure": None}))
    return 0
