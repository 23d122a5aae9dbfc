"""Wrong answers to `moco.enqueue`: ideas with a name and a hint, then others."""

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, wrong


@misconception(hint="Where should the next batch go?")
def pointer_not_advanced(queue, pointer, keys):
    """The pointer is returned as it came."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = keys.detach().T
    return pointer


@misconception(hint="How many columns did this batch fill?")
def pointer_advanced_by_one(queue, pointer, keys):
    """The pointer moves by one, whatever the batch size is."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = keys.detach().T
    return (pointer + 1) % queue.shape[1]


@misconception(hint="The docstring says of which type the pointer is. Which does yours have?")
def pointer_as_a_tensor(queue, pointer, keys):
    """The new pointer is a tensor."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = keys.detach().T
    return (columns[-1] + 1) % queue.shape[1]


@misconception(hint="Is the returned column the oldest key's, or the newest's?")
def pointer_on_the_last_one_written(queue, pointer, keys):
    """The pointer stands at the last column written, not behind it."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = keys.detach().T
    return int(columns[-1])


@misconception(hint="Which columns stay unused when a batch does not fit before the end?")
def starts_over_at_column_0(queue, pointer, keys):
    """A batch that does not fit before the end of the queue is written from column 0 on."""
    _refuse_too_many(queue, keys)
    if pointer + keys.shape[0] > queue.shape[1]:
        pointer = 0
    queue[:, pointer : pointer + keys.shape[0]] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="What becomes of the first keys of a batch that is larger than the queue?")
def too_many_accepted(queue, pointer, keys):
    """A batch larger than the queue overwrites itself."""
    for key in keys.detach():
        queue[:, pointer] = key
        pointer = (pointer + 1) % queue.shape[1]
    return pointer


@misconception(hint="What should happen to the keys that come after the last column?")
def overflow_dropped(queue, pointer, keys):
    """Keys that do not fit before the end of the queue are dropped."""
    _refuse_too_many(queue, keys)
    room = min(keys.shape[0], queue.shape[1] - pointer)
    queue[:, pointer : pointer + room] = keys[:room].detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="The pointer is a column of the queue. Which columns are there?")
def pointer_does_not_wrap(queue, pointer, keys):
    """The keys wrap around, but the pointer runs past the end of the queue."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = keys.detach().T
    return pointer + keys.shape[0]


@misconception(hint="Shifting is first in, first out as well, but is the oldest key at the pointer then?")
def shifted_instead_of_overwritten(queue, pointer, keys):
    """All columns move to the left and the new keys are appended at the end."""
    _refuse_too_many(queue, keys)
    queue.copy_(torch.cat([queue[:, keys.shape[0] :], keys.detach().T], dim=1))
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="The caller keeps the queue that was passed in. Does it change?")
def queue_rebound(queue, pointer, keys):
    """A changed copy of the queue is bound to a local name."""
    columns = _columns(queue, pointer, keys)
    queue = queue.clone()
    queue[:, columns] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    hint="The queue lives for the whole training. What does it drag along if its keys have a graph?",
)
def keys_on_the_graph(queue, pointer, keys):
    """The keys are stored with their autograd graph."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = keys.T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="The docstring says how the keys are to be stored.")
