"""nbgrader's configuration: run `nbgrader` and `jupyter lab` from this folder."""

import sys
from pathlib import Path

try:
    from autograder.nbgrader.configuration import configure
except Exception as error:
    # nbgrader would only log this and go on with its defaults, which run students' code in an ordinary kernel.
    sys.exit(f"nbgrader_config.py: {type(error).__name__}: {error}\nRun: pip install -e '.[grading]'")

configure(get_config(), Path(__file__).parent)  # type: ignore[name-defined]  # noqa: F821 - given by traitlets
