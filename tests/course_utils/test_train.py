"""The training loop: it minimises, it can be interrupted and goes on exactly, and it explains what is wrong."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from course_utils.train import Batches, Checkpoint, History, cosine, each_step, train


class Problem:
    """A small regression with noise of its own, so that a resumed run shows whether everything was kept."""

    def __init__(self) -> None:
        data = torch.Generator().manual_seed(0)
        self.x = torch.randn(60, 3, generator=data)
        self.y = self.x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 1
        torch.manual_seed(1)
        self.model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.02)
        self.noise = torch.Generator().manual_seed(2)
        self.queue = torch.zeros(5)
        self.batches = Batches(self.x, self.y, size=13, seed=3)
        self.interrupt_at = -1

    def step(self, batch: tuple[Tensor, Tensor], number: int) -> Tensor:
        x, y = batch
        noise = 0.1 * torch.randn(x.shape, generator=self.noise)
        if number == self.interrupt_at:
            signal.raise_signal(signal.SIGINT)
        self.queue[number % 5] = number
        return (self.model(x + noise) - y).square().mean()

    def run(self, steps: int = 30, **options: Any) -> History:
        return train(
            self.step,
            self.batches,
            self.optimizer,
            steps=steps,
            schedule=cosine(30, 3),
            **{"progress": False, **options},
        )

    def checkpoint(self, path: Path) -> Checkpoint:
        return Checkpoint(path, model=self.model, noise=self.noise, queue=self.queue)

    def weights(self) -> Tensor:
        return torch.cat([value.flatten().double() for value in self.model.state_dict().values()])


@pytest.fixture(scope="module")
def whole() -> tuple[list[float], Tensor]:
    problem = Problem()
    return problem.run().losses, problem.weights()


def test_the_loss_falls(whole: tuple[list[float], Tensor]) -> None:
    losses, _ = whole
    assert len(losses) == 30
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])


def test_a_run_is_repeated_by_its_seeds(whole: tuple[list[float], Tensor]) -> None:
    assert Problem().run().losses == whole[0]


def test_an_interrupted_run_goes_on_exactly(
    whole: tuple[list[float], Tensor], capsys: pytest.CaptureFixture[str]
) -> None:
    problem = Problem()
    problem.interrupt_at = 11
    history = problem.run()
    assert len(history) == 12, "the step that was under way is finished"
    said = "interrupted after step 12 of 30: run this cell again to go on from there"
    assert said in capsys.readouterr().out
    problem.interrupt_at = -1
    problem.run(history=history)
    assert history.losses == whole[0]
    assert torch.equal(problem.weights(), whole[1])


def test_a_run_much_slower_than_recorded_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = (
        "Much slower than recorded? Close other programs, or torch.set_num_threads(1), or fewer steps: nothing that is "
        "graded depends on it."
    )
    for ticks, times in ((0.1, 0), (10.0, 0), (30.0, 1)):
        clock = count(0, ticks)
        # Of a step of 30 seconds, thirty take a quarter of an hour.
        monkeypatch.setattr("course_utils.train.time.perf_counter", lambda clock=clock: float(next(clock)))
        Problem().run(progress=True)
        assert capsys.readouterr().out.count(said) == times, ticks
    Problem().run()
    assert said not in capsys.readouterr().out


def test_the_usual_answer_to_ctrl_c_is_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    Problem().run(steps=1)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_keyboard_interrupt_of_the_step_itself_is_caught_too() -> None:
    problem = Problem()

    def step(batch: tuple[Tensor, Tensor], number: int) -> Tensor:
        if number == 4:
            raise KeyboardInterrupt
        return problem.step(batch, number)

    assert len(train(step, problem.batches, problem.optimizer, steps=30, progress=False)) == 4


def written_out(problem: Problem, history: History, steps: int = 30) -> None:
    """The same training as a notebook writes it out."""
    rate = cosine(30, 3)
    for number, batch in each_step(problem.batches, steps=steps, history=history, progress=False):
        for group in problem.optimizer.param_groups:
            group["lr"] = 0.02 * rate(number)
        loss = problem.step(batch, number)
        problem.optimizer.zero_grad()
        loss.backward()
        problem.optimizer.step()
        history.losses.append(loss.item())


def test_a_loop_that_is_written_out_does_the_same(
    whole: tuple[list[float], Tensor], capsys: pytest.CaptureFixture[str]
) -> None:
    problem, history = Problem(), History()
    problem.interrupt_at = 11
    before = signal.getsignal(signal.SIGINT)
    written_out(problem, history)
    assert len(history) == 12 and len(history.seconds) == 12
    assert "interrupted after step 12 of 30" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is before
    problem.interrupt_at = -1
    written_out(problem, history)
    assert history.losses == whole[0]
    assert torch.equal(problem.weights(), whole[1])
    written_out(problem, history)
    assert len(history) == 30


def test_a_step_must_note_its_loss() -> None:
    problem, before = Problem(), signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="history should be given one loss by each step; it has 0"):
        for _ in each_step(problem.batches, steps=2, history=History(), progress=False):
            pass
    assert signal.getsignal(signal.SIGINT) is before


def test_a_fault_in_a_loop_that_is_written_out_ends_it() -> None:
    problem, before = Problem(), signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError):
        for number, _ in each_step(problem.batches, steps=2, history=History(), progress=False):
            number / 0
    assert signal.getsignal(signal.SIGINT) is before


def test_a_run_goes_on_from_its_file(whole: tuple[list[float], Tensor], tmp_path: Path) -> None:
    path = tmp_path / "runs" / "problem.pt"
    first = Problem()
    first.interrupt_at = 11
    first.run(checkpoint=first.checkpoint(path))
    assert [file.name for file in path.parent.iterdir()] == ["problem.pt"]

    second = Problem()
    history = second.run(checkpoint=second.checkpoint(path))
    assert history.losses == whole[0]
    assert torch.equal(second.weights(), whole[1])
    assert torch.equal(second.queue, torch.tensor([25.0, 26, 27, 28, 29]))


def test_a_file_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "problem.pt"
    problem = Problem()
    problem.run(steps=2, checkpoint=problem.checkpoint(path))
    other = Problem()
    other.queue = torch.zeros(6)
    with pytest.raises(
        ValueError, match=r"problem\.pt doesn't fit this run.*\(5,\) for one of \(6,\).*delete it"
    ):
        other.run(checkpoint=other.checkpoint(path))


@pytest.mark.parametrize("content", ["garbage", "half", "tensor"])
def test_a_damaged_file_is_refused_in_a_sentence(content: str, tmp_path: Path) -> None:
    path = tmp_path / "problem.pt"
    problem = Problem()
    problem.run(steps=2, checkpoint=problem.checkpoint(path))
    whole = path.read_bytes()
    if content == "tensor":
        torch.save(torch.ones(3), path)
    else:
        path.write_bytes(b"garbage" if content == "garbage" else whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"problem\.pt doesn't fit this run.*delete it") as raised:
        problem.run(checkpoint=problem.checkpoint(path))
    assert "\n" not in str(raised.value)


def test_a_number_is_no_part_of_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"but pointer is of type int; keep a number in a tensor"):
        Checkpoint(tmp_path / "moco.pt", pointer=3)  # type: ignore[arg-type]


def test_a_finished_run_isnt_trained_further(whole: tuple[list[float], Tensor]) -> None:
    problem = Problem()
    history = problem.run()
    problem.run(history=history)
    assert torch.equal(problem.weights(), whole[1])


def test_below_the_yield_the_weights_are_new() -> None:
    weight = nn.Parameter(torch.tensor(1.0))
    seen = []

    def step(batch: object, number: int) -> Generator[Tensor, None, None]:
        before = weight.item()
        yield weight.square()
        seen.append((before, weight.item()))

    train(step, [None], torch.optim.SGD([weight], lr=0.25), steps=2, progress=False)
    assert seen == [(1.0, 0.5), (0.5, 0.25)]


def test_the_schedule_multiplies_each_groups_rate() -> None:
    a, b = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(1.0))
    optimizer = torch.optim.SGD([{"params": [a], "lr": 0.4}, {"params": [b], "lr": 0.1}])
    rates = []

    def step(batch: object, number: int) -> Tensor:
        rates.append([group["lr"] for group in optimizer.param_groups])
        return a * b

    train(step, [None], optimizer, steps=3, schedule=lambda number: 1 / (1 + number), progress=False)
    assert rates == [[0.4, 0.1], [0.2, 0.05], [0.4 / 3, 0.1 / 3]]


def test_cosine_rises_then_falls_to_zero() -> None:
    rate = cosine(100, warmup=10)
    values = [rate(step) for step in range(101)]
    assert values[0] == pytest.approx(1 / 11)
    assert values[10] == 1.0
    assert values[55] == pytest.approx(0.5)
    assert values[100] == pytest.approx(0)
    assert values[:11] == sorted(values[:11]) and values[10:] == sorted(values[10:], reverse=True)
    with pytest.raises(ValueError, match="warm-up"):
        cosine(10, warmup=10)


def test_batches_cover_the_data_once_in_each_epoch() -> None:
    batches = Batches(torch.arange(10), torch.arange(10) * 2, size=5, seed=1)
    epochs = [torch.cat([batches[2 * epoch + k][0] for k in range(2)]) for epoch in range(2)]
    assert all(sorted(epoch.tolist()) == list(range(10)) for epoch in epochs)
    assert not torch.equal(*epochs)
    first, second = batches[1]
    assert torch.equal(second, 2 * first)
    assert torch.equal(Batches(torch.arange(10), size=5, seed=1)[3][0], batches[3][0])


def test_batches_refuses_what_doesnt_fit() -> None:
    with pytest.raises(ValueError, match=r"one length; these have \[3, 4\]"):
        Batches(torch.zeros(3), torch.zeros(4), size=2)
    with pytest.raises(ValueError, match="batch of 5 is more than the 3 examples"):
        Batches(torch.zeros(3), size=5)
    for size in (0, -1):
        with pytest.raises(ValueError, match=f"size is {size}"):
            Batches(torch.zeros(3), size=size)


def test_a_loader_is_started_again_for_each_epoch() -> None:
    weight = nn.Parameter(torch.tensor(1.0))
    loader = DataLoader(TensorDataset(torch.ones(6)), batch_size=3)
    history = train(
        lambda batch, number: weight * batch[0].sum(),
        loader,
        torch.optim.SGD([weight], lr=0.1),
        steps=5,
        progress=False,
    )
    assert len(history) == 5


def test_no_batches_is_an_error_and_no_endless_loop() -> None:
    weight = nn.Parameter(torch.tensor(1.0))
    with pytest.raises(ValueError, match="there are no batches"):
        train(
            lambda batch, number: weight * 1, iter([1, 2]), torch.optim.SGD([weight]), steps=5, progress=False
        )


@pytest.mark.parametrize(
    "result, error, message",
    [
        (lambda w: None, TypeError, "at step 0 it gave NoneType"),
        (lambda w: w * torch.ones(2), TypeError, r"tensor of shape \(2,\)"),
        (lambda w: w.detach(), ValueError, "step should be .*its loss has no gradient"),
        (lambda w: w / 0, FloatingPointError, "the loss is inf at step 0"),
    ],
)
def test_a_wrong_loss_is_explained(
    result: Callable[[Tensor], Any], error: type[Exception], message: str
) -> None:
    weight = nn.Parameter(torch.tensor(1.0))
    with pytest.raises(error, match=message):
        train(
            lambda batch, number: result(weight), [None], torch.optim.SGD([weight]), steps=1, progress=False
        )
    assert weight.item() == 1


def test_a_generator_without_a_loss_is_explained() -> None:
    weight = nn.Parameter(torch.tensor(1.0))
    with pytest.raises(TypeError, match="at step 0 it gave NoneType"):
        train(
            lambda batch, number: (part for part in list[Tensor]()),
            [None],
            torch.optim.SGD([weight]),
            steps=1,
            progress=False,
        )


def test_the_bar_goes_to_stdout_and_nothing_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    weight = nn.Parameter(torch.tensor(1.0))
    train(lambda batch, number: weight * 1, [None], torch.optim.SGD([weight]), steps=3)
    out, err = capsys.readouterr()
    assert "3/3" in out and "loss=" in out
    assert err == ""


def test_the_history_says_what_happened() -> None:
    assert repr(History()) == "History(no steps yet)"
    history = History([4.0, 2.0, 0.0], [1.0, 1.0, 1.0])
    assert history.smoothed(2) == [4.0, 3.0, 1.0]
    assert repr(history) == "History(3 steps, 3 s, loss 4.000 -> 2.000)"


def test_the_learning_rate_is_given_back_and_may_be_changed_between_calls() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.1)

    def step(batch: object, number: int) -> torch.Tensor:
        return weight.sum()

    train(step, [0], optimizer, steps=2, schedule=cosine(2), progress=False)
    assert optimizer.param_groups[0]["lr"] == 0.1
    before = weight.item()
    optimizer.param_groups[0]["lr"] = 0.5
    train(step, [0], optimizer, steps=1, progress=False)
    assert weight.item() == pytest.approx(before - 0.5)