def keys_normalised(queue, pointer, keys):
    """The keys are normalised on the way into the queue."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = F.normalize(keys.detach(), dim=1).T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    hint="Does a row of the batch become a column of the queue? Try keys that you can tell apart.",
)
def reshaped_not_transposed(queue, pointer, keys):
    """The batch is reshaped to d x n, which mixes the entries of different keys."""
    columns = _columns(queue, pointer, keys)
    queue[:, columns] = keys.detach().reshape(keys.shape[1], keys.shape[0])
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="Which keys of the batch are left when the last column is full?")
def wrapped_part_starts_over(queue, pointer, keys):
    """What goes to the front of the queue is the beginning of the batch again, not the rest of it."""
    _refuse_too_many(queue, keys)
    room = min(keys.shape[0], queue.shape[1] - pointer)
    queue[:, pointer : pointer + room] = keys[:room].detach().T
    queue[:, : keys.shape[0] - room] = keys[: keys.shape[0] - room].detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="What becomes of a slice that reaches past the end of the queue?")
def no_wrap_around(queue, pointer, keys):
    """One slice takes the whole batch, which does not fit at the end of the queue."""
    _refuse_too_many(queue, keys)
    queue[:, pointer : pointer + keys.shape[0]] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    hint="Write keys 6 to 9 into a queue of eight columns on paper. Where is the pointer then?",
)
def nothing_wraps(queue, pointer, keys):
    """Neither the keys nor the pointer go round, as if the queue had no end."""
    queue[:, pointer : pointer + keys.shape[0]] = keys.detach().T
    return pointer + keys.shape[0]


@misconception(hint="The last batch of an epoch is often smaller. Where does the next batch begin then?")
def size_a_multiple_of_the_batch(queue, pointer, keys):
    """The queue's size is asserted to be a multiple of the batch size, so that one slice always fits."""
    assert queue.shape[1] % keys.shape[0] == 0
    queue[:, pointer : pointer + keys.shape[0]] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    hint="One key per column: which entry of `queue.shape` is the number of keys? What is `len`?",
)
def rows_counted(queue, pointer, keys):
    """The number of rows of the queue is taken for the number of keys it holds."""
    size = len(queue)
    if len(keys) > size:
        raise ValueError("too many keys")
    queue[:, torch.arange(pointer, pointer + len(keys)) % size] = keys.detach().T
    return (pointer + len(keys)) % size


@misconception(hint="Is one key a row or a column of the queue? Which index comes first?")
def one_key_per_row(queue, pointer, keys):
    """The keys are written into rows of the queue."""
    size = queue.shape[0]
    if len(keys) > size:
        raise ValueError("too many keys")
    queue[torch.arange(pointer, pointer + len(keys)) % size] = keys.detach()
    return (pointer + len(keys)) % size


@misconception(hint="Call your function twice. Where does the second batch go?")
def always_from_column_0(queue, pointer, keys):
    """Every batch is written from column 0 on, wherever the pointer is."""
    _refuse_too_many(queue, keys)
    queue[:, : keys.shape[0]] = keys.detach().T
    return keys.shape[0] % queue.shape[1]


@misconception(hint="The pointer goes on as it should. Do the keys of the second batch go where it stands?")
def written_from_column_0(queue, pointer, keys):
    """The keys are always written from column 0 on, though the pointer that is returned goes round."""
    _refuse_too_many(queue, keys)
    queue[:, : keys.shape[0]] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="Which column gets the first key: the one at the pointer, or one before it?")
def written_before_the_pointer(queue, pointer, keys):
    """The batch ends where the pointer stands, instead of beginning there."""
    queue[:, (_columns(queue, pointer, keys) - keys.shape[0]) % queue.shape[1]] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="Is the column at the pointer filled already, or is it the one for the next key?")
def written_behind_the_pointer(queue, pointer, keys):
    """The first key goes to the column after the pointer."""
    queue[:, (_columns(queue, pointer, keys) + 1) % queue.shape[1]] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="The first key is in column 3. On which side of it is the second one?")
def written_backwards(queue, pointer, keys):
    """The keys go to the left from the pointer on, and the pointer moves with them."""
    _refuse_too_many(queue, keys)
    queue[:, (pointer - torch.arange(keys.shape[0])) % queue.shape[1]] = keys.detach().T
    return (pointer - keys.shape[0]) % queue.shape[1]


@misconception(hint="Key i goes to column pointer + i. What changes from key to key in your loop?")
def all_keys_in_one_column(queue, pointer, keys):
    """Every key of the batch is written to the same column, since the pointer moves only after the loop."""
    _refuse_too_many(queue, keys)
    for key in keys.detach():
        queue[:, pointer] = key
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="Which keys are the oldest: those at the pointer, or always those at the far end?")
def newest_in_front(queue, pointer, keys):
    """The new keys are put in front of all others, and the last columns fall off."""
    _refuse_too_many(queue, keys)
    queue.copy_(torch.cat([keys.detach().T, queue[:, : queue.shape[1] - keys.shape[0]]], dim=1))
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="How many columns past the end of the queue did the batch reach?")
def pointer_back_to_0(queue, pointer, keys):
    """Once it runs past the end the pointer goes back to column 0, though keys were written there."""
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    pointer += keys.shape[0]
    return pointer if pointer < queue.shape[1] else 0


