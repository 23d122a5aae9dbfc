"""Notebooks of the unit `moco` as messy as students' are, and what a grader has to make of each.

Every notebook holds right answers to the exercises that its entry does not speak of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support import ROOT

SETUP = (
    "import torch\nimport torch.nn.functional as F\nfrom torch import Tensor, nn\nfrom jaxtyping import Float\n"
    "import course_utils as cu\n\ncourse = cu.setup('moco')"
)
ENQUEUE = """\
def enqueue(queue, pointer, keys):
    size, count = queue.shape[1], keys.shape[0]
    if count > size:
        raise ValueError("too many")
    columns = torch.arange(pointer, pointer + count, device=queue.device) % size
    queue[:, columns] = keys.detach().T
    return (pointer + count) % size
"""
# The pointer runs on beyond the last column: one of the visible checks fails.
RUNS_ON = ENQUEUE.replace("return (pointer + count) % size", "return pointer + count")
STUB = "def enqueue(queue, pointer, keys):\n    raise NotImplementedError('moco.enqueue')\n"
LOGITS = """\
def moco_logits(queries, keys, queue, temperature):
    queries, keys = F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1)
    positives = (queries * keys).sum(dim=1, keepdim=True)
    return torch.cat([positives, queries @ F.normalize(queue.detach(), dim=0)], dim=1) / temperature
"""
UPDATE = """\
def momentum_update(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in zip(query_encoder.parameters(), key_encoder.parameters()):
            key.mul_(momentum).add_(query, alpha=1 - momentum)
"""
NAMES = ("moco.momentum_update", "moco.enqueue", "moco.moco_logits")

Cell = dict[str, Any]


@dataclass(frozen=True)
class Messy:
    """A notebook.

    Attributes:
        data: the file.
        status: exercise id -> its status by the visible checks, where it is not `correct`.
    """

    data: bytes
    status: Mapping[str, str] = field(default_factory=dict)


def cell(source: str, exercise: str = "", **metadata: Any) -> Cell:
    """A code cell, with nbgrader's id if it is that of an exercise."""
    if exercise:
        metadata["nbgrader"] = {
            "grade_id": f"moco-{exercise}",
            "solution": True,
            "grade": False,
            "schema_version": 3,
        }
    return {
        "cell_type": "code",
        "source": source,
        "metadata": metadata,
        "outputs": [],
        "execution_count": None,
    }


def text(source: str) -> Cell:
    """A Markdown cell."""
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def notebook(*cells: Cell, **more: Any) -> bytes:
    """The file of these cells."""
    content = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 4, **more}
    return json.dumps(content, indent=1).encode()


def with_enqueue(*cells: Cell, setup: str = SETUP) -> bytes:
    """A notebook that differs only in the cells about `enqueue`."""
    around = cell(LOGITS, "moco_logits"), cell(UPDATE, "momentum_update")
    return notebook(text("# MoCo"), cell(setup), *around, *cells)


def enqueue(status: str, *cells: Cell, setup: str = SETUP) -> Messy:
    """The same, with the status of the exercise."""
    return Messy(with_enqueue(*cells, setup=setup), {} if status == "correct" else {"moco.enqueue": status})


def _nbformat_3(data: bytes) -> bytes:
    cells = json.loads(data)["cells"]
    for item in cells:
        if item["cell_type"] == "code":
            item.update(input=item.pop("source"), language="python", prompt_number=1)
    sheets = [{"cells": cells, "metadata": {}}]
    return json.dumps({"worksheets": sheets, "metadata": {}, "nbformat": 3, "nbformat_minor": 0}).encode()


def _released() -> bytes:
    return (ROOT / "assignments/moco/moco.ipynb").read_bytes()


def _half_solved() -> bytes:
    content = json.loads(_released())
    for item in content["cells"]:
        if item["metadata"].get("nbgrader", {}).get("grade_id") == "moco-enqueue":
            item["source"] = ENQUEUE
    return json.dumps(content).encode()


