"""Builtins that say what suits.

Tries: `all`, `any`, `abs`, `sorted` and `isinstance` are replaced for everything in the process.
Must: status: wrong | error | crashed; points: 0; others: any
Outside: harmless
"""

import builtins


def enqueue(queue, pointer, keys):
    builtins.all = lambda items: True
    builtins.any = lambda items: False
    builtins.abs = lambda value: 0
    builtins.sorted = lambda items, **options: []
    builtins.isinstance = lambda value, kind: True
    return 0