@misconception(hint="Is there a column with the number k in a queue of k columns?")
def pointer_behind_the_last_column(queue, pointer, keys):
    """The pointer may stand one past the last column, where the queue was filled exactly to its end."""
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    pointer += keys.shape[0]
    return pointer if pointer <= queue.shape[1] else pointer - queue.shape[1]


@misconception(hint="Which dimension of the batch counts the keys?")
def pointer_advanced_by_the_dimension(queue, pointer, keys):
    """The pointer moves on by the number of entries of one key."""
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    return (pointer + keys.shape[1]) % queue.shape[1]


@misconception(hint="An int cannot be changed in place. How does the caller learn where to go on?")
def pointer_not_returned(queue, pointer, keys):
    """The pointer is changed inside the function only."""
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    pointer = (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="The queue is changed in place. What is left to return?")
def queue_returned_as_well(queue, pointer, keys):
    """The queue is returned beside the pointer."""
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    return queue, (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="Which exception does the docstring promise, and what does `assert` raise?")
def too_many_asserted(queue, pointer, keys):
    """A batch larger than the queue fails an assertion."""
    assert keys.shape[0] <= queue.shape[1]
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="When do you look whether there is room: before the first key, or on the way?")
def refused_when_full(queue, pointer, keys):
    """A batch larger than the queue is refused only after as much of it as fits was written."""
    for i, key in enumerate(keys.detach()):
        if i == queue.shape[1]:
            raise ValueError("too many keys")
        queue[:, (pointer + i) % queue.shape[1]] = key
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="Would the caller rather know of lost keys, or not? What does the docstring say?")
def surplus_dropped(queue, pointer, keys):
    """Of a batch larger than the queue the first keys are stored, and the others are dropped in silence."""
    keys = keys[: queue.shape[1]]
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="How many keys are too many for a queue of five? Is five?")
def full_batch_refused(queue, pointer, keys):
    """A batch of as many keys as columns is refused as well."""
    if keys.shape[0] >= queue.shape[1]:
        raise ValueError("too many keys")
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    hint="`detach` makes a new tensor. What does `requires_grad = False` do to the caller's?",
)
def keys_frozen(queue, pointer, keys):
    """The caller's keys themselves are taken off the graph."""
    queue[:, _columns(queue, pointer, keys)] = keys.requires_grad_(False).T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(
    hint="The caller still has the keys of this batch. Are they as they were, after your call?",
)
def keys_normalised_in_place(queue, pointer, keys):
    """The keys themselves are made to have length one before they are stored."""
    with torch.no_grad():
        keys.div_(keys.norm(dim=1, keepdim=True))
    queue[:, _columns(queue, pointer, keys)] = keys.detach().T
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="Store a float64 key and look at its last digits. Are they the same?")
def through_float32(queue, pointer, keys):
    """The keys are made float32 on their way, whatever they and the queue are."""
    queue[:, _columns(queue, pointer, keys)] = keys.detach().float().T.to(queue.dtype)
    return (pointer + keys.shape[0]) % queue.shape[1]


@misconception(hint="`squeeze` takes out every dimension of length one. Try a single key.")
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


@misconception(hint="Keys are stored as given. What if one of their entries is 0?")
def zero_entries_not_written(queue, pointer, keys):
    """Entries of keys that are exactly zero leave the queue as it was."""
    columns, new = _columns(queue, pointer, keys), keys.detach().T
    queue[:, columns] = torch.where(new == 0, queue[:, columns], new)
    return (pointer + keys.shape[0]) % queue.shape[1]


# --- without a name ----------------------------------------------------------------------------------------------


@wrong
def orientation_of_the_queue_guessed(queue, pointer, keys):
    rows = queue if queue.shape[1] == keys.shape[1] else queue.T
    _fits(rows.T, keys)
    rows[(torch.arange(len(keys)) + pointer) % len(rows)] = keys.detach()
    return (pointer + len(keys)) % len(rows)


def _fits(queue, keys):
    if len(keys) > queue.shape[1]:
        raise ValueError("too many keys")


def _write(queue, pointer, keys):
    queue[:, (torch.arange(len(keys)) + pointer) % queue.shape[1]] = keys.detach().T
    return (pointer + len(keys)) % queue.shape[1]


@wrong
def refused_after_writing(queue, pointer, keys):
    for i, key in enumerate(keys.detach()):
        if i >= queue.shape[1]:
            raise ValueError("full")
        queue[:, (pointer + i) % queue.shape[1]] = key
    return (pointer + len(keys)) % queue.shape[1]


