from __future__ import annotations

import ast

import pytest

from autograder.grading.suspicion import suspicions
from tests.support import ROOT


def found(source: str) -> list[str]:
    return list(suspicions(ast.parse(source)))


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import ctypes", "ctypes"),
        ("import os\nos.kill(1, 9)", "os.kill"),
        ("from os import fork", "os.fork"),
        ("import sys\nsys._getframe(1)", "sys._getframe"),
        ("torch.allclose = lambda *a: True", "torch.allclose ="),
        ("torch.Tensor.__eq__ = None", "torch.Tensor.__eq__ ="),
        ("setattr(torch.nn.functional, 'normalize', None)", "setattr()"),
        ("f.__globals__", "__globals__"),
        ("class T(torch.Tensor):\n    def __torch_function__(self): pass", "def __torch_function__"),
        ("eval('1')", "eval()"),
        ("__builtins__", "__builtins__"),
        ("import course_utils.checks", "course_utils.checks"),
        ("from course_utils.checks import judge", "course_utils.checks"),
        ("import course_utils as cu\ncu.checks", "cu.checks"),
        ("from autograder import grading", "autograder.grading"),
        ("get_ipython().ast_transformers", "get_ipython"),
    ],
)
def test_what_is_named(source: str, what: str) -> None:
    assert any(what in item for item in found(source)), found(source)


@pytest.mark.parametrize(
    "source",
    [
        "import os\nseed = int(os.environ.get('SEED', '0'))\nfolder = os.path.join('a', 'b')",
        "import torch\nx = torch.empty(3)\nx.data = torch.zeros(3)\nx.grad = None",
        "class Config:\n    def __init__(self): self.width = 3\nconfig = Config()\nconfig.width = 4",
        "import math, random, numpy as np\nfrom dataclasses import dataclass",
        "from pathlib import Path",
        "setattr(module, name, torch.nn.Parameter(value))",
        "def f(x):\n    return x.__len__() + len(x.shape)",
    ],
)
def test_what_notebooks_do_is_not(source: str) -> None:
    assert found(source) == []


def test_no_reference_and_no_misconception_is_suspect() -> None:
    for path in ROOT.glob("solutions/*/*/reference.py"):
        seen = [item for item in found(path.read_text()) if not item.startswith("course_utils")]
        assert seen == [], path
