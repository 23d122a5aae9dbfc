"""Wrong answers to `moco.momentum_update`: ideas with a name and a hint, then others."""

import copy
from collections.abc import Iterator

import torch
from torch import nn

from course_utils.checks import misconception, wrong


def _pairs(query_encoder, key_encoder):
    return zip(query_encoder.parameters(), key_encoder.parameters(), strict=True)


@misconception(hint="With momentum 0.999, how much of the key encoder should survive one step?")
def momentum_swapped(query_encoder, key_encoder, momentum):
    """The momentum weighs the query encoder and 1 - momentum the key encoder."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.mul_(1 - momentum).add_(query, alpha=momentum)


@misconception(hint="Which of the two encoders is the slow one?")
def query_encoder_updated(query_encoder, key_encoder, momentum):
    """The query encoder is moved towards the key encoder."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            query.mul_(momentum).add_(key, alpha=1 - momentum)


@misconception(hint="If both encoders are equal, what should the update change?")
def missing_one_minus(query_encoder, key_encoder, momentum):
    """The query encoder is added with weight one."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.mul_(momentum).add_(query)


@misconception(hint="Equation 2 speaks of parameters. What else is in a state_dict?")
def buffers_averaged(query_encoder, key_encoder, momentum):
    """Running statistics are averaged like parameters."""
    with torch.no_grad():
        query_state, key_state = query_encoder.state_dict(), key_encoder.state_dict()
        for name, key in key_state.items():
            if key.is_floating_point():
                key.mul_(momentum).add_(query_state[name], alpha=1 - momentum)


@misconception(
    hint="Equation 2 speaks of parameters. Is the number of batches seen so far one?",
)
def whole_state_dict_averaged(query_encoder, key_encoder, momentum):
    """Everything in the state_dict is averaged, counters of batches too."""
    state, other = key_encoder.state_dict(), query_encoder.state_dict()
    key_encoder.load_state_dict(
        {name: momentum * value + (1 - momentum) * other[name] for name, value in state.items()}
    )


@misconception(hint="A layer has more than one parameter. Do all of yours move?")
def weights_only(query_encoder, key_encoder, momentum):
    """Biases are left out."""
    with torch.no_grad():
        queries = dict(query_encoder.named_parameters())
        for name, key in key_encoder.named_parameters():
            if name.endswith("weight"):
                key.mul_(momentum).add_(queries[name], alpha=1 - momentum)


@misconception(
    hint="The key encoder's parameters asked for no gradient before the call. Do they now?",
)
def update_on_the_graph(query_encoder, key_encoder, momentum):
    """Autograd records the update, so that the key encoder hangs on the query encoder."""
    for query, key in _pairs(query_encoder, key_encoder):
        key.mul_(momentum).add_(query, alpha=1 - momentum)


@misconception(
    hint="Equation 2 speaks of parameters. Whose running statistics does the key encoder hold now?",
)
def buffers_copied(query_encoder, key_encoder, momentum):
    """The parameters are averaged, and the query encoder's running statistics are copied along."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.mul_(momentum).add_(query, alpha=1 - momentum)
        for query, key in zip(query_encoder.buffers(), key_encoder.buffers(), strict=True):
            key.copy_(query)


@misconception(
    hint="Someone else may hold the key encoder's parameters. Do they still see them move?",
)
def parameters_replaced(query_encoder, key_encoder, momentum):
    """New parameters are put into the key encoder in place of changing the old ones."""
    for (name, query), (_, key) in zip(
        list(query_encoder.named_parameters()), list(key_encoder.named_parameters()), strict=True
    ):
        owner, _, attribute = name.rpartition(".")
        value = momentum * key.detach() + (1 - momentum) * query.detach()
        setattr(
            key_encoder.get_submodule(owner),
            attribute,
            torch.nn.Parameter(value, requires_grad=key.requires_grad),
        )


@misconception(
    hint="`key = ...` gives a name to a new tensor. What happens to the encoder's own?",
)
def only_a_local_name(query_encoder, key_encoder, momentum):
    """The average is bound to a local name and never reaches the encoder."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key = momentum * key + (1 - momentum) * query  # noqa: PLW2901 - the misconception itself


@misconception(hint="What is left of the key encoder after a copy?")
def copied(query_encoder, key_encoder, momentum):
    """The key encoder becomes a copy of the query encoder."""
    with torch.no_grad():
        for query, key in _pairs(copy.deepcopy(query_encoder), key_encoder):
            key.copy_(query)


@misconception(hint="Call your function with two momenta. Do the results differ?")
def momentum_of_the_paper(query_encoder, key_encoder, momentum):
    """The momentum is 0.999, whatever is asked for."""
    _moved(query_encoder, key_encoder, 0.999)


@misconception(hint="An optimiser has a momentum as well. What does equation 2 average instead?")
def gradients_added(query_encoder, key_encoder, momentum):
    """The momentum is taken for an optimiser's: it is the query encoder's gradients that are averaged in."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.mul_(momentum).add_(query.grad, alpha=1 - momentum)