@wrong
def asserts(queue, pointer, keys):
    assert len(keys) <= queue.shape[1]
    return _write(queue, pointer, keys)


@wrong
def full_batch_refused_otherwise(queue, pointer, keys):
    if len(keys) >= queue.shape[1]:
        raise ValueError("too many keys")
    return _write(queue, pointer, keys)


@wrong
def only_divisors_of_the_size(queue, pointer, keys):
    if queue.shape[1] % len(keys):
        raise ValueError("the queue's size must be a multiple of the batch size")
    return _write(queue, pointer, keys)


@wrong
def no_wrap_as_in_the_official_code(queue, pointer, keys):
    _fits(queue, keys)
    queue[:, pointer : pointer + len(keys)] = keys.detach().T
    return (pointer + len(keys)) % queue.shape[1]


@wrong
def pointer_as_a_tensor_otherwise(queue, pointer, keys):
    _fits(queue, keys)
    return torch.as_tensor(_write(queue, pointer, keys))


@wrong
def pointer_as_a_float(queue, pointer, keys):
    _fits(queue, keys)
    return float(_write(queue, pointer, keys))


@wrong
def batch_in_reverse(queue, pointer, keys):
    _fits(queue, keys)
    return _write(queue, pointer, keys.flip(0))


@wrong
def pointer_equal_to_the_size(queue, pointer, keys):
    _fits(queue, keys)
    _write(queue, pointer, keys)
    end = pointer + len(keys)
    return end if end <= queue.shape[1] else end - queue.shape[1]


@wrong
def returns_queue_and_pointer(queue, pointer, keys):
    _fits(queue, keys)
    return queue, _write(queue, pointer, keys)


@wrong
def data_replaced(queue, pointer, keys):
    _fits(queue, keys)
    new = queue.clone()
    pointer = _write(new, pointer, keys)
    queue.data = new.T
    return pointer


@wrong
def wraps_to_the_second_column(queue, pointer, keys):
    _fits(queue, keys)
    n, k = len(keys), queue.shape[1]
    room = min(n, k - pointer)
    queue[:, pointer : pointer + room] = keys[:room].detach().T
    queue[:, 1 : 1 + n - room] = keys[room:].detach().T
    return (pointer + n) % k


@wrong
def keys_are_changed(queue, pointer, keys):
    _fits(queue, keys)
    pointer = _write(queue, pointer, keys)
    keys.data.zero_()
    return pointer


@wrong
def stored_in_half_precision(queue, pointer, keys):
    _fits(queue, keys)
    return _write(queue, pointer, keys.half().to(keys.dtype))


@wrong
def stored_with_a_little_noise(queue, pointer, keys):
    _fits(queue, keys)
    return _write(queue, pointer, keys + 1e-3 * torch.randn_like(keys))


@wrong
def slice_to_the_new_pointer(queue, pointer, keys):
    _fits(queue, keys)
    new = (pointer + len(keys)) % queue.shape[1]
    if new > pointer:
        queue[:, pointer:new] = keys.detach().T
    else:
        queue[:, pointer:] = keys[: queue.shape[1] - pointer].detach().T
        queue[:, :new] = keys[len(keys) - new :].flip(0).detach().T
    return new


@wrong
def full_batch_leaves_no_slice(queue, pointer, keys):
    _fits(queue, keys)
    if len(keys) == queue.shape[1]:
        return pointer
    return _write(queue, pointer, keys)


@wrong
def full_batch_written_from_zero(queue, pointer, keys):
    _fits(queue, keys)
    if len(keys) == queue.shape[1]:
        queue.copy_(keys.detach().T)
        return pointer
    return _write(queue, pointer, keys)


@wrong
def single_key_squeezed_otherwise(queue, pointer, keys):
    _fits(queue, keys)
    keys = keys.squeeze(0)
    columns = (torch.arange(len(keys)) + pointer) % queue.shape[1]
    queue[:, columns] = keys.detach().t()
    return (pointer + len(keys)) % queue.shape[1]


@wrong
def pointer_of_its_own(queue, pointer, keys, state={}):  # noqa: B006 - the fault
    _fits(queue, keys)
    pointer = state.get("pointer", pointer) % queue.shape[1]
    state["pointer"] = _write(queue, pointer, keys)
    return state["pointer"]


