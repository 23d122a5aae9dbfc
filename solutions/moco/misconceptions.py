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


@misconception("moco.moco_logits", hint="What does `F.cross_entropy` do first with what it is given?")
def probabilities(queries, keys, queue, temperature):
    """The softmax is taken already."""
    return _moco_like(queries, keys, queue, temperature).softmax(dim=1)


@misconception("moco.moco_logits", hint="The signature says of which shape the result is. Which has yours?")
def loss_returned(queries, keys, queue, temperature):
    """The cross-entropy is taken already, with 0 as the right class."""
    logits = _moco_like(queries, keys, queue, temperature)
    return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long))


@misconception("moco.moco_logits", hint="How many results does the signature name? What did you return?")
def labels_returned_as_well(queries, keys, queue, temperature):
    """The labels are returned beside the logits."""
    logits = _moco_like(queries, keys, queue, temperature)
    return logits, torch.zeros(len(logits), dtype=torch.long)


@misconception(
    "moco.moco_logits",
    hint="A cosine lies between -1 and 1. What is the largest entry of your rows, times T?",
)
def largest_taken_away(queries, keys, queue, temperature):
    """The largest logit of each row is taken away, as a stable softmax would do inside."""
    logits = _moco_like(queries, keys, queue, temperature)
    return logits - logits.detach().amax(dim=1, keepdim=True)


@misconception("moco.moco_logits", hint="Column 0 holds cosines. Do the columns behind it, too?")
def only_the_positive_is_a_cosine(queries, keys, queue, temperature):
    """The positive is a cosine, the negatives are plain dot products."""
    positives = F.cosine_similarity(queries, keys.detach()).unsqueeze(1)
    return torch.cat([positives, queries @ queue.detach()], dim=1) / temperature


@misconception(
    "moco.moco_logits", hint="A norm without `dim` gives one number. How many lengths have n queries?"
)
def one_length_for_all(queries, keys, queue, temperature):
    """Queries, keys and queue are each divided by the norm of the whole matrix."""
    keys, queue = keys.detach(), queue.detach()
    return _assemble(queries / queries.norm(), keys / keys.norm(), queue / queue.norm(), temperature)


@misconception("moco.moco_logits", hint="One query is one row. Along which dimension is its length?")
def batch_normalised_along_the_wrong_dimension(queries, keys, queue, temperature):
    """Queries and keys are normalised along dim 0 like the queue."""
    queue = F.normalize(queue.detach(), dim=0)
    return _assemble(F.normalize(queries, dim=0), F.normalize(keys.detach(), dim=0), queue, temperature)


@misconception(
    "moco.moco_logits",
    hint="Move a query along its own direction. Should its logits feel that, to first order?",
)
def length_of_the_queries_detached(queries, keys, queue, temperature):
    """The queries are divided by lengths that are constants for autograd."""
    queries = queries / queries.detach().norm(dim=1, keepdim=True)
    return _assemble(
        queries, F.normalize(keys.detach(), dim=1), F.normalize(queue.detach(), dim=0), temperature
    )


@misconception(
    "moco.moco_logits",
    hint="No gradient to the queue is one thing. Should the query not learn to keep away from it?",
)
def queries_detached_before_the_queue(queries, keys, queue, temperature):
    """The product with the queue is taken without gradients, so that the query learns from its positive only."""
    logits = _moco_like(queries, keys, queue, temperature)
    return torch.cat([logits[:, :1], logits[:, 1:].detach()], dim=1)


@misconception(
    "moco.moco_logits", hint="The queue keeps its keys for many steps. Are they the same after your call?"
)
def queue_normalised_in_place(queries, keys, queue, temperature):
    """The queue itself is made to hold vectors of length one."""
    with torch.no_grad():
        queue.div_(queue.norm(dim=0, keepdim=True))
    return _moco_like(queries, keys, queue, temperature)


@misconception(
    "moco.moco_logits",
    hint="`detach` makes a new tensor. What does `requires_grad = False` do to the caller's?",
)
def keys_and_queue_frozen(queries, keys, queue, temperature):
    """The caller's keys and queue themselves are taken off the graph."""
    keys.requires_grad_(False)
    queue.requires_grad_(False)
    return _moco_like(queries, keys, queue, temperature)


