"""A tensor without bytes and of more than 2^64 entries but for a zero.

Tries: the shape overflows where strides are computed, though there is nothing to store.
Must: status: crashed | error | wrong; points: 0; others: any
Outside: harmless
Uses: channels
"""


def enqueue(queue, pointer, keys):
    import msgspec

    tensor = {"type": "tensor", "dtype": "float32", "shape": [2**39, 2**39, 0], "data": b""}
    send(msgspec.msgpack.encode({"quantities": {"exception": "none", "result": tensor}, "failure": None}))
    return 0