@wrong
def pointer_is_the_number_of_keys_seen(queue, pointer, keys, seen=[0]):  # noqa: B006 - the fault
    _fits(queue, keys)
    _write(queue, pointer, keys)
    seen[0] += len(keys)
    return seen[0] % queue.shape[1]


@wrong
def first_queue_kept(queue, pointer, keys, kept=[]):  # noqa: B006 - the fault
    _fits(queue, keys)
    kept.append(queue)
    if kept[0].shape == queue.shape:
        return _write(kept[0], pointer, keys)
    return (pointer + len(keys)) % queue.shape[1]


@wrong
def two_columns_at_a_time(queue, pointer, keys):
    _fits(queue, keys)
    count = len(keys) // 2 * 2
    _write(queue, pointer, keys[:count])
    return (pointer + len(keys)) % queue.shape[1]


@wrong
def half_of_the_queue_at_most(queue, pointer, keys):
    if len(keys) > queue.shape[1] // 2:
        raise ValueError("too many keys")
    return _write(queue, pointer, keys)


@wrong
def type_error_for_too_many(queue, pointer, keys):
    if len(keys) > queue.shape[1]:
        raise TypeError("too many keys")
    return _write(queue, pointer, keys)


@wrong
def too_many_cut_off(queue, pointer, keys):
    return _write(queue, pointer, keys[: queue.shape[1]])


@wrong
def memory_of_the_queue(queue, pointer, keys):
    _fits(queue, keys)
    flat = torch.as_strided(queue, (queue.numel(),), (1,))
    for i, key in enumerate(keys.detach()):
        column = (pointer + i) % queue.shape[1]
        flat[column :: queue.shape[1]] = key
    return (pointer + len(keys)) % queue.shape[1]


@wrong
def moving_average_of_columns(queue, pointer, keys):
    _fits(queue, keys)
    columns = (torch.arange(len(keys)) + pointer) % queue.shape[1]
    queue[:, columns] = 0.99 * keys.detach().T + 0.01 * queue[:, columns]
    return (pointer + len(keys)) % queue.shape[1]


@wrong
def beyond_the_end_added_up(queue, pointer, keys):
    _fits(queue, keys)
    size = queue.shape[1]
    room = min(len(keys), size - pointer)
    queue[:, pointer : pointer + room] = keys[:room].detach().T
    queue[:, : len(keys) - room] += keys[room:].detach().T
    return (pointer + len(keys)) % size


@wrong
def keys_switched_off(queue, pointer, keys):
    _fits(queue, keys)
    return _write(queue, pointer, keys.requires_grad_(False))


@wrong
def keys_of_zeros_left_out(queue, pointer, keys):
    _fits(queue, keys)
    return _write(queue, pointer, keys[keys.any(dim=1)])


@wrong
def equal_keys_once(queue, pointer, keys):
    _fits(queue, keys)
    kept = [i for i, key in enumerate(keys) if not any(torch.equal(key, other) for other in keys[:i])]
    return _write(queue, pointer, keys[kept])


@wrong
def keys_that_are_there_left_out(queue, pointer, keys):
    _fits(queue, keys)
    kept = [i for i, key in enumerate(keys.detach()) if not (queue.T == key).all(dim=1).any()]
    return _write(queue, pointer, keys[kept])


@wrong
def empty_columns_first(queue, pointer, keys):
    empty = (~queue.any(dim=0)).nonzero()
    return _write(queue, int(empty[0]) if len(empty) else pointer, keys)


@wrong
def first_32_keys(queue, pointer, keys):
    _fits(queue, keys)
    _write(queue, pointer, keys[:32])
    return (pointer + len(keys)) % queue.shape[1]


@wrong
def last_piece_of_the_keys_lost(queue, pointer, keys):
    _fits(queue, keys)
    _write(queue, pointer, keys[: len(keys) // 16 * 16 or len(keys)])
    return (pointer + len(keys)) % queue.shape[1]


@wrong
def first_32_columns(queue, pointer, keys):
    _fits(queue, keys)
    if len(keys) > 32:
        return _write(queue, pointer, keys)
    return _write(queue[:, :32], pointer % min(32, queue.shape[1]), keys)


@wrong
def entries_cut_off_at_a_hundred(queue, pointer, keys):
    _fits(queue, keys)
    return _write(queue, pointer, keys.clamp(-100, 100))
