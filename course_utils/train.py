"""One training loop for every method: the notebook says what a step is, this says the rest.

    def step(batch, number):
        first, second = two_views(batch[0], views)
        return nt_xent(head(encoder(first)), head(encoder(second)), temperature=0.2)

    history = train(step, Batches(images, size=256), optimizer, steps=500, schedule=cosine(500), history=history)

Interrupt it whenever you like, and run the cell again: it goes on where it stopped.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
import types
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from course_utils.arguments import (
    describe_value,
    refuse_argument,
    require_callable,
    require_enough,
    require_images,
    require_list,
    require_loss,
    require_module,
    require_number,
    require_tensor,
    require_whole,
)
from course_utils.augment import Augment
from course_utils.stepping import SLOW, Pace, interrupt_between_steps, scheduled

Step = Callable[[Any, int], Tensor | Generator[Tensor, None, None]]
Schedule = Callable[[int], float]


@dataclass
class History:
    """What happened in training, one entry for each step.

    Attributes:
        losses: the loss before the step's update.
        seconds: how long the step took.
    """

    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        """Number of steps that were finished."""
        return len(self.losses)

    def smoothed(self, window: int = 20) -> list[float]:
        """Running mean of the losses over the last `window` steps, at least one."""
        require_whole("window", window, at_least=1)
        return [
            sum(part) / len(part)
            for k in range(len(self))
            if (part := self.losses[max(0, k + 1 - window) : k + 1])
        ]

    def __repr__(self) -> str:
        if not self.losses:
            return "History(no steps yet)"
        seconds = sum(self.seconds)
        return f"History({len(self)} steps, {seconds:.0f} s, loss {self.losses[0]:.3f} -> {self.smoothed()[-1]:.3f})"


class Batches:
    """An endless stream of shuffled batches, in which batch `k` is always the same, so that a run can go on at `k`.

    Each pass over the data has an order of its own; what is left over at the end of a pass is dropped.

    Args:
        tensors: equally long; a batch is a tuple with a part of each.
        size: examples in a batch.
        seed: of the order.

    Raises:
        ValueError: the tensors are none or differ in length, `size` is less than 1, or there are fewer examples than
            `size`.
    """

    def __init__(self, *tensors: Tensor, size: int, seed: int = 0) -> None:
        for tensor in tensors:
            if require_tensor("each of the tensors", tensor, "a tensor of examples").ndim == 0:
                refuse_argument(
                    "each of the tensors", "a tensor of examples", "one of them is a single number"
                )
        require_whole("size", size)
        require_whole("seed", seed)
        lengths = {len(tensor) for tensor in tensors}
        if len(lengths) != 1:
            raise ValueError(
                f"Batches needs tensors of one length; these have {sorted(lengths) or 'no tensor at all'}"
            )
        if size < 1:
            raise ValueError(f"a batch holds at least one example; size is {size}")
        self.tensors = tensors
        self.size = size
        self.seed = seed
        self.per_epoch = lengths.pop() // size
        if self.per_epoch == 0:
            raise ValueError(
                f"a batch of {size} is more than the {len(tensors[0])} examples there are; take a smaller size"
            )
        self._order: tuple[int, Tensor] | None = None

    def __getitem__(self, number: int) -> tuple[Tensor, ...]:
        epoch, position = divmod(number, self.per_epoch)
        if self._order is None or self._order[0] != epoch:
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
            self._order = epoch, torch.randperm(len(self.tensors[0]), generator=generator)
        chosen = self._order[1][position * self.size : (position + 1) * self.size].to(self.tensors[0].device)
        return tuple(tensor[chosen] for tensor in self.tensors)


def cosine(steps: int, warmup: int = 0) -> Schedule:
    """A learning rate that rises linearly for `warmup` steps and falls along half a cosine to zero at `steps`.

    Args:
        steps: length of the whole run (Loshchilov & Hutter 2017, "SGDR", equation 5, without restarts).
        warmup: steps of the rise.

    Returns:
        A function from the number of the step to the factor, in (0, 1], that multiplies the optimiser's learning rate.

    Raises:
        ValueError: the warm-up is not shorter than the run, or one of them is no number.
    """
    require_number("steps", steps)
    require_number("warmup", warmup)
    if not 0 <= warmup < steps:
        raise ValueError(f"the warm-up ({warmup} steps) must be shorter than the run ({steps} steps)")

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / (warmup + 1)
        return 0.5 * (1 + math.cos(math.pi * min(step - warmup, steps - warmup) / (steps - warmup)))

    return factor


class Checkpoint:
    """A file from which a run can go on, after a restart of the kernel too.

    Args:
        path: of the file; its folder is made.
        parts: everything that training changes besides the optimiser: modules, tensors (a queue), random generators.
            A plain number can't be put back in place: keep it in a tensor (MoCo's pointer), or work it out of the step.
        every: seconds between two savings; one more is made when training ends or is interrupted.

    Raises:
        TypeError: a part is none of these.

    Example:
        >>> checkpoint = Checkpoint("runs/simclr.pt", encoder=encoder, head=head, views=generator)
    """

    def __init__(
        self, path: str | os.PathLike[str], every: float = 60.0, **parts: nn.Module | Tensor | torch.Generator
    ) -> None:
        for name, part in parts.items():
            if not isinstance(part, nn.Module | Tensor | torch.Generator):
                raise TypeError(
                    f"a checkpoint holds modules, tensors and random generators, but {name} is of type "
                    f"{type(part).__name__}; keep a number in a tensor"
                )
        self.path = Path(path)
        self.every = every
        self.parts = parts
        self._saved = time.monotonic()

    def save(self, optimizer: torch.optim.Optimizer, history: History) -> None:
        """Write the file; a reader finds the old one or the new one, never half of one."""
        state = {name: _state(part) for name, part in self.parts.items()}
        whole = {"parts": state, "optimizer": optimizer.state_dict(), "history": json.dumps(asdict(history))}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        torch.save(whole, temporary)
        temporary.replace(self.path)
        self._saved = time.monotonic()

    def save_if_due(self, optimizer: torch.optim.Optimizer, history: History) -> None:
        """Save if the last time is more than `every` seconds ago."""
        if time.monotonic() - self._saved > self.every:
            self.save(optimizer, history)

    def load(self, optimizer: torch.optim.Optimizer, history: History) -> bool:
        """Put everything back in place; False if there is no file.

        Raises:
            ValueError: the file is damaged, or belongs to another run, with other parts or other shapes.
        """
        if not self.path.exists():
            return False
        try:
            whole = torch.load(self.path, map_location="cpu", weights_only=True)
            for name, part in self.parts.items():
                _restore(part, whole["parts"][name])
            optimizer.load_state_dict(whole["optimizer"])
            restored = History(**json.loads(whole["history"]))
        except Exception as error:
            # A damaged file makes torch fail in many ways, some of them with a page of text.
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ValueError(
                f"{self.path} doesn't fit this run ({reason}); delete it or choose another path"
            ) from error
        history.losses[:], history.seconds[:] = restored.losses, restored.seconds
        return True


def train(
    step: Step,
    batches: Batches | Iterable[Any],
    optimizer: torch.optim.Optimizer,
    *,
    steps: int,
    schedule: Schedule | None = None,
    history: History | None = None,
    checkpoint: Checkpoint | None = None,
    progress: bool = True,
) -> History:
    """Minimise what `step` returns.

    Args:
        step: `step(batch, number)` returns the loss, a scalar tensor. It may also be a generator that yields the loss:
            what stands below the `yield` runs after the optimiser's step (MoCo's key encoder and queue change there).
        batches: `Batches`, or anything that can be iterated over again and again, such as a DataLoader.
        optimizer: holds the parameters, and the learning rate that `schedule` multiplies.
        steps: length of the whole run, counted with what `history` holds already.
        schedule: from the number of the step to the factor of the learning rate; see `cosine`.
        history: of an earlier, interrupted call; the run goes on where it ended, and the same object is filled further.
        checkpoint: also keeps the run in a file, and goes on from there if `history` is empty.
        progress: show a bar with the loss and the time left.

    Returns:
        The history; shorter than `steps` if you interrupted the run.

    Raises:
        ValueError: an argument is none of these, there are no batches, or the loss has no gradient.
        TypeError: `step` returned something that is no scalar tensor.
        FloatingPointError: the loss is infinite or not a number.
    """
    require_callable("step", step, "a function (batch, number) -> loss")
    if not hasattr(optimizer, "param_groups"):
        refuse_argument("optimizer", "an optimiser of torch.optim", f"it is {describe_value(optimizer)}")
    history = History() if history is None else history
    _require_parts(batches, history)
    require_number("steps", steps, at_least=0)
    if checkpoint and not history.losses and checkpoint.load(optimizer, history):
        print(f"going on from {checkpoint.path}, step {len(history)}")

    device = optimizer.param_groups[0]["params"][0].device
    with suppress(KeyboardInterrupt), scheduled(optimizer):  # a second one, which stops at once
        for number, batch in each_step(
            batches, steps=steps, history=history, device=device, progress=progress
        ):
            if checkpoint:
                checkpoint.save_if_due(optimizer, history)
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * (schedule(number) if schedule else 1.0)

            outcome = step(batch, number)
            loss = _checked(
                next(outcome, None) if isinstance(outcome, types.GeneratorType) else outcome, number
            )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            if isinstance(outcome, types.GeneratorType):
                next(outcome, None)
            history.losses.append(loss.item())
    if checkpoint:
        checkpoint.save(optimizer, history)
    return history


def each_step(
    batches: Batches | Iterable[Any],
    *,
    steps: int,
    history: History,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> Iterator[tuple[int, Any]]:
    """The steps of a training that a notebook writes out, as (number, batch); each puts its loss into `history.losses`.

    Interrupted or run again, the loop goes on where it stopped, as `train` does.

    Args:
        batches, steps, history, progress: as for `train`.
        device: where the loop computes.

    Raises:
        ValueError: an argument is none of these, there are no batches, or a step did not note its loss.
    """
    _require_parts(batches, history)
    require_number("steps", steps, at_least=0)
    return _steps(batches, steps, history, progress, progress and torch.device(device).type == "cpu")


def _steps(
    batches: Batches | Iterable[Any], steps: int, history: History, progress: bool, watched: bool
) -> Iterator[tuple[int, Any]]:
    """As `each_step`, whose arguments are looked at when it is called.

    Args:
        watched: whether to say so if the run is much slower than recorded.
    """
    bar = tqdm(
        total=steps, initial=len(history), disable=not progress, file=sys.stdout, mininterval=0.5, ncols=88
    )
    pace = Pace()
    with bar, interrupt_between_steps() as interrupted:
        for batch in _stream(batches, start=len(history)):
            number = len(history)
            if number >= steps or interrupted():
                break
            began = time.perf_counter()
            yield number, batch
            if len(history) != number + 1:
                refuse_argument("history", "given one loss by each step", f"it has {len(history) - number}")
            history.seconds.append(time.perf_counter() - began)
            if watched and pace.is_slow(history.seconds[-1], steps):
                tqdm.write(SLOW, file=sys.stdout)
            bar.set_postfix(loss=f"{history.losses[-1]:.3f}", refresh=False)
            bar.update()
    if len(history) < steps:
        print(f"interrupted after step {len(history)} of {steps}: run this cell again to go on from there")


def short_run(
    loss_of: Callable[[Tensor], Tensor],
    modules: Sequence[nn.Module],
    images: Tensor,
    *,
    steps: int,
    batch: int = 64,
    learning_rate: float = 2e-3,
    seed: int = 0,
) -> History:
    """A short training of several modules together on random crops of images, with AdamW along half a cosine.

    Args:
        loss_of: from crops (floats in [0, 1], on the modules' device) to the loss, a scalar tensor.
        modules: all that is trained.
        images: at least one; bytes, or floats in [0, 1].
        steps: of the run.
        batch: images in a step; all there are, if they are fewer.
        learning_rate: of the first step.
        seed: of the batches and of the crops.

    Raises:
        ValueError: an argument is none of these, or the loss does not depend on the modules.
    """
    require_callable("loss_of", loss_of, "a function from images to the loss")
    modules = require_list("modules", modules, "a list of modules")
    for module in modules:
        require_module("modules", module)
    require_images("images", images)
    require_enough("images", images, 1, "image")
    require_whole("steps", steps, at_least=1)
    require_whole("batch", batch, at_least=1)
    require_number("learning_rate", learning_rate, above=0)
    require_whole("seed", seed)
    views, generator = Augment(jitter=0.0, grey=0.0), torch.Generator().manual_seed(seed)
    parameters = [parameter for module in modules for parameter in module.parameters()]
    if not parameters:
        refuse_argument("modules", "modules with parameters", "there are none")
    for module in modules:
        module.train()

    def step(part: tuple[Tensor, ...], number: int) -> Tensor:
        return require_loss("loss_of", loss_of(views(part[0].to(parameters[0].device), generator)))

    optimizer = torch.optim.AdamW(parameters, lr=learning_rate)
    batches = Batches(images, size=min(batch, len(images)), seed=seed)
    return train(step, batches, optimizer, steps=steps, schedule=cosine(steps))


def _require_parts(batches: object, history: object) -> None:
    if isinstance(batches, Tensor):
        way_out = "Batches(batches, size=256) makes batches of it"
        refuse_argument("batches", "Batches or a DataLoader", "it is a tensor", way_out)
    if not (hasattr(batches, "__iter__") or hasattr(batches, "__getitem__")):
        refuse_argument("batches", "Batches or a DataLoader", f"it is {describe_value(batches)}")
    if not isinstance(history, History):
        refuse_argument("history", "the History of an earlier call", f"it is {describe_value(history)}")


def _stream(batches: Batches | Iterable[Any], start: int) -> Iterator[Any]:
    if isinstance(batches, Batches):
        for number in count(start):
            yield batches[number]
        return
    empty = False
    while not empty:
        empty = True
        for batch in batches:
            empty = False
            yield batch
    raise ValueError(
        "there are no batches: the loader is empty, or an iterator that is used up; give train a DataLoader"
    )


def _checked(loss: object, number: int) -> Tensor:
    if not isinstance(loss, Tensor) or loss.numel() != 1:
        what = f"a tensor of shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
        raise TypeError(f"step must give the loss, a scalar tensor; at step {number} it gave {what}")
    if not loss.requires_grad:
        require_loss("step", loss)
    if not torch.isfinite(loss):
        raise FloatingPointError(
            f"the loss is {loss.item()} at step {number}: try a smaller learning rate, "
            "and look for a logarithm or a root of zero"
        )
    return loss


def _state(part: nn.Module | Tensor | torch.Generator) -> Any:
    if isinstance(part, nn.Module):
        return part.state_dict()
    return part.get_state() if isinstance(part, torch.Generator) else part


def _restore(part: nn.Module | Tensor | torch.Generator, state: Any) -> None:
    if isinstance(part, nn.Module):
        part.load_state_dict(state)
    elif isinstance(part, torch.Generator):
        part.set_state(state)
    elif part.shape != state.shape:
        raise ValueError(f"a tensor of shape {tuple(state.shape)} for one of {tuple(part.shape)}")
    else:
        part.data.copy_(state)