@misconception(
    "moco.moco_logits",
    hint="Is one key a row or a column of the queue? Try one with as many keys as entries.",
)
def queue_transposed(queries, keys, queue, temperature):
    """The queue is taken to hold one key per row."""
    return _moco_like(queries, keys, queue.T, temperature)


@misconception(
    "moco.moco_logits", hint="`squeeze` takes out every dimension of length one. Try a batch of one."
)
def positives_squeezed(queries, keys, queue, temperature):
    """The positives are squeezed, and with them the batch dimension of a batch of one."""
    queries, keys = F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1)
    positives = torch.bmm(queries.unsqueeze(1), keys.unsqueeze(2)).squeeze().unsqueeze(-1)
    return torch.cat([positives, queries @ F.normalize(queue.detach(), dim=0)], dim=1) / temperature


@misconception("moco.moco_logits", hint="Call your function with float64 tensors. What comes back?")
def always_float32(queries, keys, queue, temperature):
    """Everything is made float32, whatever it was."""
    return _moco_like(queries.float(), keys.float(), queue.float(), temperature)


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


@misconception("moco.momentum_update", hint="Call your function with two momenta. Do the results differ?")
def momentum_of_the_paper(query_encoder, key_encoder, momentum):
    """The momentum is 0.999, whatever is asked for."""
    _moved(query_encoder, key_encoder, 0.999)


@misconception(
    "moco.momentum_update", hint="An optimiser has a momentum as well. What does equation 2 average instead?"
)
def gradients_added(query_encoder, key_encoder, momentum):
    """The momentum is taken for an optimiser's: it is the query encoder's gradients that are averaged in."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.mul_(momentum).add_(query.grad, alpha=1 - momentum)


@misconception(
    "moco.momentum_update",
    hint="Which of the two encoders should be as before? Is it, after the second factor?",
)
def query_encoder_scaled_in_place(query_encoder, key_encoder, momentum):
    """The query encoder's share is made by multiplying its own parameters in place."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.mul_(momentum).add_(query.mul_(1 - momentum))


@misconception(
    "moco.momentum_update",
    hint="After the update, do the two encoders have memory of their own? Change one and look at the other.",
)
def average_shared(query_encoder, key_encoder, momentum):
    """The average is made in the query encoder's memory, which the key encoder's `.data` then points to."""
    for query, key in _pairs(query_encoder, key_encoder):
        key.data = query.data.mul_(1 - momentum).add_(key.data, alpha=momentum)


@misconception(
    "moco.momentum_update",
    hint="With `momentum=0` the encoders are equal. Should they also be one and the same?",
)
def tied_at_momentum_zero(query_encoder, key_encoder, momentum):
    """For a momentum of zero the key encoder is given the query encoder's own tensors."""
    for query, key in _pairs(query_encoder, key_encoder):
        key.data = query.data if momentum == 0 else momentum * key.data + (1 - momentum) * query.data


@misconception(
    "moco.momentum_update",
    hint="The key encoder's parameters never want gradients. Which of them does your loop leave out?",
)
def frozen_parameters_skipped(query_encoder, key_encoder, momentum):
    """Only parameters that want gradients are updated, which those of a key encoder don't."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            if key.requires_grad:
                key.mul_(momentum).add_(query, alpha=1 - momentum)


@misconception(
    "moco.momentum_update", hint="Which of a batch norm's tensors are parameters? Ask it for `parameters()`."
)
def norms_left_out(query_encoder, key_encoder, momentum):
    """The weights and biases of normalisation layers are taken for running statistics and left alone."""
    with torch.no_grad():
        for query, key in zip(query_encoder.modules(), key_encoder.modules(), strict=True):
            if isinstance(key, torch.nn.Linear):
                _moved(query, key, momentum)


@misconception(
    "moco.momentum_update", hint="Where is `return` in your loop, and how often does the loop run?"
)
def only_the_first_parameter(query_encoder, key_encoder, momentum):
    """The function returns from inside its loop, after the first pair of parameters."""
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.mul_(momentum).add_(query, alpha=1 - momentum)
            return


@misconception(
    "moco.momentum_update", hint="Whoever steps the optimiser next needs the gradients. Are they there?"
)
def gradients_cleared(query_encoder, key_encoder, momentum):
    """The query encoder's gradients are cleared as part of the update."""
    _moved(query_encoder, key_encoder, momentum)
    query_encoder.zero_grad()


