"""Tensors that are not what they say.

Tries: dtype, shape and bytes of the tensors sent do not belong together.
Must: status: crashed | error | wrong; points: 0
Outside: harmless
Uses: channels
"""


def enqueue(queue, pointer, keys):
    import msgspec

    tensor = {"type": "tensor", "dtype": "float32", "shape": [3, 1000], "data": b"1234"}
    send(msgspec.msgpack.encode({"quantities": {"exception": "none", "result": tensor}, "failure": None}))
    return 0
