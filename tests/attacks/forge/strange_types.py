"""Tensors of types that only torch itself should make.

Tries: dtypes of objects and quantised numbers, negative sizes and extension types are sent.
Must: status: crashed | error | wrong; points: 0
Outside: harmless
Uses: channels
"""


def enqueue(queue, pointer, keys):
    import msgspec

    for dtype, shape in (("object", [1]), ("qint8", [1]), ("float32", [-1]), ("float32", [1] * 100)):
        tensor = {"type": "tensor", "dtype": dtype, "shape": shape, "data": b"\0" * 4}
        ext = msgspec.msgpack.Ext(-1, b"\xff" * 12)
        send(
            msgspec.msgpack.encode(
                {"quantities": {"exception": "none", "result": tensor, "x": ext}, "failure": None}
            )
        )
    return 0
