"""What is seen of a call: nothing is missed, nothing gets out, and no function can break the observer."""

import linecache

import msgspec
import pytest
import torch
from torch import Tensor, nn

from course_utils.checks.case import Case, Input, Module
from course_utils.checks.observe import CELL, cotangent, observe
from course_utils.checks.wire import MAX_TEXT, ObservationData, pack_observation, unpack_observation
from course_utils.models import build


@pytest.fixture
def case() -> Case:
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(3, 5, generator=generator, dtype=torch.float64)
    return Case({"x": Input(x, wants_grad=True), "y": Input(x.flip(0).clone()), "factor": 2.0})


def compiled(source: str, filename: str):
    """The function `f` of a cell, as a notebook or the sandbox compiles it."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = {"torch": torch}
    exec(compile(source, filename, "exec"), namespace)
    return namespace["f"]


def test_value_gradient_and_memory_are_seen(case: Case) -> None:
    seen = observe(lambda x, y, factor: factor * x, case).quantities
    x = case.inputs["x"].tensor
    assert torch.equal(seen["result"], 2 * x)
    assert torch.equal(seen["gradient.x"], 2 * cotangent(x.shape, x.dtype, "cpu"))
    assert seen["graph.result"] is True
    assert seen["memory.result~x"] is False
    assert seen["exception"] == "none"


def test_no_gradient_is_a_zero_gradient(case: Case) -> None:
    seen = observe(lambda x, y, factor: x.detach() * y, case).quantities
    assert torch.equal(seen["gradient.x"], torch.zeros(3, 5, dtype=torch.float64))


def test_a_view_of_an_input_shares_its_memory(case: Case) -> None:
    seen = observe(lambda x, y, factor: y.T, case).quantities
    assert seen["memory.result~y"] is True
    assert seen["memory.result~x"] is False


def test_inputs_are_made_anew_for_every_observation(case: Case) -> None:
    before = case.inputs["y"].tensor.clone()

    def spoil(x: Tensor, y: Tensor, factor: float) -> None:
        y.zero_()

    seen = observe(spoil, case).quantities
    assert torch.equal(seen["after.y"], torch.zeros_like(before))
    assert torch.equal(case.inputs["y"].tensor, before)


def test_what_was_returned_is_kept_when_it_changes_later() -> None:
    case = Case({"x": Input(torch.ones(2))}, (("x",), ("result",)))
    seen = observe(lambda x: x.add_(1), case).quantities
    assert seen["result#1"].tolist() == [2, 2]
    assert seen["result#2"].tolist() == [3, 3]
    assert seen["after.x"].tolist() == [3, 3]


def test_a_non_contiguous_input_holds_the_same_values() -> None:
    x = torch.arange(24.0).reshape(2, 3, 4)
    layouts = []

    def note(x: Tensor) -> Tensor:
        layouts.append(x.is_contiguous())
        return x.clone()

    seen = observe(note, Case({"x": Input(x, contiguous=False)}))
    assert layouts == [False]
    assert torch.equal(seen.quantities["result"], x)


def test_cotangent_has_no_two_equal_entries() -> None:
    values = cotangent((40, 50), torch.float64, "cpu")
    assert values.unique().numel() == 2000
    assert 0.5 < float(values.min()) < float(values.max()) < 1.5


def test_replaced_parameters_are_told_from_changed_ones() -> None:
    case = Case({"net": Module("tiny_encoder", {"width": 3}, build("tiny_encoder", width=3).state_dict())})

    def replace(net: nn.Module) -> None:
        net[0].weight = nn.Parameter(net[0].weight.detach() + 1)

    def change(net: nn.Module) -> None:
        with torch.no_grad():
            net[0].weight.add_(1)

    replaced, changed = (observe(f, case).quantities for f in (replace, change))
    assert torch.equal(replaced["module.net.0.weight"], changed["module.net.0.weight"])
    assert (replaced["same.net.0.weight"], changed["same.net.0.weight"]) == (False, True)
    assert not torch.equal(replaced["after.net.0.weight"], changed["after.net.0.weight"])


def test_buffers_are_a_kind_of_their_own() -> None:
    state = build("tiny_encoder", width=3).state_dict()
    case = Case({"net": Module("tiny_encoder", {"width": 3}, state)})
    seen = observe(lambda net: net[1].running_mean.add_(1), case)
    assert torch.equal(seen.quantities["buffer.net.1.running_mean"], state["1.running_mean"] + 1)
    assert "module.net.1.weight" in seen.quantities
    for kind in ("module", "after", "same", "grad", "own"):
        assert f"{kind}.net.1.running_mean" not in seen.quantities


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_module_has_the_state_of_the_case_in_memory_of_its_own(dtype: torch.dtype) -> None:
    state = {name: torch.full_like(value, 3) for name, value in build("tiny_encoder").state_dict().items()}
    case = Case({"net": Module("tiny_encoder", {}, state)}).to(dtype)

    def spoil(net: nn.Module) -> None:
        for tensor in (*net.parameters(), *net.buffers()):
            assert bool((tensor == 3).all())
            tensor.data.zero_()

    for _ in range(2):
        seen = observe(spoil, case).quantities
        assert (seen["exception"], seen["members.net"]) == ("none", len(state))
        assert seen["after.net.0.weight"].dtype is dtype  # type: ignore[union-attr]


@pytest.mark.parametrize("other", [{"0.bias": torch.zeros(1)}, {"5.bias": torch.zeros(5)}])
def test_a_state_that_is_not_the_models_is_refused(other: dict[str, Tensor]) -> None:
    state = build("tiny_encoder").state_dict() | other
    with pytest.raises(RuntimeError, match="Error"):
        observe(lambda net: None, Case({"net": Module("tiny_encoder", {}, state)}))


def test_without_a_state_a_module_is_as_it_was_made() -> None:
    seen = observe(lambda net: None, Case({"net": Module("tiny_encoder", {}, {}, frozen=True)})).quantities
    assert bool(seen["after.net.0.weight"].any())  # type: ignore[union-attr]
    assert seen["graph.net.0.weight"] is False


def test_encoders_that_share_memory_are_seen() -> None:
    net = Module("tiny_encoder", {"width": 3}, build("tiny_encoder", width=3).state_dict())
    case = Case({"net": net, "other": net})

    def share(net: nn.Module, other: nn.Module) -> None:
        net[0].weight.data = other[0].weight.data

    seen = observe(share, case).quantities
    assert (seen["own.net.0.weight"], seen["own.other.0.weight"], seen["own.net.0.bias"]) == (
        False,
        False,
        True,
    )


# --- exceptions -------------------------------------------------------------------------------------------------


class Mute(ValueError):
    def __str__(self) -> str:
        raise RuntimeError("no text for you")


class Own(BaseException):
    pass


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("plain"), "ValueError"),
        (Mute(), "ValueError"),
        (SystemExit(0), "SystemExit"),
        (Own("x"), "BaseException"),
        (RuntimeError("lone \ud800 surrogate, \x1b[31m colour\x00"), "RuntimeError"),
        (ValueError("x" * 10_000_000), "ValueError"),
    ],
)
def test_every_exception_is_an_observation(case: Case, error: BaseException, kind: str) -> None:
    def f(x: Tensor, y: Tensor, factor: float) -> None:
        raise error

    observation = observe(f, case)
    assert observation.quantities["exception"] == kind
    assert observation.failure is not None
    assert observation.failure.message.isprintable()
    assert len(observation.failure.message) <= 500
    assert _sent(observation).failure == observation.failure


def test_the_user_can_stop_a_check(case: Case) -> None:
    def f(x: Tensor, y: Tensor, factor: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        observe(f, case)


def test_a_broken_graph_is_an_exception_of_the_backward_pass(case: Case) -> None:
    def f(x: Tensor, y: Tensor, factor: float) -> Tensor:
        e = x.exp()
        result = e.sin()
        e.add_(1)
        return result

    assert observe(f, case).quantities["exception"] == "RuntimeError in the backward pass"


@pytest.mark.parametrize(
    "filename", [f"{CELL} 7>", "<ipython-input-3-0123456789ab>", "/tmp/ipykernel_123/456.py", "/tmp/x.py"]
)
def test_the_line_of_the_students_code_is_known(case: Case, filename: str) -> None:
    f = compiled("def f(x, y, factor):\n    z = x @ y.T\n    return torch.stack([z, factor])\n", filename)
    failure = observe(f, case).failure
    assert failure is not None
    assert (failure.line, failure.code.strip()) == (3, "return torch.stack([z, factor])")


# --- results of every kind --------------------------------------------------------------------------------------


class Sly(str):
    def __str__(self) -> str:
        raise RuntimeError


class Marked(Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        raise RuntimeError("not with me")


@pytest.mark.parametrize(
    "make",
    [
        lambda x: None,
        lambda x: torch.empty(3, device="meta"),
        lambda x: x.to_sparse(),
        lambda x: torch.quantize_per_tensor(x.detach().float(), 0.1, 0, torch.qint8),
        lambda x: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
        lambda x: x.detach().as_subclass(Marked),
        lambda x: x.to(torch.complex128) * 1j,
        lambda x: torch.view_as_complex(torch.randn(3, 2)).conj(),
        lambda x: torch.zeros(1).expand(10**13),
        lambda x: x.reshape(1, 1, 1, 1, 1, 1, 1, 3, 5),
        lambda x: x.to(torch.float8_e4m3fn),
        lambda x: Sly("text"),
        lambda x: "\ud800" * 5,
        lambda x: "\x1b[2J\u202e" * 10_000,
        lambda x: type("\x1b[2J\u202e" * 10_000, (), {})(),
        lambda x: type("Long", (list,), {"__len__": lambda self: 2**62})(),
        lambda x: 10**400,
        lambda x: float("nan"),
        lambda x: [1.0] * 1_000_000,
        lambda x: (x, (x, x), {"a": x}),
        lambda x: (i for i in range(3)),
        lambda x: x.detach().numpy(),
        lambda x: type("t" * 10_000, (), {})(),
        lambda x: lambda: x,
        lambda x: x,
    ],
)
def test_any_result_can_be_written_down_and_sent(make) -> None:  # type: ignore[no-untyped-def]
    case = Case({"x": Input(torch.randn(3, 5), wants_grad=True)})
    observation = observe(make, case)
    # No honest answer meets the bounds of what is read.
    back = _sent(observation)
    assert back.quantities.keys() == observation.quantities.keys()
    assert all(len(text) < 0.75 * MAX_TEXT for text in back.quantities.values() if isinstance(text, str))
    assert len(back.quantities) < 100


def test_a_string_cannot_pass_for_a_description() -> None:
    case = Case({"x": Input(torch.ones(2))})
    pair = observe(lambda x: (1, 2), case).quantities["result"]
    assert observe(lambda x: "a tuple or list of 2 values", case).quantities["result"] != pair


def test_arguments_can_be_ruined_in_every_way() -> None:
    state = build("tiny_encoder", width=3).state_dict()
    case = Case({"net": Module("tiny_encoder", {"width": 3}, state), "x": Input(torch.ones(4))})

    def ruin(net: nn.Module, x: Tensor) -> None:
        del net[0].weight
        net[1] = nn.Identity()
        x.resize_(0)
        x.data = torch.ones(7, dtype=torch.float64)

    seen = observe(ruin, case).quantities
    assert seen["module.net.0.weight"] is None
    assert seen["after.x"].shape == (7,)


def _sent(observation):  # type: ignore[no-untyped-def]
    data = msgspec.msgpack.encode(pack_observation(observation))
    return unpack_observation(msgspec.msgpack.decode(data, type=ObservationData))


def test_what_is_left_behind_is_seen_and_put_right() -> None:
    def careless(x: Tensor) -> Tensor:
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        return 2 * x

    case = Case({"x": Input(torch.ones(2))})
    left = observe(careless, case).quantities
    assert (left["setting.gradients"], left["setting.dtype"]) == (False, False)
    assert torch.get_default_dtype() is torch.float32
    assert torch.is_grad_enabled()
    kept = observe(lambda x: 2 * x, case).quantities
    assert (kept["setting.gradients"], kept["setting.dtype"]) == (True, True)


def test_an_earlier_result_that_changes_is_seen() -> None:
    buffer = torch.zeros(2)

    def in_one_buffer(x: Tensor) -> Tensor:
        buffer.copy_(x)
        return buffer

    case = Case({"x": Input(torch.ones(2))}).then(Case({"x": Input(torch.zeros(2))}))
    quantities = observe(in_one_buffer, case).quantities
    assert (quantities["kept.result#1"], quantities["kept.result#2"]) == (False, True)
    assert torch.equal(quantities["result#1"], torch.ones(2))  # type: ignore[arg-type]
    assert observe(lambda x: 2 * x, case).quantities["kept.result#1"] is True


def test_an_input_that_no_longer_wants_a_gradient_has_none() -> None:
    def switches_off(x: Tensor) -> Tensor:
        x.requires_grad_(False)
        return 2 * x

    quantities = observe(switches_off, Case({"x": Input(torch.ones(2), wants_grad=True)})).quantities
    assert quantities["exception"] == "none"
    assert not bool(quantities["gradient.x"].any())  # type: ignore[union-attr]


def test_a_seed_that_is_set_is_seen() -> None:
    case = Case({"x": Input(torch.ones(2))})
    with torch.random.fork_rng(devices=[]):
        assert observe(lambda x: x + torch.rand(2), case).quantities["setting.seed"] is True

        def seeds(x: Tensor) -> Tensor:
            torch.manual_seed(0)
            return x

        assert observe(seeds, case).quantities["setting.seed"] is False


def test_memory_of_its_own_is_seen() -> None:
    def moves(x: Tensor) -> None:
        x.data = 2 * x.data

    case = Case({"x": Input(torch.ones(2))})
    assert observe(moves, case).quantities["place.x"] is False
    assert observe(lambda x: x.mul_(2), case).quantities["place.x"] is True


def test_parts_of_a_module_are_seen() -> None:
    module = Module("tiny_encoder", {"width": 3}, dict(build("tiny_encoder", width=3).state_dict()))

    def careless(encoder: nn.Module) -> None:
        next(encoder.children()).eval()
        encoder.register_buffer("steps", torch.zeros(()))

    before = observe(lambda encoder: None, Case({"encoder": module})).quantities
    after = observe(careless, Case({"encoder": module})).quantities
    assert (before["mode.encoder"], after["mode.encoder"]) == (True, False)
    assert after["members.encoder"] == before["members.encoder"] + 1  # type: ignore[operator]


def test_complex_results_have_gradients() -> None:
    case = Case({"x": Input(torch.ones(3), wants_grad=True)})
    assert bool(observe(torch.fft.fft, case).quantities["gradient.x"].any())  # type: ignore[union-attr]
