"""Right answers to `moco.enqueue` that are written otherwise than the reference."""

from collections import deque
from functools import partial
from itertools import cycle, islice

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from course_utils.checks import RightAnswer, right

# --- column after column -------------------------------------------------------------------------------------------


def _fits(queue, keys):
    if len(keys) > queue.shape[1]:
        raise ValueError("too many keys")


@right
def key_by_key(queue, pointer, keys):
    _fits(queue, keys)
    for key in keys.detach():
        queue[:, pointer] = key
        pointer = (pointer + 1) % queue.shape[1]
    return pointer


@right
def data_of_both(queue, pointer, keys):
    if keys.shape[0] > queue.shape[1]:
        raise ValueError
    for i in range(keys.shape[0]):
        queue.data[:, (pointer + i) % queue.shape[1]] = keys.data[i]
    pointer += keys.shape[0]
    return pointer - queue.shape[1] if pointer >= queue.shape[1] else pointer


@right
@torch.inference_mode()
def columns_in_inference_mode(queue, pointer, keys):
    _fits(queue, keys)
    for i in range(len(keys)):
        queue[:, (pointer + i) % queue.shape[1]].copy_(keys[i])
    return (pointer + len(keys)) % queue.shape[1]


@right
def columns_in_a_cycle(queue, pointer, keys):
    _fits(queue, keys)
    columns = cycle(range(queue.shape[1]))
    for column, key in zip(islice(columns, pointer, pointer + len(keys)), keys.detach(), strict=True):
        queue.select(1, column).copy_(key)
    return next(columns)


@right
def columns_as_a_list(queue, pointer, keys):
    _fits(queue, keys)
    columns = list(queue.clone().unbind(1))
    for i, key in enumerate(keys.detach().unbind()):
        columns[(pointer + i) % len(columns)] = key
    queue.copy_(torch.stack(columns, dim=1))
    return (pointer + len(keys)) % len(columns)


@right
def columns_in_a_deque(queue, pointer, keys):
    _fits(queue, keys)
    oldest_first = deque(queue.clone().T, maxlen=queue.shape[1])
    oldest_first.rotate(-pointer)
    oldest_first.extend(keys.detach())
    pointer = (pointer + len(keys)) % queue.shape[1]
    oldest_first.rotate(pointer)
    queue[:] = torch.stack(list(oldest_first)).T
    return pointer


@right
def numbers_of_python(queue, pointer, keys):
    _fits(queue, keys)
    size = queue.shape[1]
    for i, row in enumerate(keys.tolist()):
        for d, number in enumerate(row):
            queue[d, (pointer + i) % size] = number
    return (pointer + len(keys)) % size


# --- slices --------------------------------------------------------------------------------------------------------


@right
def two_slices(queue, pointer, keys):
    _fits(queue, keys)
    n, k = len(keys), queue.size(1)
    first = min(n, k - pointer)
    with torch.no_grad():
        queue[:, pointer : pointer + first] = keys[:first].T
        queue[:, : n - first] = keys[first:].T
    return (pointer + n) % k


@right
def end_and_beginning(queue, pointer, keys):
    _fits(queue, keys)
    end, size = pointer + keys.size(0), queue.size(1)
    new = keys.detach().t()
    if end <= size:
        queue[:, pointer:end] = new
        return 0 if end == size else end
    tail, head = torch.split(new, [size - pointer, end - size], dim=1)
    queue.narrow(1, pointer, size - pointer).copy_(tail)
    queue.narrow(1, 0, end - size).copy_(head)
    return end - size


@right
def once_more_with_the_rest(queue, pointer, keys):
    _fits(queue, keys)

    def write(pointer, keys):
        room = queue.shape[1] - pointer
        queue[:, pointer : pointer + len(keys)] = keys[:room].T
        return pointer + len(keys) if len(keys) < room else write(0, keys[room:])

    return write(pointer, keys.detach())


@right
def pieces_joined(queue, pointer, keys):
    n, k = keys.shape[0], queue.shape[1]
    _fits(queue, keys)
    new, end = keys.detach().T.clone(), pointer + n
    if end <= k:
        joined = torch.cat([queue[:, :pointer], new, queue[:, end:]], 1)
    else:
        joined = torch.cat([new[:, k - pointer :], queue[:, end - k : pointer], new[:, : k - pointer]], 1)
    queue[:] = joined
    return end % k


@right
def rolled(queue, pointer, keys):
    _fits(queue, keys)
    turned = queue.roll(-pointer, dims=1)
    turned[:, : len(keys)] = keys.detach().T
    queue.copy_(turned.roll(pointer, dims=1))
    return (pointer + keys.shape[0]) % queue.shape[1]


@right
def queue_twice_in_a_row(queue, pointer, keys):
    _fits(queue, keys)
    size, end = queue.shape[1], pointer + len(keys)
    twice = torch.cat([queue, queue], dim=1)
    twice[:, pointer:end] = keys.detach().T
    beyond = max(end - size, 0)
    queue.copy_(torch.cat([twice[:, size : size + beyond], twice[:, beyond:size]], dim=1))
    return end % size


# --- indices -------------------------------------------------------------------------------------------------------


@right
@torch.no_grad()
def index_copy(queue, pointer, keys):
    _fits(queue, keys)
    columns = torch.arange(pointer, pointer + len(keys), device=queue.device) % queue.shape[1]
    queue.index_copy_(1, columns, keys.t())
    return (pointer + len(keys)) % queue.shape[1]


