"""Replies as large as they may be, all of text.

Tries: every reply is an observation with a text of 30 MB under the name of the result.
Must: status: crashed | error | wrong | timeout | memory; points: 0; others: any; short: yes
Outside: harmless
Uses: channels
"""


def enqueue(queue, pointer, keys):
    import msgspec

    fine = {"exception": "none", "result": "x" * 30 * 2**20}
    send(msgspec.msgpack.encode({"quantities": fine, "failure": None}))
    return 0
