from __future__ import annotations

import ast
import time

import pytest

from autograder.grading import aliases
from autograder.grading.slicing import flags_of
from autograder.grading.suspicion import look_through
from autograder.results import FlagKind
from course_utils.slices.cells import Cell
from course_utils.slices.slicing import Program
from tests.support import ROOT


def found(source: str) -> list[str]:
    return [item.what for item in look_through([ast.parse(source)])]


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
        ("import sys as s\ns.modules['torch'].equal = f", "torch.equal ="),
        ("import os as o\no.kill(1, 9)", "os.kill"),
        # Stores to what everybody shares, by whichever name.
        ("import torch as t\nt.equal = f", "torch.equal ="),
        ("t = torch\nt.equal = f", "torch.equal ="),
        ("def g(): return torch\ng().equal = f", "torch.equal ="),
        ("def g(m): m.equal = f\ng(torch)", "torch.equal ="),
        ("def g(m=torch): m.equal = f", "torch.equal ="),
        ("(lambda m: setattr(m, 'equal', f))(torch)", "setattr()"),
        ("from torch import nn as m\nm.Module.parameters = f", "torch.nn.Module.parameters ="),
        ("import torch.nn.functional as G\nG.normalize = f", "torch.nn.functional.normalize ="),
        ("from torch.nn import Module\nModule.state_dict = f", "torch.nn.Module.state_dict ="),
        ("from torch import Tensor as T\nT.data_ptr, x = f, 1", "torch.Tensor.data_ptr ="),
        (
            "def f(x):\n    m = torch.nn\n    m.Module.named_parameters = g",
            "torch.nn.Module.named_parameters =",
        ),
        ("class C:\n    t = torch\n    t.equal = f", "torch.equal ="),
        ("class C:\n    t = torch\nC.t.equal = f", "torch.equal ="),
        (
            "class C:\n    def __init__(self):\n        self.t = torch\n        self.t.equal = f",
            "torch.equal =",
        ),
        ("for m in (torch, F): m.equal = f", "torch.equal ="),
        ("[setattr(m, 'equal', f) for m in [torch]]", "setattr()"),
        ("(t := torch).equal = f", "torch.equal ="),
        ("(torch if x else None).equal = f", "torch.equal ="),
        ("torch.equal += f", "torch.equal ="),
        ("torch.equal: object = f", "torch.equal ="),
        ("del torch.equal", "torch.equal ="),
        ("for torch.equal in [f]: pass", "torch.equal ="),
        ("with g() as torch.equal: pass", "torch.equal ="),
        ("def f():\n    global t\n    t = torch\ndef g():\n    t.equal = f", "torch.equal ="),
        ("mods = [torch]\nmods[0].equal = f", "torch.equal ="),
        ("mods = {'a': torch}\nmods['a'].equal = f", "torch.equal ="),
        ("getattr(torch, 'nn').Module.parameters = f", "torch.nn.Module.parameters ="),
        ("getattr(getattr(torch, 'nn'), 'Module').parameters = f", "torch.nn.Module.parameters ="),
        ("setattr(getattr(torch, 'n' + 'n'), 'x', f)", "setattr()"),
        ("vars(torch)['equal'] = f", "torch.__dict__[...] ="),
        ("v = vars\nv(torch)['equal'] = f", "vars"),
        ("torch.__dict__['equal'] = f", "torch.__dict__[...] ="),
        ("torch.__dict__.update(equal=f)", "__dict__"),
        ("import sys\nsys.modules['torch'] = f", "sys.modules[...] ="),
        ("globals()['torch'].equal = f", "globals()"),
        ("__import__('torch').equal = f", "torch.equal ="),
        ("import importlib\nimportlib.import_module('torch').equal = f", "torch.equal ="),
        ("object.__setattr__(torch, 'equal', f)", "__setattr__()"),
        ("type.__setattr__(torch.nn.Module, 'parameters', f)", "__setattr__()"),
        ("torch.__setattr__('equal', f)", "__setattr__()"),
        ("type(encoder).parameters = f", "type(encoder).parameters ="),
        ("setattr(type(encoder), 'parameters', f)", "setattr()"),
        ("encoder.named_parameters = lambda: []", "encoder.named_parameters ="),
        ("def f(encoder):\n    def g(): pass\n    encoder.named_buffers = g", "encoder.named_buffers ="),
        ("setattr(encoder, 'named_parameters', f)", "setattr()"),
        ("s = setattr\ns(torch, 'equal', f)", "setattr"),
        ("from functools import partial\npartial(setattr, torch)('equal', f)", "setattr"),
        ("@partial(setattr, torch, 'equal')\ndef f(): pass", "setattr"),
        ("e = exec\ne('1')", "exec"),
        ("list(map(eval, ['1']))", "eval"),
        ("from unittest.mock import patch", "unittest.mock.patch"),
        ("from unittest import mock", "unittest.mock"),
        ("import builtins as b\nb.isinstance = f", "builtins.isinstance ="),
        ("import torch.overrides", "torch.overrides"),
        ("from torch.overrides import TorchFunctionMode", "torch.overrides.TorchFunctionMode"),
        (
            "from torch.utils import _python_dispatch as p\np.TorchDispatchMode",
            "torch.utils._python_dispatch",
        ),
        ("lib = torch.library.Library('aten', 'IMPL')", "torch.library"),
        ("import numbers\nnumbers.Real.register(C)", "numbers.Real.register"),
        # The name on the left is reason enough, whatever is on the right.
        ("q.named_parameters = h['x']", "q.named_parameters ="),
        ("q.named_parameters = other.named_parameters", "q.named_parameters ="),
        ("q.modules = make()", "q.modules ="),
        ("def f(q, v): q.buffers = v", "q.buffers ="),
        ("v = h['x']\nq.state_dict = v", "q.state_dict ="),
        ("import types\nq.state_dict = types.MethodType(f, q)", "q.state_dict ="),
        (
            "class Q:\n    def f(self):\n        from types import MethodType\n        self.parameters = MethodType(g, self)",
            "self.parameters =",
        ),
        ("for c, v in zip(a, b): c.data_ptr = v", "c.data_ptr ="),
        ("setattr(q, 'named_' + 'parameters', f)", "setattr()"),
        ("n = 'named_' + 'parameters'\nsetattr(q, n, 3)", "setattr()"),
        ("setattr(q, f'named_{x}', 3)", "setattr()"),
        ("for n in ('state_dict',): setattr(q, n, 3)", "setattr()"),
        ("def f(q, n): setattr(q, n, lambda: 0)", "setattr()"),
        ("setattr(q, a + b, 3)", "setattr()"),
        ("class P(torch.nn.Parameter):\n    def data_ptr(self): return 0", "def data_ptr"),
        ("class P(nn.Module):\n    state_dict = lambda self: {}", "def state_dict"),
        ("class A(nn.Module): pass\nclass B(A):\n    def parameters(self): return []", "def parameters"),
        ("class A(nn.Module): pass\nA.state_dict = lambda self: {}", "A.state_dict ="),
        ("type('P', (nn.Parameter,), {'data_ptr': f})", "type()"),
        ("q._parameters[n] = p", "q._parameters[...] ="),
        ("del q._buffers['x']", "q._buffers[...] ="),
        ("q._modules.update(x=p)", "q._modules.update()"),
        ("d = q._parameters\nd['x'] = p", "d[...] ="),
        (
            "import functools\nfunctools.update_wrapper(torch.Tensor, S, assigned=('equal',))",
            "functools.update_wrapper()",
        ),
        ("from functools import update_wrapper as u\nu(q, S, ('state_dict',))", "functools.update_wrapper()"),
        (
            "import operator\noperator.methodcaller('__setattr__', 'equal', None)(q)",
            "operator.methodcaller()",
        ),
        ("from operator import attrgetter\nattrgetter('a.__class__')(q)", "operator.attrgetter()"),
        ("getattr(q, '__cla' + 'ss__')", "getattr()"),
        ("match q:\n    case object(__class__=c): pass", "__class__"),
        ("import copyreg\ncopyreg.pickle(torch.Tensor, f)", "copyreg"),
        ("q._register_state_dict_hook(f)", "_register_state_dict_hook()"),
        ("import inspect\ninspect.currentframe()", "inspect.currentframe"),
        ("from traceback import walk_stack", "traceback.walk_stack"),
        ("import importlib.util", "importlib.util"),
        ("import sys\nsys.path = []", "sys.path"),
        ("x = locals()", "locals()"),
        ("open('/proc/self/environ')", "open()"),
        ("open('../x')", "open()"),
        ("open(3)", "open()"),
        ("open(name)", "open()"),
        ("c = q.__class__", "__class__"),
        ("torch.backends.cudnn.is_available = h['x']", "torch.backends.cudnn.is_available ="),
        # A setting is a value.
        ("torch.backends.cudnn.is_available = lambda: True", "torch.backends.cudnn.is_available ="),
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
        "torch.backends.cudnn.benchmark = True\ntorch.backends.cuda.matmul.allow_tf32 = False",
        "plt.rcParams['figure.dpi'] = 100\nimport os\nos.environ['SEED'] = '3'",
        "def f(p, module):\n    p.requires_grad = False\n    p.data = p.data * 2\n    module.weight = None\n    p.grad = None",
        "from torchvision import models\nnet = models.resnet18()\nnet.fc = nn.Identity()",
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(3, 3)\n"
        "        self.fc.weight.data = self.fc.weight.data * 2\n        self.buffers_seen = []",
        "class Queue:\n    size = 3\nQueue.size = 4\ntype('A', (), {})",
        "class Count:\n    number = 0\n    def __init__(self):\n        type(self).number += 1",
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass C:\n    x: int\n"
        "    def __post_init__(self):\n        object.__setattr__(self, 'x', 1)",
        "def f(torch):\n    torch.x = 1",
        "def f(x, t):\n    t.equal = x\nimport time as t2\nf(1, Config())",
        "t = torch.zeros(3)\nt.requires_grad = True",
        "def f(q, eval=False, compile=None):\n    return q if eval else compile",
        "layers = [nn.Linear, nn.ReLU]\nnet = layers[0](3, 3)\nnet.bias = None",
        "state = {}\nstate['x'] = torch\nstate.update(y=2)\ndel state['x']",
        "activation = getattr(F, 'relu')\nmodel = getattr(torch.nn, name)(3)\nmodel.training = False",
        "torch.manual_seed(0)\ntorch.rot90(x, 1, (2, 3))\ntorch.set_printoptions(precision=3)",
        "config.parameters = {}\nself.modules = []\nencoder.buffers = buffers",
        "import torchvision.transforms.v2 as T\nflip = T.functional.hflip\nimport timm\nnet = timm.create_model('x')",
        "import kornia.augmentation as K\nfrom torch.optim import SGD\noptimizer = SGD([], 1)",
        "import math\nfrom collections import defaultdict\nfrom functools import partial\nloss = partial(F.mse_loss)",
        "def f(x):\n    return x.__len__() + len(x.shape)",
        "import os\nos.makedirs('figs', exist_ok=True)\ntorch.save(x, 'a.pt')\ny = torch.load('a.pt')",
        "import tempfile, pickle, inspect, traceback, logging, importlib",
        "import tempfile\nwith tempfile.TemporaryDirectory() as folder: pass\nimport pickle\npickle.dump(x, file)",
        "import traceback\ntry: f()\nexcept ValueError: traceback.print_exc()",
        "import inspect\nprint(inspect.signature(f), inspect.getsource(f))",
        "print(x.__class__.__name__, locals())",
        "import sys\nsys.path.append('/content')\nsys.path.insert(0, '..')",
        "with open('notes.txt', 'a') as file: file.write('x')",
        "import importlib, helper\nimportlib.reload(helper)",
        "class A:\n    n = 0\nA.state_dict = lambda self: 0\na = A()\na.parameters = make()",
        "class Queue:\n    def state_dict(self): return {}\n    def parameters(self): return []",
        "class B(Queue):\n    def buffers(self): return []\nclass Queue: pass",
        "from types import SimpleNamespace\nc = SimpleNamespace()\nc.modules = make()",
        "torch.backends.cuda.matmul.allow_tf32 = not True\ntorch.backends.cudnn.enabled = torch.cuda.is_available()",
        "class Net(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n        for i in range(n):\n"
        "            setattr(self, f'layer{i}', nn.Linear(2, 2))\n            setattr(self, 'fc' + str(i), nn.ReLU())\n"
        "            setattr(self, f'_{i}', 3)\n    def forward(self, x): return x",
        "from functools import wraps\ndef d(f):\n    @wraps(f)\n    def g(*a): return f(*a)\n    return g",
        "import operator\nsorted(x, key=operator.attrgetter('name'))\noperator.methodcaller('lower')('A')",
        "old = q._parameters['weight']\nfor n, p in q._buffers.items(): p.data = p.data * 2",
    ],
)
def test_what_notebooks_do_is_not(source: str) -> None:
    assert found(source) == []


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import lightly.loss", "lightly.loss"),
        ("from lightly.loss import NTXentLoss as L", "lightly.loss.NTXentLoss"),
        ("import lightly as l\ndef f(a, b): return l.loss.NTXentLoss()(a, b)", "lightly.loss.NTXentLoss"),
        ("from pytorch_metric_learning import losses", "pytorch_metric_learning.losses"),
        ("from info_nce import InfoNCE", "info_nce.InfoNCE"),
        ("from solo.losses import simclr", "solo.losses.simclr"),
        ("import kornia as K\ng = K.losses.focal_loss", "kornia.losses.focal_loss"),
        (
            "import torchvision.transforms.functional as TF\nTF.rotate(x, 90)",
            "torchvision.transforms.functional.rotate",
        ),
        ("from torchvision.transforms.functional import rotate", "torchvision.transforms.functional.rotate"),
        ("from torch.optim.swa_utils import AveragedModel", "torch.optim.swa_utils.AveragedModel"),
        ("x = __import__('lightly').loss.NTXentLoss", "lightly.loss.NTXentLoss"),
        ("f = getattr(torchvision.ops, 'sigmoid_focal_loss')", "torchvision.ops.sigmoid_focal_loss"),
    ],
)
def test_ready_made_answers(source: str, what: str) -> None:
    seen = look_through([ast.parse(source)])
    assert what in [item.what for item in seen if item.ready], seen