def messy() -> dict[str, Messy]:
    """Name -> notebook."""
    right = cell(ENQUEUE, "enqueue")
    body = ENQUEUE.partition("\n")[2]
    helper = "def slots(pointer, count, size):\n    return torch.arange(pointer, pointer + count) % size"
    with_helper = ENQUEUE.replace(
        "torch.arange(pointer, pointer + count, device=queue.device) % size", "slots(pointer, count, size)"
    )
    inside = f"    {body.replace(chr(10), chr(10) + '    ')}".rstrip() + "\n"
    colab = json.loads(with_enqueue(cell(ENQUEUE, id="aX3_b")))
    colab["metadata"] = {
        "colab": {"provenance": [], "toc_visible": True},
        "accelerator": "GPU",
        "kernelspec": None,
    }
    checked = cell("cu.check('moco.enqueue')")
    return {
        # Where the code stands.
        "helper in another cell": enqueue("correct", cell(helper), cell(with_helper, "enqueue")),
        "helper below": enqueue("correct", cell(with_helper, "enqueue"), cell(helper)),
        "cells out of order": Messy(notebook(cell(UPDATE), checked, right, cell(LOGITS), cell(SETUP))),
        "two definitions, the right one in its cell": enqueue("correct", right, cell(RUNS_ON)),
        "two definitions, the wrong one in its cell": enqueue("wrong", cell(RUNS_ON, "enqueue"), cell(ENQUEUE)),
        "two cells of one id": enqueue("wrong", right, cell(RUNS_ON, "enqueue")),
        "stub left in its cell": enqueue("correct", cell(STUB, "enqueue"), cell(ENQUEUE)),
        "deleted cell": enqueue("not attempted"),
        "lost metadata": Messy(notebook(cell(SETUP), cell(LOGITS), cell(UPDATE), cell(ENQUEUE))),
        "renamed id": enqueue("correct", cell(ENQUEUE, "enqueue-copy1")),
        "renamed function": enqueue("error", cell(ENQUEUE.replace("def enqueue", "def enqueue2"), "enqueue")),
        "lost set-up cell": Messy(notebook(right, cell(LOGITS, "moco_logits"), cell(UPDATE, "momentum_update"))),
        "definition inside a condition": enqueue(
            "correct", cell(f"if torch.cuda.device_count() >= 0:\n    def enqueue(queue, pointer, keys):\n{inside}", "enqueue")
        ),
        "fallback in try": enqueue(
            "correct",
            cell("try:\n    import nowhere_to_be_found as slots\nexcept ImportError:\n    slots = None", ""),
            cell("BIG = 2\nif slots is None:\n    BIG = 1\n" + ENQUEUE.replace("% size\n    queue", "% size * BIG\n    queue"), "enqueue"),
        ),
        # Cells that do not run, or never end.
        "syntax error in another cell": enqueue("correct", cell("this is (no Python"), right),
        "syntax error in its cell": enqueue("error", cell(ENQUEUE.replace("):", ")"), "enqueue")),
        "tabs and blanks mixed": enqueue("error", cell(ENQUEUE.replace("    if", "\tif"), "enqueue")),
        "loop without end in training": enqueue("correct", right, cell("while True:\n    enqueue(1, 2, 3)")),
        "loop without end in the function": enqueue(
            "timeout", cell("def enqueue(queue, pointer, keys):\n    while True:\n        pass", "enqueue")
        ),
        "sys.exit at the top": enqueue("correct", cell("import sys\nsys.exit(1)"), right),
        "sys.exit in the function": enqueue(
            "error", cell("import sys\ndef enqueue(queue, pointer, keys):\n    sys.exit(1)", "enqueue")
        ),
        "os._exit in the function": enqueue(
            "crashed", cell("import os\ndef enqueue(queue, pointer, keys):\n    os._exit(3)", "enqueue")
        ),
        "input at the top": enqueue("error", cell("SIZE = int(input('size?'))\n" + ENQUEUE.replace("% size", "% SIZE"), "enqueue")),
        "input in the function": enqueue("error", cell("def enqueue(queue, pointer, keys):\n    return int(input())", "enqueue")),
        "failing assignment": enqueue("error", cell("K = 1 / 0\n" + ENQUEUE.replace("% size", "% K"), "enqueue")),
        "failing assignment that nobody uses": enqueue("correct", cell("K = 1 / 0\n" + ENQUEUE, "enqueue")),
        # What only a notebook understands.
        "magics": enqueue("correct", cell("%matplotlib inline\n!pip list\n%timeit 1 + 1"), cell("%%time\n" + ENQUEUE, "enqueue")),
        "another language": enqueue("correct", cell("%%bash\necho hello"), right),
        "bound by %run": enqueue("error", cell("%run helpers.py"), cell(with_helper, "enqueue")),
        "bound by a magic": enqueue("error", cell("files = !ls"), cell(ENQUEUE.replace("size, count", "files.n; size, count"), "enqueue")),
        "written by %%writefile": enqueue("not attempted", cell("%%writefile mine.py\n" + ENQUEUE, "enqueue")),
        "await at the top": enqueue("correct", cell("import asyncio\nawait asyncio.sleep(0)"), right),
        # What fills a table belongs to it; of what else runs in the notebook the grader executes nothing.
        "loop that fills a table": enqueue(
            "wrong", cell("SHIFT = [0]\nfor i in range(3):\n    SHIFT.append(i)\n    SHIFT[0] += 1"), cell(ENQUEUE.replace("% size\n    queue", "% size + SHIFT[0]\n    queue"), "enqueue")
        ),
        "loop that prints and fills a table": enqueue(
            "wrong", cell("SHIFT = [0]\nfor i in range(3):\n    print(i)\n    SHIFT[0] += 1"), cell(ENQUEUE.replace("% size\n    queue", "% size + SHIFT[0]\n    queue"), "enqueue")
        ),
        "loop that does more than fill a table": enqueue(
            "correct", cell("import time\nSHIFT = [0]\nfor i in range(3):\n    time.sleep(0)\n    SHIFT[0] += 1"), cell(ENQUEUE.replace("% size\n    queue", "% size + SHIFT[0]\n    queue"), "enqueue")
        ),
        "table changed by a loose call": enqueue(
            "correct", cell("STEP = {'by': 1}\nSTEP.update(by=0)"), cell(ENQUEUE.replace("pointer + count)", "pointer + count + STEP['by'])"), "enqueue")
        ),
        "global changed by an assignment": enqueue(
            "correct", cell("STEP = {'by': 1}\nSTEP['by'] = 0"), cell(ENQUEUE.replace("pointer + count)", "pointer + count + STEP['by'])"), "enqueue")
        ),
        "exec": enqueue("not attempted", cell(f"exec({ENQUEUE!r})", "enqueue")),
        "prints and own tests": enqueue("correct", cell("print('a')\n" + ENQUEUE + "\nprint(enqueue)\nassert False", "enqueue")),
        # Functions of other kinds.
        "star import": enqueue("correct", cell("from torch import *\nfrom math import *"), right),
        "async": enqueue("error", cell("async " + ENQUEUE, "enqueue")),
        "generator": enqueue("error", cell(ENQUEUE.replace("return", "yield"), "enqueue")),
        "object with __call__": enqueue(
            "correct",
            cell(f"class Queue:\n    def __call__(self, queue, pointer, keys):\n{inside}\nenqueue = Queue()", "enqueue"),
        ),
        "partial": enqueue(
            "correct",
            cell("import functools\n\n" + ENQUEUE.replace("pointer, keys", "pointer, keys, extra") + "\nenqueue = functools.partial(enqueue, extra=1)", "enqueue"),
        ),
        "decorated": enqueue("correct", cell("@torch.no_grad()\n" + ENQUEUE, "enqueue")),
        "wrapped below its check": enqueue("correct", right, checked, cell("enqueue = lambda *a, f=enqueue: f(*a) + 1000")),
        "wrapped above its check": enqueue("wrong", right, cell("enqueue = lambda *a, f=enqueue: f(*a) + 1000"), checked),
        "name taken": enqueue("error", cell(ENQUEUE + "\nenqueue = 3", "enqueue")),
        "name taken by its own result": enqueue("correct", right, cell("enqueue = enqueue(torch.zeros(2, 4), 0, torch.ones(1, 2))")),
        "too few arguments": enqueue("error", cell("def enqueue(queue, keys):\n    return 1", "enqueue")),
        "global random state": enqueue("wrong", cell(ENQUEUE.replace("% size\n    q", "% size\n    keys = keys + torch.rand_like(keys)\n    q"), "enqueue")),
        "settings changed in the function": enqueue("wrong", cell(ENQUEUE.replace("size, count", "torch.set_default_dtype(torch.float64); size, count", 1), "enqueue")),
        # Files.
        "nbformat 3": Messy(_nbformat_3(with_enqueue(right))),
        "Colab": Messy(json.dumps(colab).encode()),
        "Windows line ends": enqueue("correct", cell(ENQUEUE.replace("\n", "\r\n"), "enqueue"), setup=SETUP.replace("\n", "\r\n")),
        "byte order mark": Messy(b"\xef\xbb\xbf" + with_enqueue(right)),
        "half an emoji": Messy(with_enqueue(cell("# \ud83d\n" + ENQUEUE, "enqueue"))),
        "sources as null": Messy(with_enqueue(right, cell("") | {"source": None})),
        "untouched": Messy(_released(), dict.fromkeys(NAMES, "not attempted")),
        "half solved": Messy(_half_solved(), {"moco.momentum_update": "not attempted", "moco.moco_logits": "not attempted"}),
        "no cells of ours": Messy(notebook(cell("print('hello')")), dict.fromkeys(NAMES, "not attempted")),
    }  # fmt: skip
