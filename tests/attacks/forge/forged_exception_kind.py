"""Hidden inputs as the type of an exception, in a reply of one's own.

Tries: an observation is sent whose exception's kind and line of code quote the arguments.
Must: status: crashed | error | wrong | timeout; points: 0; others: any; hidden-silent: LEAK
Outside: harmless
Uses: channels
"""


def enqueue(queue, pointer, keys):
    import msgspec

    text = "LEAK " + str(keys.flatten()[:3].tolist()) + "<script>alert(1)</script>"
    failure = {"kind": text, "message": text, "line": 1, "code": text}
    send(msgspec.msgpack.encode({"quantities": {"exception": text}, "failure": failure}))
    return 0
