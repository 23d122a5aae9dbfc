"""HTML, scripts and links that run in a browser, in text cells, outputs and metadata.

Tries: all that is known to run on a page stands in the notebook, beside right answers.
Must: outcome: graded; score: full; short: yes
"""

import json
from pathlib import Path

from tests.attacks.making import notebook
from tests.attacks.pages import ATTACHMENTS, CELL_METADATA, MARKDOWN, METADATA, OUTPUTS


def build(folder: Path) -> None:
    made = json.loads(notebook())
    made["metadata"] = METADATA
    for name, text in MARKDOWN.items():
        cell = {"source": text, "metadata": CELL_METADATA, "id": name}
        made["cells"].append({"cell_type": "markdown", "attachments": ATTACHMENTS, **cell})
    outputs = [{"output_type": "display_data", "data": data, "metadata": {}} for data in OUTPUTS]
    made["cells"].append({"cell_type": "code", "source": "1", "metadata": {}, "outputs": outputs})
    (folder / "mallory.ipynb").write_text(json.dumps(made))
