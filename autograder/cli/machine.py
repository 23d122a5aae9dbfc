"""What this machine offers: sandbox tier, device, versions."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version

import torch

from autograder.sandbox.client import Limits, Sandbox
from autograder.sandbox.tiers import MEANING, TIERS, probe


def findings() -> list[tuple[str, str]]:
    """What there is, in rows of a name and a text.

    Raises:
        SandboxError: the sandbox that was found does not start.
    """
    found = probe()
    started = time.monotonic()
    with Sandbox(Limits(), found.best) as sandbox, sandbox.job():
        seconds = time.monotonic() - started
    how = [sandbox.note, f"fork server ready in {seconds:.1f} s"]
    if found.namespaces:
        how.insert(0, f"namespaces made {found.namespaces.replace('bubble', 'by bubble')}")
    rows = [("sandbox", f"{found.best} ({', '.join(how)})"), ("", MEANING[found.best])]
    rows += [(f"  not {tier}", found.reasons[tier]) for tier in reversed(TIERS) if tier in found.reasons]
    cuda = torch.cuda.is_available()
    rows += [
        ("device", f"cuda: {torch.cuda.get_device_name()}" if cuda else "cpu (no CUDA device found)"),
        ("cores", str(os.cpu_count())),
        ("system", f"{platform.system()} {platform.release()}, {platform.machine()}"),
        ("python", platform.python_version()),
    ]
    packages = ("torch", "torchvision", "numpy", "nbgrader", "ssl-problem-sets")
    return rows + [(name, version(name)) for name in packages]