def test_a_module_of_ones_own_is_no_ready_made_answer_and_is_looked_through() -> None:
    helper = "import torch\ndef loss(a): return a\ntorch.equal = loss\n"
    cells = [
        Cell(1, "%%writefile simclr.py\n" + helper, frozenset()),
        Cell(2, "import simclr\ndef f(a):\n    return simclr.loss(a)\n", frozenset({"a-f"})),
    ]
    flags = flags_of("a.f", Program(cells).slice("a.f"))
    assert [flag.text for flag in flags if flag.audience == "staff"] == [
        "to be looked at: a.f uses torch.equal ="
    ]
    assert [item.ready for item in look_through([ast.parse("import simclr")])] == [True]


def test_flags_for_the_staff_that_do_not_accuse() -> None:
    first = "import lightly as l\nimport torch as t\nt.equal = None\n"
    cells = [
        Cell(1, first, frozenset()),
        Cell(2, "def f(a):\n    return l.loss, t\n", frozenset({"a-f"})),
    ]
    flags = flags_of("a.f", Program(cells).slice("a.f"))
    assert [(flag.kind, flag.audience) for flag in flags if flag.audience == "staff"] == [
        (FlagKind.SUSPICIOUS, "staff"),
        (FlagKind.READY_MADE, "staff"),
    ]
    assert [flag.text for flag in flags if flag.audience == "staff"] == [
        "to be looked at: a.f uses torch.equal =",
        "to be looked at: a.f uses lightly, lightly.loss: perhaps a ready-made answer",
    ]


