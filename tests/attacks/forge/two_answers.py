"""Two answers to one question.

Tries: each call sends an observation of its own ahead of the real one, so that later ones are out of step.
Must: status: crashed | error | wrong | timeout; points: 0; others: any
Outside: harmless
Uses: channels
"""


def enqueue(queue, pointer, keys):
    import msgspec

    fine = {"exception": "none", "result": (pointer + 1) % queue.shape[1]}
    send(msgspec.msgpack.encode({"quantities": fine, "failure": None}))
    return 0
