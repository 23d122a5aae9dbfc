"""A sender that speaks of points.

Tries: whatever sends replies is replaced by a function that sends a verdict instead.
Must: status: crashed | error | wrong; points: 0; others: any
Outside: harmless
"""

import sys


def enqueue(queue, pointer, keys):
    import msgspec

    body = msgspec.msgpack.encode({"passed": True, "points": 6.0, "score": 6.0, "status": "correct"})

    def praise(channel, *rest):
        channel.sendall(len(body).to_bytes(4, "big") + body)

    for name, module in list(sys.modules.items()):
        if name.startswith("autograder") and hasattr(module, "send"):
            module.send = praise
    return 0