@right
def index_emptied_and_added(queue, pointer, keys):
    _fits(queue, keys)
    columns = (pointer + torch.arange(len(keys), device=queue.device)).fmod(queue.shape[1])
    queue.index_fill_(1, columns, 0).index_add_(1, columns, keys.detach().T)
    return (pointer + len(keys)) % queue.shape[1]


@right
def index_put_with_an_exception_of_its_own(queue, pointer, keys):
    class TooMany(ValueError):
        pass

    if queue.shape[1] < keys.shape[0]:
        raise TooMany(f"{keys.shape[0]}")
    rows = torch.arange(queue.shape[0], device=queue.device)[:, None]
    columns = (torch.arange(len(keys), device=queue.device) + pointer)[None] % queue.shape[1]
    queue.data.index_put_((rows, columns), keys.detach().T)
    return divmod(pointer + len(keys), queue.shape[1])[1]


@right
def scattered(queue, pointer, keys):
    _fits(queue, keys)
    columns = torch.remainder(torch.arange(len(keys), device=queue.device) + pointer, queue.shape[1])
    queue.scatter_(1, columns.expand(queue.shape[0], -1), keys.detach().T)
    return int((columns[-1] + 1) % queue.shape[1])


@right
def pointer_as_a_tensor_inside(queue, pointer, keys):
    _fits(queue, keys)
    place = torch.tensor([pointer], device=queue.device)
    queue.T[(torch.arange(len(keys), device=queue.device) + place) % queue.shape[1]] = keys.detach()
    place[0] = (place + len(keys)) % queue.shape[1]
    return place.item()


@right
def numpy_integer_pointer(queue, pointer, keys):
    _fits(queue, keys)
    columns = np.arange(pointer, pointer + len(keys)) % queue.shape[1]
    queue[:, columns.tolist()] = keys.detach().T
    return np.int64(pointer + len(keys)).item() % queue.shape[1]


@right
def numpy_memory(queue, pointer, keys):
    _fits(queue, keys)
    there = queue.cpu().numpy()
    np.put_along_axis(
        there,
        np.arange(pointer, pointer + len(keys))[None] % queue.shape[1],
        keys.detach().cpu().numpy().T,
        axis=1,
    )
    queue.copy_(torch.from_numpy(there))
    return int((pointer + len(keys)) % queue.shape[1])


# --- masks ---------------------------------------------------------------------------------------------------------


@right
def masked_by_age(queue, pointer, keys):
    _fits(queue, keys)
    age = (torch.arange(queue.shape[1], device=queue.device) - pointer) % queue.shape[1]
    padded = torch.cat([keys.data, keys.data.new_zeros(queue.shape[1] - len(keys), keys.shape[1])])
    queue.copy_(torch.where(age < len(keys), padded[age].T, queue))
    return (pointer + len(keys)) % queue.shape[1]


@right
def one_hot_product(queue, pointer, keys):
    _fits(queue, keys)
    size = queue.shape[1]
    columns = torch.arange(pointer, pointer + len(keys), device=queue.device) % size
    places = F.one_hot(columns, size).to(queue.dtype)
    queue.mul_(1 - places.sum(0)).add_(keys.detach().T @ places)
    return (pointer + len(keys)) % size


@right
def masked_scatter_in_the_right_turn(queue, pointer, keys):
    _fits(queue, keys)
    size, end = queue.shape[1], pointer + len(keys)
    columns = torch.arange(size, device=queue.device)
    mask = (columns >= pointer) & (columns < end) | (columns < end - size)
    # A mask is filled from the left, where the batch's last keys belong once it has come round.
    wrapped = max(end - size, 0)
    queue.masked_scatter_(mask.expand_as(queue), keys.detach().roll(wrapped, 0).T.contiguous())
    return end % size


# --- the form of the answer ----------------------------------------------------------------------------------------


@right
def enqueue_with_types_and_an_option(
    queue: Float[Tensor, "d k"], pointer: int, keys: Float[Tensor, "n d"], *, strict: bool = True
) -> int:
    size, count = queue.shape[1], keys.shape[0]
    if strict and count > size:
        raise ValueError(f"{count} keys for {size} columns")
    columns: Tensor = torch.arange(pointer, pointer + count, device=queue.device) % size
    queue[:, columns] = keys.detach().T
    return (pointer + count) % size


class _Fifo:
    """Writes into a queue that it is shown for one call only."""

    def __call__(self, queue, pointer, keys):
        self.check(queue, keys)
        for start, part in self.parts(queue.shape[1], pointer, keys.detach()):
            queue[:, start : start + len(part)] = part.T
        return (pointer + len(keys)) % queue.shape[1]

    def check(self, queue, keys):
        if keys.size(0) > queue.size(1):
            raise ValueError("the batch is larger than the queue")

    def parts(self, size, pointer, keys):
        yield pointer, keys[: size - pointer]
        yield 0, keys[size - pointer :]


def _put(write, queue, pointer, keys):
    _fits(queue, keys)
    columns = (torch.arange(len(keys), device=queue.device) + pointer) % queue.shape[1]
    write(queue, 1, columns, keys.detach().T)
    return (pointer + len(keys)) % queue.shape[1]


ENQUEUE_OBJECT = RightAnswer("an-object-that-is-called", _Fifo())


ENQUEUE_PARTIAL = RightAnswer("partial", partial(_put, Tensor.index_copy_))


ENQUEUE_LAMBDA = RightAnswer(
    "lambda", lambda queue, pointer, keys: _put(Tensor.index_copy_, queue, pointer, keys)
)
