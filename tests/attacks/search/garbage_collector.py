"""Everything that the garbage collector knows.

Tries: all objects of the process are searched for expectations, checks and secrets.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
"""

import gc


def loot():
    wanted = ("Expectation", "PreparedCheck", "PreparedExercise", "Misconception", "Verdict")
    texts = []
    for item in gc.get_objects():
        kind = type(item).__name__
        if kind in wanted:
            texts.append(f"an object of type {kind}")
        if type(item) is dict:
            for value in list(item.values()):
                if type(value) in (bytes, str) and len(value) < 500:
                    text = value.decode(errors="replace") if type(value) is bytes else value
                    if "CANARY-" + "key-" in text or "CANARY-" + "env-" in text:
                        texts.append(text)
    return " ".join(texts)
