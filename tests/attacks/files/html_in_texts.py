"""HTML in all that is quoted of a student.

Tries: tags stand in the text of an exception, in the failing line, in a broken line and in timestamp.txt.
Must: outcome: graded
"""

from pathlib import Path

from tests.attacks.making import notebook

TAGS = "</td></script><script>alert(1)</script><img src=x onerror=alert(1)>"


def build(folder: Path) -> None:
    raised = f'def enqueue(queue, pointer, keys):\n    raise ValueError("{TAGS}")\n'
    broken = f"def enqueue(queue, pointer, keys):\n    return {TAGS}\n"
    loads = f'def enqueue(queue, pointer, keys, x={{}}["{TAGS}"]):\n    return 0\n'
    for name, source in {"raised": raised, "broken": broken, "loads": loads}.items():
        (folder / name).mkdir()
        (folder / name / "moco.ipynb").write_bytes(notebook(source))
        (folder / name / "timestamp.txt").write_text(TAGS)
