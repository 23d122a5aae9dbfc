"""`autograder doctor`."""

from __future__ import annotations

from rich.markup import escape

from autograder.cli.terminal import console


def doctor_command() -> None:
    """Say what this machine offers: sandbox tier, device, versions."""
    from autograder.cli.machine import findings

    for name, value in findings():
        console.print(f"{name:18}{escape(value)}", highlight=False, soft_wrap=True)
