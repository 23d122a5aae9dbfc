"""`setup` and the import of the package."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata

import numpy as np
import pytest
import torch

import course_utils as cu
from course_utils import setup as imported_setup
from course_utils.setup import PROFILE_VARIABLE, Profile, check_versions


@pytest.fixture
def versions(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pretend that other versions are installed; None stands for a package that is missing."""
    true_version, true_requires = metadata.version, metadata.requires

    def pretend(torchvision_needs: str | None = None, **pretended: str | None) -> None:
        def version(name: str) -> str:
            found = pretended.get(name, "") if name in pretended else true_version(name)
            if found is None:
                raise metadata.PackageNotFoundError(name)
            return found

        needs = [f"torch=={torchvision_needs}"] if torchvision_needs else None
        monkeypatch.setattr(metadata, "version", version)
        monkeypatch.setattr(metadata, "requires", lambda name: needs or true_requires(name))

    return pretend


def test_what_is_installed_here_will_do() -> None:
    check_versions()


@pytest.mark.parametrize(
    "name, old", [("torch", "2.8.0+cu126"), ("torchvision", "0.23.0"), ("numpy", "1.25.2")]
)
def test_an_old_version_is_named_with_the_way_out(versions: Callable[..., None], name: str, old: str) -> None:
    versions(**{name: old})
    with pytest.raises(ImportError, match=f"{name} {old.replace('+', '.')} is too old.*\n.*pip install"):
        check_versions()


def test_a_missing_package_is_named(versions: Callable[..., None]) -> None:
    versions(torchvision=None)
    with pytest.raises(ImportError, match="torchvision is not installed"):
        check_versions()


def test_versions_are_compared_as_numbers(versions: Callable[..., None]) -> None:
    versions(torch="2.10.0", torchvision="0.25.1", numpy="2.0.2", torchvision_needs="2.10.0")
    check_versions()


def test_torchvision_built_for_another_torch_is_noticed(versions: Callable[..., None]) -> None:
    versions(torch="2.12.0", torchvision="0.25.0", torchvision_needs="2.10.0")
    with pytest.raises(ImportError, match=r"built for torch 2\.10\.0, but torch is 2\.12\.0"):
        check_versions()


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "torch", "torchvision", "matplotlib", "sklearn"
    code = f"import course_utils, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


def test_submodules_come_when_they_are_used() -> None:
    assert cu.models.build("mlp", in_features=2, hidden=3, out_features=1)
    assert set(cu.__all__) <= set(dir(cu))
    with pytest.raises(AttributeError, match="no 'modles'"):
        cu.modles  # noqa: B018


def test_setup_is_the_function_and_not_the_module() -> None:
    assert cu.setup is imported_setup
    assert callable(cu.setup)


def test_check_and_submit_are_functions_whatever_was_imported_first() -> None:
    code = "import course_utils.student.submit, course_utils.checks, course_utils as cu; print(cu.submit, cu.check)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[1::4] == ["submit", "check_exercise"], done.stdout


def test_the_same_seed_gives_the_same_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    def draw(seed: int) -> tuple[float, float, float]:
        cu.setup("moco", profile="check", seed=seed)
        return random.random(), float(np.random.random()), torch.rand(()).item()  # noqa: NPY002 - students use it

    assert draw(3) == draw(3)
    assert all(a != b for a, b in zip(draw(3), draw(4), strict=True))
    out, err = capsys.readouterr()
    assert err == ""
    assert "moco: profile check, seed 3" in out


def test_float32_stays_float32() -> None:
    cu.setup("moco", profile="check")
    assert torch.get_float32_matmul_precision() == "highest"
    assert not torch.backends.cudnn.allow_tf32


def test_device_is_never_mps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert cu.setup("moco").device == torch.device("cpu")


def test_profile_comes_from_the_argument_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROFILE_VARIABLE, "full")
    assert cu.setup("moco").profile is Profile.FULL
    assert cu.setup("moco", profile="check").profile is Profile.CHECK
    monkeypatch.delenv(PROFILE_VARIABLE)
    assert cu.setup("moco").profile is Profile.DEFAULT
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    assert cu.setup("moco").profile is Profile.CHECK
    monkeypatch.setenv(PROFILE_VARIABLE, "quick")
    with pytest.raises(
        ValueError, match="COURSE_PROFILE: there is no profile 'quick'; choose one of check, default, full"
    ):
        cu.setup("moco")


def test_a_negative_seed_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="seed is at least 0; it is -1"):
        cu.setup("moco", seed=-1)


@pytest.mark.parametrize("unit", ["mocco", "", None])
def test_an_unknown_problem_set_is_refused_with_those_there_are(unit: str) -> None:
    with pytest.raises(ValueError, match="there is no problem set .*known are .*moco"):
        cu.setup(unit)


def test_a_profile_picks_its_value() -> None:
    assert [profile.pick(check=1, default=2, full=3) for profile in Profile] == [1, 2, 3]