@misconception(
    "moco.momentum_update",
    hint="Torch refuses to change a parameter that wants gradients. Is there a way that leaves the wish alone?",
)
def query_encoder_frozen(query_encoder, key_encoder, momentum):
    """To keep autograd out of it, the query encoder's parameters are told to want no gradients any more."""
    query_encoder.requires_grad_(False)
    _moved(query_encoder, key_encoder, momentum)


@misconception(
    "moco.momentum_update",
    hint="Who decides whether the key encoder's parameters want gradients: the update, or whoever built it?",
)
def key_encoder_frozen(query_encoder, key_encoder, momentum):
    """The key encoder's parameters are told to want no gradients, though the caller has not asked for that."""
    _moved(query_encoder, key_encoder, momentum)
    key_encoder.requires_grad_(False)


@misconception(
    "moco.momentum_update", hint="In which mode must a batch norm be to use the batch? In which is it now?"
)
def key_encoder_in_evaluation_mode(query_encoder, key_encoder, momentum):
    """The key encoder is put into evaluation mode, since it is not trained."""
    _moved(query_encoder, key_encoder, momentum)
    key_encoder.eval()


@misconception(
    "moco.momentum_update", hint="The update is in place. What does the signature say is returned?"
)
def key_encoder_returned(query_encoder, key_encoder, momentum):
    """The key encoder is returned."""
    _moved(query_encoder, key_encoder, momentum)
    return key_encoder


def _moved(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.mul_(momentum).add_(query, alpha=1 - momentum)


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


@misconception("moco.enqueue", hint="What becomes of a slice that reaches past the end of the queue?")
def no_wrap_around(queue, pointer, keys):
    """One slice takes the whole batch, which does not fit at the end of the queue."""
    _refuse_too_many(queue, keys)
    queue[:, pointer : pointer + keys.shape[0]] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    "moco.enqueue",
    hint="Write keys 6 to 9 into a queue of eight columns on paper. Where is the pointer then?",
)
def nothing_wraps(queue, pointer, keys):
    """Neither the keys nor the pointer go round, as if the queue had no end."""
    queue[:, pointer : pointer + keys.shape[0]] = keys.detach().T
    return pointer + keys.shape[0]


@misconception(
    "moco.enqueue", hint="The last batch of an epoch is often smaller. Where does the next batch begin then?"
)
def size_a_multiple_of_the_batch(queue, pointer, keys):
    """The queue's size is asserted to be a multiple of the batch size, so that one slice always fits."""
    assert queue.shape[1] % keys.shape[0] == 0
    queue[:, pointer : pointer + keys.shape[0]] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    "moco.enqueue",
    hint="One key per column: which entry of `queue.shape` is the number of keys? What is `len`?",
)
def rows_counted(queue, pointer, keys):
    """The number of rows of the queue is taken for the number of keys it holds."""
    size = len(queue)
    if len(keys) > size:
        raise ValueError("too many keys")
    queue[:, torch.arange(pointer, pointer + len(keys)) % size] = keys.detach().T
    return (pointer + len(keys)) % size


@misconception("moco.enqueue", hint="Is one key a row or a column of the queue? Which index comes first?")
def one_key_per_row(queue, pointer, keys):
    """The keys are written into rows of the queue."""
    size = queue.shape[0]
    if len(keys) > size:
        raise ValueError("too many keys")
    queue[torch.arange(pointer, pointer + len(keys)) % size] = keys.detach()
    return (pointer + len(keys)) % size


@misconception("moco.enqueue", hint="Call your function twice. Where does the second batch go?")
def always_from_column_0(queue, pointer, keys):
    """Every batch is written from column 0 on, wherever the pointer is."""
    _refuse_too_many(queue, keys)
    queue[:, : keys.shape[0]] = keys.detach().T
    return keys.shape[0] % queue.shape[1]


@misconception(
    "moco.enqueue", hint="Key i goes to column pointer + i. What changes from key to key in your loop?"
)
def all_keys_in_one_column(queue, pointer, keys):
    """Every key of the batch is written to the same column, since the pointer moves only after the loop."""
    _refuse_too_many(queue, keys)
    for key in keys.detach():
        queue[:, pointer] = key
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    "moco.enqueue", hint="Which keys are the oldest: those at the pointer, or always those at the far end?"
)
def newest_in_front(queue, pointer, keys):
    """The new keys are put in front of all others, and the last columns fall off."""
    _refuse_too_many(queue, keys)
    queue.copy_(torch.cat([keys.detach().T, queue[:, : queue.shape[1] - keys.shape[0]]], dim=1))
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception("moco.enqueue", hint="How many columns past the end of the queue did the batch reach?")
def pointer_back_to_0(queue, pointer, keys):
    """Once it runs past the end the pointer goes back to column 0, though keys were written there."""
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    pointer += keys.shape[0]
    return pointer if pointer < queue.shape[1] else 0


