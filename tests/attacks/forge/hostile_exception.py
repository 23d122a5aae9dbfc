"""An exception that defends itself.

Tries: its text, its type's name and its class fight whoever looks at them.
Must: status: error | crashed | wrong; points: 0; others: any
Outside: harmless
"""


class Meta(type):
    @property
    def __name__(cls):
        raise RuntimeError("no name")

    def __instancecheck__(cls, instance):
        raise SystemExit(0)


class Hostile(Exception, metaclass=Meta):
    def __str__(self):
        raise KeyboardInterrupt

    __repr__ = __str__

    @property
    def __traceback__(self):
        raise SystemExit(0)


def enqueue(queue, pointer, keys):
    raise Hostile