@misconception(
    hint="Which of the two encoders should be as before? Is it, after the second factor?",
)
def query_encoder_scaled_in_place(query_encoder, key_encoder, momentum):
    """The query encoder's share is made by multiplying its own parameters in place."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.mul_(momentum).add_(query.mul_(1 - momentum))


@misconception(
    hint="After the update, do the two encoders have memory of their own? Change one and look at the other.",
)
def average_shared(query_encoder, key_encoder, momentum):
    """The average is made in the query encoder's memory, which the key encoder's `.data` then points to."""
    for query, key in _pairs(query_encoder, key_encoder):
        key.data = query.data.mul_(1 - momentum).add_(key.data, alpha=momentum)


@misconception(
    hint="With `momentum=0` the encoders are equal. Should they also be one and the same?",
)
def tied_at_momentum_zero(query_encoder, key_encoder, momentum):
    """For a momentum of zero the key encoder is given the query encoder's own tensors."""
    for query, key in _pairs(query_encoder, key_encoder):
        key.data = query.data if momentum == 0 else momentum * key.data + (1 - momentum) * query.data


@misconception(
    hint="The key encoder's parameters never want gradients. Which of them does your loop leave out?",
)
def frozen_parameters_skipped(query_encoder, key_encoder, momentum):
    """Only parameters that want gradients are updated, which those of a key encoder don't."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            if key.requires_grad:
                key.mul_(momentum).add_(query, alpha=1 - momentum)


@misconception(hint="Which of a batch norm's tensors are parameters? Ask it for `parameters()`.")
def norms_left_out(query_encoder, key_encoder, momentum):
    """The weights and biases of normalisation layers are taken for running statistics and left alone."""
    with torch.no_grad():
        for query, key in zip(query_encoder.modules(), key_encoder.modules(), strict=True):
            if not isinstance(key, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                for mine, other in zip(
                    key.parameters(recurse=False), query.parameters(recurse=False), strict=True
                ):
                    mine.mul_(momentum).add_(other, alpha=1 - momentum)


@misconception(
    hint="Print the names of all parameters. Which lie deeper than `children()` looks, or in the encoder itself?",
)
def only_direct_children(query_encoder, key_encoder, momentum):
    """Only the parameters of the encoder's direct children move: not those deeper inside, nor its own."""
    with torch.no_grad():
        for query, key in zip(query_encoder.children(), key_encoder.children(), strict=True):
            for mine, other in zip(
                key.parameters(recurse=False), query.parameters(recurse=False), strict=True
            ):
                mine.mul_(momentum).add_(other, alpha=1 - momentum)


@misconception(
    hint="`children()` shows the modules that an encoder holds. May an encoder hold a parameter itself?",
)
def own_parameters_left_out(query_encoder, key_encoder, momentum):
    """The encoder's children move with all that is inside them, but no parameter that the encoder holds itself."""
    for query, key in zip(query_encoder.children(), key_encoder.children(), strict=True):
        _moved(query, key, momentum)


@misconception(
    hint="Part of an encoder may be frozen. Does equation 2 ask which parameters the optimiser trains?",
)
def frozen_queries_skipped(query_encoder, key_encoder, momentum):
    """Only what the query encoder trains is averaged: where its parameter is frozen, the key encoder's stays."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            if query.requires_grad:
                key.mul_(momentum).add_(query, alpha=1 - momentum)


@misconception(
    hint="If both encoders are equal, should the key encoder change? Add up the two weights of your mean.",
)
def old_value_kept_whole(query_encoder, key_encoder, momentum):
    """The query encoder's share is added, and all of the key encoder's parameter is kept."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.add_(query, alpha=1 - momentum)


@misconception(hint="Where is `return` in your loop, and how often does the loop run?")
def only_the_first_parameter(query_encoder, key_encoder, momentum):
    """The function returns from inside its loop, after the first pair of parameters."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.mul_(momentum).add_(query, alpha=1 - momentum)
            return


@misconception(hint="Whoever steps the optimiser next needs the gradients. Are they there?")
def gradients_cleared(query_encoder, key_encoder, momentum):
    """The query encoder's gradients are cleared as part of the update."""
    _moved(query_encoder, key_encoder, momentum)
    query_encoder.zero_grad()


@misconception(
    hint="Torch refuses to change a parameter that wants gradients. Is there a way that leaves the wish alone?",
)
def query_encoder_frozen(query_encoder, key_encoder, momentum):
    """To keep autograd out of it, the query encoder's parameters are told to want no gradients any more."""
    query_encoder.requires_grad_(False)
    _moved(query_encoder, key_encoder, momentum)


