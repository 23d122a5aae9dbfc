"""The frames that called the function.

Tries: the stack is climbed and every local variable searched for expectations, seeds and keys.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
"""

import sys


def loot():
    frame, texts = sys._getframe(), []
    while frame is not None:
        for name, value in {**frame.f_globals, **frame.f_locals}.items():
            kind = type(value).__name__
            if kind in ("Expectation", "PreparedCheck", "PreparedExercise", "Check", "Verdict"):
                texts.append(f"{name} is a {kind}")
            if isinstance(value, bytes) and b"CANARY-" + b"key-" in value:
                texts.append(value.decode(errors="replace"))
        frame = frame.f_back
    return " ".join(texts)
