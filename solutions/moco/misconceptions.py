"""Wrong ideas about the exercises of the unit *moco*, each with an implementation and a hint."""

import copy

import torch
import torch.nn.functional as F

from course_utils.checks import misconception

# --- moco.moco_logits -------------------------------------------------------------------------------------------


def _assemble(queries, keys, queue, temperature):
    positives = (queries * keys).sum(dim=1, keepdim=True)
    return torch.cat([positives, queries @ queue], dim=1) / temperature


@misconception("moco.moco_logits", hint="Which dimension of the queue runs over the entries of one key?")
def queue_not_normalised(queries, keys, queue, temperature):
    """The queue is taken to hold vectors of length one already."""
    return _assemble(
        F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1), queue.detach(), temperature
    )


@misconception(
    "moco.moco_logits", hint="One key is one column of the queue. Along which dimension is its length?"
)
def queue_normalised_along_the_wrong_dimension(queries, keys, queue, temperature):
    """The queue is normalised across keys instead of across the entries of each key."""
    queue = F.normalize(queue.detach(), dim=1)
    return _assemble(F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1), queue, temperature)


@misconception(
    "moco.moco_logits", hint="A cosine does not change when a vector is made longer. Does your result?"
)
def nothing_normalised(queries, keys, queue, temperature):
    """Dot products are used in the place of cosines."""
    return _assemble(queries, keys.detach(), queue.detach(), temperature)


@misconception(
    "moco.moco_logits",
    hint="Make one query twice as long. Which of its logits should change, and by how much?",
)
def queries_not_normalised(queries, keys, queue, temperature):
    """The queries are taken to have length one already."""
    return _assemble(
        queries, F.normalize(keys.detach(), dim=1), F.normalize(queue.detach(), dim=0), temperature
    )


@misconception("moco.moco_logits", hint="Column 0 should hold cosines, like the others. Does it?")
def keys_not_normalised(queries, keys, queue, temperature):
    """The keys are taken to have length one already."""
    return _assemble(
        F.normalize(queries, dim=1), keys.detach(), F.normalize(queue.detach(), dim=0), temperature
    )


@misconception(
    "moco.moco_logits",
    hint="Which of the three tensors should receive a gradient? Does it, in your function?",
)
def queries_detached(queries, keys, queue, temperature):
    """Nothing is on the graph, not even the queries: everything is under `no_grad`."""
    return _moco_like(queries.detach(), keys, queue, temperature)


@misconception(
    "moco.moco_logits",
    hint="The queue holds keys of earlier batches. Should your loss change how they were made?",
)
def gradient_through_the_queue(queries, keys, queue, temperature):
    """The keys are detached, but the queue is not."""
    return _assemble(
        F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1), F.normalize(queue, dim=0), temperature
    )


@misconception(
    "moco.moco_logits",
    hint="The keys of this batch come from an encoder as well. Does the optimiser train it?",
)
def gradient_through_the_keys_of_the_batch(queries, keys, queue, temperature):
    """The queue is detached, but the keys of the batch are not."""
    return _assemble(
        F.normalize(queries, dim=1), F.normalize(keys, dim=1), F.normalize(queue.detach(), dim=0), temperature
    )


@misconception(
    "moco.moco_logits", hint="How many positives does one query have? Look at the signature's shape."
)
def all_keys_of_the_batch(queries, keys, queue, temperature):
    """Every query is compared with all keys of the batch, as in SimCLR, and then with the queue."""
    queries, candidates = F.normalize(queries, dim=1), torch.cat([keys.detach().T, queue.detach()], dim=1)
    return queries @ F.normalize(candidates, dim=0) / temperature


@misconception("moco.moco_logits", hint="Call your function with two temperatures. Do the results differ?")
def temperature_left_out(queries, keys, queue, temperature):
    """The temperature has no effect."""
    return _moco_like(queries, keys, queue, 1.0)


@misconception("moco.moco_logits", hint="Which of the two encoders does the optimiser train?")
def gradient_through_keys(queries, keys, queue, temperature):
    """Keys and queue are part of the loss like the queries, so the gradient reaches them."""
    return _assemble(
        F.normalize(queries, dim=1), F.normalize(keys, dim=1), F.normalize(queue, dim=0), temperature
    )


@misconception("moco.moco_logits", hint="The softmax compares all columns. Are they all on the same scale?")
def temperature_on_negatives_only(queries, keys, queue, temperature):
    """Only the negatives are divided by the temperature."""
    logits = _assemble(
        F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1), F.normalize(queue.detach(), dim=0), 1
    )
    return torch.cat([logits[:, :1], logits[:, 1:] / temperature], dim=1)


