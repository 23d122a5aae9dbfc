"""A thread that fights for the channel.

Tries: a second thread writes flattering observations into the channel while the first one works.
Must: status: crashed | error | wrong | timeout; points: 0; others: any
Outside: harmless
Uses: channels
"""

import threading


def shout():
    import msgspec

    body = msgspec.msgpack.encode({"quantities": {"exception": "none", "result": 0}, "failure": None})
    for _ in range(200):
        send(body)


def enqueue(queue, pointer, keys):
    threading.Thread(target=shout, daemon=True).start()
    return 0