@pytest.mark.parametrize(
    "source",
    [
        "def g(y):\n    " + "a," * 4000 + "b = " + "x," * 4005,
        "def g(y):\n    " + "=".join(f"a{n}" for n in range(800)) + "=(" + "y," * 800 + ")",
        "def g(y):\n" + "    f(torch)\n" * 1500 + "    def f(a): pass\n" * 1500,
        "def g(y):\n" + ("    x" + ".a" * 250 + "\n") * 100,
        "def g(y):\n    x = " + "getattr(" * 60 + "y" + ", 'k')" * 60,
    ],
    ids=["tuples", "targets", "calls", "attributes", "nested"],
)
def test_code_of_no_use_is_looked_through_in_no_time(source: str) -> None:
    nodes = ast.parse(source).body
    # Processor time: a busy machine may leave this process waiting for seconds.
    began = time.process_time()
    look_through(nodes)
    assert time.process_time() - began < 8


def test_more_code_than_is_looked_through_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "import ctypes\nx = torch.nn.Module\nx.forward = f"
    assert "torch.nn.Module.forward =" in found(source)
    monkeypatch.setattr(aliases, "_MOST_STEPS", 3)
    assert found(source)[-1] == "more code than is looked through"


def test_no_reference_and_no_misconception_is_suspect() -> None:
    for path in ROOT.glob("solutions/*/*/reference.py"):
        seen = [item for item in found(path.read_text()) if not item.startswith("course_utils")]
        assert seen == [], path