@misconception("moco.moco_logits", hint="The softmax compares all columns. Are they all on the same scale?")
def temperature_on_positives_only(queries, keys, queue, temperature):
    """Only the positive is divided by the temperature."""
    logits = _assemble(
        F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1), F.normalize(queue.detach(), dim=0), 1
    )
    return torch.cat([logits[:, :1] / temperature, logits[:, 1:]], dim=1)


@misconception("moco.moco_logits", hint="A small temperature makes the softmax sharper. What does yours do?")
def multiplied_by_temperature(queries, keys, queue, temperature):
    """The logits are multiplied by the temperature."""
    return _moco_like(queries, keys, queue, 1 / temperature)


@misconception("moco.moco_logits", hint="The labels are all 0. Which column must then hold the positive?")
def positive_last(queries, keys, queue, temperature):
    """The positive stands in the last column."""
    logits = _moco_like(queries, keys, queue, temperature)
    return torch.cat([logits[:, 1:], logits[:, :1]], dim=1)


def _moco_like(queries, keys, queue, temperature):
    return _assemble(
        F.normalize(queries, dim=1),
        F.normalize(keys.detach(), dim=1),
        F.normalize(queue.detach(), dim=0),
        temperature,
    )


# --- moco.momentum_update ---------------------------------------------------------------------------------------


def _pairs(query_encoder, key_encoder):
    return zip(query_encoder.parameters(), key_encoder.parameters(), strict=True)


@misconception(
    "moco.momentum_update", hint="With momentum 0.999, how much of the key encoder should survive one step?"
)
def momentum_swapped(query_encoder, key_encoder, momentum):
    """The momentum weighs the query encoder and 1 - momentum the key encoder."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.mul_(1 - momentum).add_(query, alpha=momentum)


@misconception("moco.momentum_update", hint="Which of the two encoders is the slow one?")
def query_encoder_updated(query_encoder, key_encoder, momentum):
    """The query encoder is moved towards the key encoder."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            query.mul_(momentum).add_(key, alpha=1 - momentum)


@misconception("moco.momentum_update", hint="If both encoders are equal, what should the update change?")
def missing_one_minus(query_encoder, key_encoder, momentum):
    """The query encoder is added with weight one."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.mul_(momentum).add_(query)


@misconception("moco.momentum_update", hint="Equation 2 speaks of parameters. What else is in a state_dict?")
def buffers_averaged(query_encoder, key_encoder, momentum):
    """Running statistics are averaged like parameters."""
    with torch.no_grad():
        query_state, key_state = query_encoder.state_dict(), key_encoder.state_dict()
        for name, key in key_state.items():
            if key.is_floating_point():
                key.mul_(momentum).add_(query_state[name], alpha=1 - momentum)


@misconception(
    "moco.momentum_update",
    hint="Equation 2 speaks of parameters. Is the number of batches seen so far one?",
)
def whole_state_dict_averaged(query_encoder, key_encoder, momentum):
    """Everything in the state_dict is averaged, counters of batches too."""
    state, other = key_encoder.state_dict(), query_encoder.state_dict()
    key_encoder.load_state_dict(
        {name: momentum * value + (1 - momentum) * other[name] for name, value in state.items()}
    )


@misconception("moco.momentum_update", hint="A layer has more than one parameter. Do all of yours move?")
def weights_only(query_encoder, key_encoder, momentum):
    """Biases are left out."""
    with torch.no_grad():
        queries = dict(query_encoder.named_parameters())
        for name, key in key_encoder.named_parameters():
            if name.endswith("weight"):
                key.mul_(momentum).add_(queries[name], alpha=1 - momentum)


@misconception(
    "moco.momentum_update",
    hint="The key encoder's parameters asked for no gradient before the call. Do they now?",
)
def update_on_the_graph(query_encoder, key_encoder, momentum):
    """Autograd records the update, so that the key encoder hangs on the query encoder."""
    for query, key in _pairs(query_encoder, key_encoder):
        key.mul_(momentum).add_(query, alpha=1 - momentum)


@misconception(
    "moco.momentum_update",
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
    "moco.momentum_update",
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
    "moco.momentum_update",
    hint="`key = ...` gives a name to a new tensor. What happens to the encoder's own?",
)
def only_a_local_name(query_encoder, key_encoder, momentum):
    """The average is bound to a local name and never reaches the encoder."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key = momentum * key + (1 - momentum) * query  # noqa: PLW2901 - the misconception itself


@misconception("moco.momentum_update", hint="What is left of the key encoder after a copy?")
def copied(query_encoder, key_encoder, momentum):
    """The key encoder becomes a copy of the query encoder."""
    with torch.no_grad():
        for query, key in _pairs(copy.deepcopy(query_encoder), key_encoder):
            key.copy_(query)