@misconception(
    hint="Who decides whether the key encoder's parameters want gradients: the update, or whoever built it?",
)
def key_encoder_frozen(query_encoder, key_encoder, momentum):
    """The key encoder's parameters are told to want no gradients, though the caller has not asked for that."""
    _moved(query_encoder, key_encoder, momentum)
    key_encoder.requires_grad_(False)


@misconception(hint="In which mode must a batch norm be to use the batch? In which is it now?")
def key_encoder_in_evaluation_mode(query_encoder, key_encoder, momentum):
    """The key encoder is put into evaluation mode, since it is not trained."""
    _moved(query_encoder, key_encoder, momentum)
    key_encoder.eval()


@misconception(hint="The update is in place. What does the signature say is returned?")
def key_encoder_returned(query_encoder, key_encoder, momentum):
    """The key encoder is returned."""
    _moved(query_encoder, key_encoder, momentum)
    return key_encoder


def _moved(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.mul_(momentum).add_(query, alpha=1 - momentum)


@misconception(hint="`momentum or ...`: for which number in [0, 1] is that something else?")
def momentum_of_zero_taken_for_none(query_encoder, key_encoder, momentum):
    """A momentum of zero counts as not given, and that of the paper takes its place."""
    _moved(query_encoder, key_encoder, momentum or 0.999)


@misconception(hint="Does a weight of exactly zero take part in the average?")
def zeros_of_the_query_encoder_skipped(query_encoder, key_encoder, momentum):
    """Where the query encoder's weight is exactly zero, the key encoder's stays."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.copy_(torch.where(query == 0, key, momentum * key + (1 - momentum) * query))


# --- without a name ----------------------------------------------------------------------------------------------


def _pairs_here(query_encoder, key_encoder) -> Iterator[tuple[nn.Parameter, nn.Parameter]]:
    return zip(query_encoder.parameters(), key_encoder.parameters(), strict=True)


@torch.no_grad()
def _update(query_encoder, key_encoder, momentum):
    for query, key in _pairs_here(query_encoder, key_encoder):
        key.mul_(momentum).add_(query, alpha=1 - momentum)


@wrong
def returns_the_encoder(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    return key_encoder


@wrong
def momentum_of_the_paper_otherwise(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, 0.999)


@wrong
def both_move(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs_here(query_encoder, key_encoder):
            before = key.clone()
            key.lerp_(query, 1 - momentum)
            query.lerp_(before, 1 - momentum)


@wrong
def gradients_cleared_otherwise(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    query_encoder.zero_grad()


@wrong
def set_to_evaluation(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    key_encoder.eval()


@wrong
def unfrozen(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    key_encoder.requires_grad_(True)


@wrong
def query_frozen(query_encoder, key_encoder, momentum):
    query_encoder.requires_grad_(False)
    _update(query_encoder, key_encoder, momentum)


@wrong
def whole_state_averaged(query_encoder, key_encoder, momentum):
    state, other = key_encoder.state_dict(), query_encoder.state_dict()
    key_encoder.load_state_dict({k: momentum * v + (1 - momentum) * other[k] for k, v in state.items()})


@wrong
def twice(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    _update(query_encoder, key_encoder, momentum)


@wrong
def a_copy_is_updated(query_encoder, key_encoder, momentum):
    key_encoder = copy.deepcopy(key_encoder)
    _update(query_encoder, key_encoder, momentum)


@wrong
def shared_when_momentum_is_zero(query_encoder, key_encoder, momentum):
    for query, key in _pairs_here(query_encoder, key_encoder):
        key.data = query.data if momentum == 0 else momentum * key.data + (1 - momentum) * query.data


@wrong
def gradients_averaged_too(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    for query, key in _pairs_here(query_encoder, key_encoder):
        key.grad = (1 - momentum) * query.grad


@wrong
def batch_counter_copied(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    for query, key in zip(query_encoder.modules(), key_encoder.modules(), strict=True):
        if isinstance(key, nn.BatchNorm1d):
            key.get_buffer("num_batches_tracked").copy_(query.get_buffer("num_batches_tracked"))


@wrong
def running_statistics_reset(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    for key in key_encoder.modules():
        if isinstance(key, nn.BatchNorm1d):
            key.reset_running_stats()


@wrong
def without_the_norms(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs_here(query_encoder, key_encoder):
            if key.ndim > 1:
                key.mul_(momentum).add_(query, alpha=1 - momentum)


@wrong
def parameters_that_want_gradients(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs_here(query_encoder, key_encoder):
            if key.requires_grad:
                key.lerp_(query, 1 - momentum)


@wrong
def momentum_warmed_up(query_encoder, key_encoder, momentum, steps=[0]):  # noqa: B006 - the fault
    steps[0] += 1
    _update(query_encoder, key_encoder, min(momentum, (1 + steps[0]) / (10 + steps[0])))


@wrong
def momentum_rounded(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, round(momentum, 2))


@wrong
def momentum_never_zero(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum or 0.999)


@wrong
def gradients_added_instead(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs_here(query_encoder, key_encoder):
            key.mul_(momentum).add_(query.grad, alpha=1 - momentum)  # type: ignore[arg-type]  # None: raises


@wrong
def gradient_step_on_top(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    with torch.no_grad():
        for query, _ in _pairs_here(query_encoder, key_encoder):
            query.sub_(query.grad, alpha=1e-3)  # type: ignore[arg-type]  # None: raises


@wrong
def update_in_half_precision(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs_here(query_encoder, key_encoder):
            key.copy_(torch.lerp(query.float().half(), key.float().half(), momentum))


@wrong
def update_in_single_precision(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs_here(query_encoder, key_encoder):
            key.copy_(torch.lerp(query.float(), key.float(), momentum))


@wrong
def update_with_a_little_noise(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    with torch.no_grad():
        for parameter in key_encoder.parameters():
            parameter.add_(1e-3 * torch.randn_like(parameter))


@wrong
def last_parameter_left_out(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in list(_pairs_here(query_encoder, key_encoder))[:-1]:
            key.lerp_(query, 1 - momentum)


@wrong
def first_encoders_remembered(query_encoder, key_encoder, momentum, kept=[]):  # noqa: B006 - the fault
    kept.append(list(_pairs_here(query_encoder, key_encoder)))
    with torch.no_grad():
        for query, key in kept[0]:
            key.lerp_(query, 1 - momentum)


@wrong
def query_left_without_gradients(query_encoder, key_encoder, momentum):
    query_encoder.requires_grad_(False)
    for query, key in _pairs_here(query_encoder, key_encoder):
        key.mul_(momentum).add_(query, alpha=1 - momentum)
    query_encoder.requires_grad_(True)
    for query in query_encoder.parameters():
        query.grad = None


@wrong
def encoders_trade_their_statistics(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    for query, key in zip(query_encoder.buffers(), key_encoder.buffers(), strict=True):
        query.copy_(key)


@wrong
def tied_together(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    for query, key in _pairs_here(query_encoder, key_encoder):
        query.data = key.data


@wrong
def parameters_of_a_loaded_copy(query_encoder, key_encoder, momentum):
    mean = copy.deepcopy(key_encoder)
    _update(query_encoder, mean, momentum)
    for name, child in mean.named_children():
        setattr(key_encoder, name, child)


@wrong
def zeros_of_the_key_encoder_skipped(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs_here(query_encoder, key_encoder):
            key.copy_(torch.where(key == 0, key, momentum * key + (1 - momentum) * query))


@wrong
def parameters_of_zeros_skipped(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs_here(query_encoder, key_encoder):
            if query.any():
                key.mul_(momentum).add_(query, alpha=1 - momentum)


@wrong
def weights_below_zero_cut_off(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    with torch.no_grad():
        for key in key_encoder.parameters():
            key.clamp_(min=0)


@wrong
def weights_cut_off_at_ten(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    with torch.no_grad():
        for key in key_encoder.parameters():
            key.clamp_(-10, 10)


@wrong
def layers_of_a_sequence(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in zip(query_encoder, key_encoder, strict=True):
            for name in ("weight", "bias"):
                if getattr(key, name, None) is not None:
                    getattr(key, name).lerp_(getattr(query, name), 1 - momentum)


@wrong
def children_and_all_inside(query_encoder, key_encoder, momentum):
    for query, key in zip(query_encoder.named_children(), key_encoder.named_children(), strict=True):
        _update(query[1], key[1], momentum)


@wrong
def trained_parameters_alone(query_encoder, key_encoder, momentum):
    wanted = {name for name, value in query_encoder.named_parameters() if value.requires_grad}
    queries = dict(query_encoder.named_parameters())
    with torch.no_grad():
        for name, key in key_encoder.named_parameters():
            if name in wanted:
                key.lerp_(queries[name], 1 - momentum)


@wrong
def everything_trained_afterwards(query_encoder, key_encoder, momentum):
    query_encoder.requires_grad_(False)
    _update(query_encoder, key_encoder, momentum)
    query_encoder.requires_grad_(True)


@wrong
def first_32_weights_of_each_parameter(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs_here(query_encoder, key_encoder):
            old, new = key.view(-1)[:32], query.reshape(-1)[:32]
            old.mul_(momentum).add_(new, alpha=1 - momentum)
