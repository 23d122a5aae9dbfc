"""Tensors where texts should be and texts where tensors should be.

Tries: an observation is sent in which every quantity is of another type than it can be.
Must: status: crashed | error | wrong | timeout; points: 0; others: any
Outside: harmless
Uses: channels
"""


def enqueue(queue, pointer, keys):
    import msgspec

    tensor = {"type": "tensor", "dtype": "bool", "shape": [2], "data": b"\1\1"}
    wrong = {"exception": tensor, "result": tensor, "after.queue": "none", "graph.queue": tensor}
    send(msgspec.msgpack.encode({"quantities": wrong, "failure": None}))
    return 0