# --- moco.enqueue -----------------------------------------------------------------------------------------------


@misconception("moco.enqueue", hint="Where should the next batch go?")
def pointer_not_advanced(queue, pointer, keys):
    """The pointer is returned as it came."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = keys.detach().T
    return pointer


@misconception("moco.enqueue", hint="How many columns did this batch fill?")
def pointer_advanced_by_one(queue, pointer, keys):
    """The pointer moves by one, whatever the batch size is."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = keys.detach().T
    return (pointer + 1) % queue.shape[1]


@misconception("moco.enqueue", hint="The docstring says of which type the pointer is. Which does yours have?")
def pointer_as_a_tensor(queue, pointer, keys):
    """The new pointer is a tensor."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = keys.detach().T
    return (columns[-1] + 1) % queue.shape[1]


@misconception("moco.enqueue", hint="Is the returned column the oldest key's, or the newest's?")
def pointer_on_the_last_one_written(queue, pointer, keys):
    """The pointer stands at the last column written, not behind it."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = keys.detach().T
    return int(columns[-1])


@misconception("moco.enqueue", hint="Which columns stay unused when a batch does not fit before the end?")
def starts_over_at_column_0(queue, pointer, keys):
    """A batch that does not fit before the end of the queue is written from column 0 on."""
    _refuse_too_many(queue, keys)
    if pointer + keys.shape[0] > queue.shape[1]:
        pointer = 0
    queue[:, pointer : pointer + keys.shape[0]] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    "moco.enqueue", hint="What becomes of the first keys of a batch that is larger than the queue?"
)
def too_many_accepted(queue, pointer, keys):
    """A batch larger than the queue overwrites itself."""
    for key in keys.detach():
        queue[:, pointer] = key
        pointer = (pointer + 1) % queue.shape[1]
    return pointer


@misconception("moco.enqueue", hint="What should happen to the keys that come after the last column?")
def overflow_dropped(queue, pointer, keys):
    """Keys that do not fit before the end of the queue are dropped."""
    _refuse_too_many(queue, keys)
    room = min(keys.shape[0], queue.shape[1] - pointer)
    queue[:, pointer : pointer + room] = keys[:room].detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception("moco.enqueue", hint="The pointer is a column of the queue. Which columns are there?")
def pointer_does_not_wrap(queue, pointer, keys):
    """The keys wrap around, but the pointer runs past the end of the queue."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = keys.detach().T
    return pointer + keys.shape[0]


@misconception(
    "moco.enqueue", hint="Shifting is first in, first out as well, but is the oldest key at the pointer then?"
)
def shifted_instead_of_overwritten(queue, pointer, keys):
    """All columns move to the left and the new keys are appended at the end."""
    _refuse_too_many(queue, keys)
    queue.copy_(torch.cat([queue[:, keys.shape[0] :], keys.detach().T], dim=1))
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception("moco.enqueue", hint="The caller keeps the queue that was passed in. Does it change?")
def queue_rebound(queue, pointer, keys):
    """A changed copy of the queue is bound to a local name."""
    columns = _columns(queue, pointer, keys)
    queue = queue.clone()
    queue[:, columns] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    "moco.enqueue",
    hint="The queue lives for the whole training. What does it drag along if its keys have a graph?",
)
def keys_on_the_graph(queue, pointer, keys):
    """The keys are stored with their autograd graph."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = keys.T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception("moco.enqueue", hint="The docstring says how the keys are to be stored.")
def keys_normalised(queue, pointer, keys):
    """The keys are normalised on the way into the queue."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = F.normalize(keys.detach(), dim=1).T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    "moco.enqueue",
    hint="Does a row of the batch become a column of the queue? Try keys that you can tell apart.",
)
def reshaped_not_transposed(queue, pointer, keys):
    """The batch is reshaped to d x n, which mixes the entries of different keys."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = keys.detach().reshape(keys.shape[1], keys.shape[0])
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception("moco.enqueue", hint="Which keys of the batch are left when the last column is full?")
def wrapped_part_starts_over(queue, pointer, keys):
    """What goes to the front of the queue is the beginning of the batch again, not the rest of it."""
    _refuse_too_many(queue, keys)
    room = min(keys.shape[0], queue.shape[1] - pointer)
    queue[:, pointer : pointer + room] = keys[:room].detach().T
    queue[:, : keys.shape[0] - room] = keys[: keys.shape[0] - room].detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


def _refuse_too_many(queue, keys):
    if keys.shape[0] > queue.shape[1]:
        raise ValueError("too many keys")


def _columns(queue, pointer, keys):
    _refuse_too_many(queue, keys)
    return torch.arange(pointer, pointer + keys.shape[0]) % queue.shape[1]
