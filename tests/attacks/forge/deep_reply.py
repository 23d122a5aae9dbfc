"""A reply of a hundred thousand lists in lists.

Tries: a message is sent that is nested deeper than any reader can follow.
Must: status: crashed | error | wrong; points: 0; others: any
Outside: harmless
Uses: channels
"""


def enqueue(queue, pointer, keys):
    send(b"\x83\xaaquantities\x80\xa7failure\xc0\xa1x" + b"\x91" * 100_000 + b"\xc0")
    return 0