@misconception("moco.enqueue", hint="Is there a column with the number k in a queue of k columns?")
def pointer_behind_the_last_column(queue, pointer, keys):
    """The pointer may stand one past the last column, where the queue was filled exactly to its end."""
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    pointer += keys.shape[0]
    return pointer if pointer <= queue.shape[1] else pointer - queue.shape[1]


@misconception("moco.enqueue", hint="Which dimension of the batch counts the keys?")
def pointer_advanced_by_the_dimension(queue, pointer, keys):
    """The pointer moves on by the number of entries of one key."""
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    return (pointer + keys.shape[1]) % queue.shape[1]


@misconception(
    "moco.enqueue", hint="An int cannot be changed in place. How does the caller learn where to go on?"
)
def pointer_not_returned(queue, pointer, keys):
    """The pointer is changed inside the function only."""
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    pointer = (pointer + keys.shape[0]) % queue.shape[1]


@misconception("moco.enqueue", hint="The queue is changed in place. What is left to return?")
def queue_returned_as_well(queue, pointer, keys):
    """The queue is returned beside the pointer."""
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    return queue, (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    "moco.enqueue", hint="Which exception does the docstring promise, and what does `assert` raise?"
)
def too_many_asserted(queue, pointer, keys):
    """A batch larger than the queue fails an assertion."""
    assert keys.shape[0] <= queue.shape[1]
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    "moco.enqueue", hint="When do you look whether there is room: before the first key, or on the way?"
)
def refused_when_full(queue, pointer, keys):
    """A batch larger than the queue is refused only after as much of it as fits was written."""
    for i, key in enumerate(keys.detach()):
        if i == queue.shape[1]:
            raise ValueError("too many keys")
        queue[:, (pointer + i) % queue.shape[1]] = key
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    "moco.enqueue", hint="Would the caller rather know of lost keys, or not? What does the docstring say?"
)
def surplus_dropped(queue, pointer, keys):
    """Of a batch larger than the queue the first keys are stored, and the others are dropped in silence."""
    keys = keys[: queue.shape[1]]
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception("moco.enqueue", hint="How many keys are too many for a queue of five? Is five?")
def full_batch_refused(queue, pointer, keys):
    """A batch of as many keys as columns is refused as well."""
    if keys.shape[0] >= queue.shape[1]:
        raise ValueError("too many keys")
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    "moco.enqueue",
    hint="`detach` makes a new tensor. What does `requires_grad = False` do to the caller's?",
)
def keys_frozen(queue, pointer, keys):
    """The caller's keys themselves are taken off the graph."""
    queue[:, _columns(queue, pointer, keys)] = keys.requires_grad_(False).T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    "moco.enqueue",
    hint="The caller still has the keys of this batch. Are they as they were, after your call?",
)
def keys_normalised_in_place(queue, pointer, keys):
    """The keys themselves are made to have length one before they are stored."""
    with torch.no_grad():
        keys.div_(keys.norm(dim=1, keepdim=True))
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception("moco.enqueue", hint="Store a float64 key and look at its last digits. Are they the same?")
def through_float32(queue, pointer, keys):
    """The keys are made float32 on their way, whatever they and the queue are."""
    queue[:, _columns(queue, pointer, keys)] = keys.detach().float().T.to(queue.dtype)
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception("moco.enqueue", hint="`squeeze` takes out every dimension of length one. Try a single key.")
def single_key_squeezed(queue, pointer, keys):
    """The keys are squeezed, and with them the batch dimension of a single key."""
    queue[:, _columns(queue, pointer, keys)] = keys.detach().squeeze().t()
    return (pointer + keys.shape[0]) % queue.shape[1]


def _refuse_too_many(queue, keys):
    if keys.shape[0] > queue.shape[1]:
        raise ValueError("too many keys")


def _columns(queue, pointer, keys):
    _refuse_too_many(queue, keys)
    return torch.arange(pointer, pointer + keys.shape[0]) % queue.shape[1]
