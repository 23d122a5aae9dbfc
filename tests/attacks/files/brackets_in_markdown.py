"""A hundred thousand brackets in a text cell.

Tries: formatting them would take minutes, beside right answers.
Must: outcome: graded; score: full; short: yes
"""

import json
from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    made = json.loads(notebook())
    made["cells"].append({"cell_type": "markdown", "source": "[" * 100_000, "metadata": {}, "id": "b"})
    (folder / "mallory.ipynb").write_text(json.dumps(made))
