"""What the grader does not have is told as such: by the words of torch and Python as they are, and no other exception is."""

from __future__ import annotations

import ast

import pytest

from course_utils import shipped
from course_utils.checks.observation import Failure
from course_utils.checks.prepared import Fault
from course_utils.running.lacking import lack_in, lack_of, names_a_gpu

DRIVER = "RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a driver"


@pytest.mark.parametrize(
    ("kind", "message", "what", "told"),
    [
        ("RuntimeError", DRIVER, "gpu", "'cuda'"),
        ("AssertionError", "AssertionError: Torch not compiled with CUDA enabled", "gpu", "'cuda'"),
        ("AssertionError", "AssertionError: Torch not compiled with XPU enabled", "gpu", "'xpu'"),
        ("RuntimeError", "RuntimeError: No CUDA GPUs are available", "gpu", "'cuda'"),
        ("RuntimeError", "RuntimeError: PyTorch is not linked with support for mps devices", "gpu", "'mps'"),
        (
            "NotImplementedError",
            "NotImplementedError: Could not run 'aten::empty.memory_format' with arguments from the 'MPS' backend.",
            "gpu",
            "'mps'",
        ),
        (
            "RuntimeError",
            "AcceleratorError: CUDA error: CUDA driver version is insufficient for CUDA runtime version",
            "gpu",
            "'cuda'",
        ),
        (
            "RuntimeError",
            "RuntimeError: Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False.",
            "gpu",
            "'cuda'",
        ),
        (
            "RuntimeError",
            "RuntimeError: Cannot access accelerator device when none is available.",
            "gpu",
            "an acc",
        ),
        ("ModuleNotFoundError", "ModuleNotFoundError: No module named 'einops'", "package", "'einops'"),
        ("ModuleNotFoundError", "ModuleNotFoundError: No module named 'my.helper'", "package", "'my'"),
        (
            "FileNotFoundError",
            "FileNotFoundError: [Errno 2] No such file or directory: '/content/drive/x.pt'",
            "file",
            "'/content/drive/x.pt'",
        ),
        (
            "RuntimeError",
            "RuntimeError: Dataset not found or corrupted. You can use download=True",
            "file",
            "a file",
        ),
        (
            "PermissionError",
            "PermissionError: [Errno 13] Permission denied: '/home/ada/x'",
            "file",
            "'/home/ada/x'",
        ),
        (
            "OSError",
            "OSError: [Errno 30] Read-only file system: '/content/out.png'",
            "file",
            "'/content/out.png'",
        ),
        (
            "OSError",
            "URLError: <urlopen error [Errno -3] Temporary failure in name resolution>",
            "network",
            "network",
        ),
        (
            "OSError",
            "ConnectionError: HTTPSConnectionPool(host='a', port=443): Max retries exceeded",
            "network",
            "",
        ),
        (
            "RuntimeError",
            "RuntimeError: It looks like there is no internet connection and the repo",
            "network",
            "",
        ),
    ],
)
def test_what_is_lacking(kind: str, message: str, what: str, told: str) -> None:
    found = lack_of(Failure(kind, message, 3, "    y = f(x)", "1"), "keys.device")
    assert found
    assert found.what == what
    assert found.told.startswith("The grader ")
    assert told in found.told
    assert "in line 3 of your cell: y = f(x)" in found.told
    assert "your system" not in found.told + found.staff
    assert ("keys.device" in found.told) == (what == "gpu")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("ModuleNotFoundError", "ModuleNotFoundError: No module named 'torch.foo'"),
        ("ModuleNotFoundError", "ModuleNotFoundError: No module named 'os.paths'; 'os' is not a package"),
        ("ImportError", "ImportError: cannot import name 'relu' from 'torch'"),
        ("RuntimeError", "RuntimeError: mat1 and mat2 shapes cannot be multiplied (3x4 and 5x6)"),
        (
            "RuntimeError",
            "RuntimeError: Expected all tensors to be on the same device, but found cuda:0 and cpu!",
        ),
        ("OSError", "OSError: [Errno 28] No space left on device"),
        ("OSError", "OSError: [Errno 27] File too large"),
        ("NotImplementedError", "NotImplementedError: moco.enqueue"),
        ("KeyError", "KeyError: 'cuda'"),
        ("PermissionError", "PermissionError: [Errno 1] Operation not permitted"),
        ("ValueError", "ValueError: no message"),
    ],
)
def test_what_is_the_students_own(kind: str, message: str) -> None:
    assert lack_of(Failure(kind, message, 3, "    y = f(x)", "1")) is None


def test_a_refused_socket_is_the_network() -> None:
    refused = "PermissionError: [Errno 1] Operation not permitted"
    found = lack_of(Failure("PermissionError", refused, 3, "    s = socket.socket()", "1"))
    assert found
    assert found.what == "network"


def test_the_way_out_names_an_argument_of_the_exercise() -> None:
    failure = Failure("RuntimeError", DRIVER)
    for id_, wanted in {
        "moco.enqueue": "queue.device",
        "simclr.nt_xent": "z_i.device",
        "moco.momentum_update": "next(query_encoder.parameters()).device",
    }.items():
        found = lack_in(shipped.load_checks(id_)[0], failure)
        assert found
        assert found.told.endswith(f"Take the device from the inputs: {wanted}")
    assert lack_in(shipped.load_checks("moco.enqueue")[0], Fault("crashed", DRIVER)) is None
    assert lack_in(shipped.load_checks("moco.enqueue")[0], None) is None


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("x = x.cuda()", "cuda"),
        ("x = x.to('cuda:1')", "cuda:1"),
        ("def f(x):\n    return torch.zeros(3, device='mps')", "mps"),
        ("device = torch.device('cuda')", "cuda"),
        ("device = 'cuda' if torch.cuda.is_available() else 'cpu'", ""),
        ("if torch.cuda.is_available():\n    x = x.cuda()", ""),
        ("if x.is_cuda:\n    y = y.cuda()", ""),
        ("if x.device.type == 'cuda':\n    torch.cuda.synchronize()", ""),
        ("fast = x.device.type == 'cuda'", ""),
        ("torch.cuda.manual_seed(0)", ""),
        ("print('cuda is fast')", ""),
    ],
)
def test_a_gpu_by_name(source: str, found: str) -> None:
    assert names_a_gpu(ast.parse(source).body) == found
