"""Wrong answers to `moco.moco_logits`: ideas with a name and a hint, then others."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks import misconception, wrong


def _assemble(queries, keys, queue, temperature):
    positives = (queries * keys).sum(dim=1, keepdim=True)
    return torch.cat([positives, queries @ queue], dim=1) / temperature


@misconception(hint="Which dimension of the queue runs over the entries of one key?")
def queue_not_normalised(queries, keys, queue, temperature):
    """The queue is taken to hold vectors of length one already."""
    return _assemble(
        F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1), queue.detach(), temperature
    )


@misconception(hint="One key is one column of the queue. Along which dimension is its length?")
def queue_normalised_along_the_wrong_dimension(queries, keys, queue, temperature):
    """The queue is normalised across keys instead of across the entries of each key."""
    queue = F.normalize(queue.detach(), dim=1)
    return _assemble(F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1), queue, temperature)


@misconception(
    hint="A cosine does not change when a vector is made longer. Does your result?",
    of=("queries-not-normalised", "keys-not-normalised", "queue-not-normalised"),
)
def nothing_normalised(queries, keys, queue, temperature):
    """Dot products are used in the place of cosines."""
    return _assemble(queries, keys.detach(), queue.detach(), temperature)


@misconception(
    hint="Make one query twice as long. Which of its logits should change, and by how much?",
)
def queries_not_normalised(queries, keys, queue, temperature):
    """The queries are taken to have length one already."""
    return _assemble(
        queries, F.normalize(keys.detach(), dim=1), F.normalize(queue.detach(), dim=0), temperature
    )


@misconception(hint="Column 0 should hold cosines, like the others. Does it?")
def keys_not_normalised(queries, keys, queue, temperature):
    """The keys are taken to have length one already."""
    return _assemble(
        F.normalize(queries, dim=1), keys.detach(), F.normalize(queue.detach(), dim=0), temperature
    )


@misconception(
    hint="Which of the three tensors should receive a gradient? Does it, in your function?",
)
def queries_detached(queries, keys, queue, temperature):
    """Nothing is on the graph, not even the queries: everything is under `no_grad`."""
    return _moco_like(queries.detach(), keys, queue, temperature)


@misconception(
    hint="The queue holds keys of earlier batches. Should your loss change how they were made?",
)
def gradient_through_the_queue(queries, keys, queue, temperature):
    """The keys are detached, but the queue is not."""
    return _assemble(
        F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1), F.normalize(queue, dim=0), temperature
    )


@misconception(
    hint="The keys of this batch come from an encoder as well. Does the optimiser train it?",
)
def gradient_through_the_keys_of_the_batch(queries, keys, queue, temperature):
    """The queue is detached, but the keys of the batch are not."""
    return _assemble(
        F.normalize(queries, dim=1), F.normalize(keys, dim=1), F.normalize(queue.detach(), dim=0), temperature
    )


@misconception(hint="How many positives does one query have? Look at the signature's shape.")
def all_keys_of_the_batch(queries, keys, queue, temperature):
    """Every query is compared with all keys of the batch, as in SimCLR, and then with the queue."""
    queries, candidates = F.normalize(queries, dim=1), torch.cat([keys.detach().T, queue.detach()], dim=1)
    return queries @ F.normalize(candidates, dim=0) / temperature


@misconception(hint="Call your function with two temperatures. Do the results differ?")
def temperature_left_out(queries, keys, queue, temperature):
    """The temperature has no effect."""
    return _moco_like(queries, keys, queue, 1.0)


@misconception(
    hint="Which of the two encoders does the optimiser train?",
    of=("gradient-through-the-queue", "gradient-through-the-keys-of-the-batch"),
)
def gradient_through_keys(queries, keys, queue, temperature):
    """Keys and queue are part of the loss like the queries, so the gradient reaches them."""
    return _assemble(
        F.normalize(queries, dim=1), F.normalize(keys, dim=1), F.normalize(queue, dim=0), temperature
    )


@misconception(hint="The softmax compares all columns. Are they all on the same scale?")
def temperature_on_negatives_only(queries, keys, queue, temperature):
    """Only the negatives are divided by the temperature."""
    logits = _assemble(
        F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1), F.normalize(queue.detach(), dim=0), 1
    )
    return torch.cat([logits[:, :1], logits[:, 1:] / temperature], dim=1)


@misconception(hint="The softmax compares all columns. Are they all on the same scale?")
def temperature_on_positives_only(queries, keys, queue, temperature):
    """Only the positive is divided by the temperature."""
    logits = _assemble(
        F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1), F.normalize(queue.detach(), dim=0), 1
    )
    return torch.cat([logits[:, :1] / temperature, logits[:, 1:]], dim=1)


@misconception(hint="A small temperature makes the softmax sharper. What does yours do?")
def multiplied_by_temperature(queries, keys, queue, temperature):
    """The logits are multiplied by the temperature."""
    return _moco_like(queries, keys, queue, 1 / temperature)


@misconception(hint="The labels are all 0. Which column must then hold the positive?")
def positive_last(queries, keys, queue, temperature):
    """The positive stands in the last column."""
    logits = _moco_like(queries, keys, queue, temperature)
    return torch.cat([logits[:, 1:], logits[:, :1]], dim=1)


@misconception(hint="What does `F.cross_entropy` do first with what it is given?")
def probabilities(queries, keys, queue, temperature):
    """The softmax is taken already."""
    return _moco_like(queries, keys, queue, temperature).softmax(dim=1)


@misconception(hint="The signature says of which shape the result is. Which has yours?")
def loss_returned(queries, keys, queue, temperature):
    """The cross-entropy is taken already, with 0 as the right class."""
    logits = _moco_like(queries, keys, queue, temperature)
    return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long))


@misconception(hint="How many results does the signature name? What did you return?")
def labels_returned_as_well(queries, keys, queue, temperature):
    """The labels are returned beside the logits."""
    logits = _moco_like(queries, keys, queue, temperature)
    return logits, torch.zeros(len(logits), dtype=torch.long)


@misconception(
    hint="A cosine lies between -1 and 1. What is the largest entry of your rows, times T?",
)
def largest_taken_away(queries, keys, queue, temperature):
    """The largest logit of each row is taken away, as a stable softmax would do inside."""
    logits = _moco_like(queries, keys, queue, temperature)
    return logits - logits.detach().amax(dim=1, keepdim=True)


@misconception(hint="Column 0 holds cosines. Do the columns behind it, too?")
def only_the_positive_is_a_cosine(queries, keys, queue, temperature):
    """The positive is a cosine, the negatives are plain dot products."""
    positives = F.cosine_similarity(queries, keys.detach()).unsqueeze(1)
    return torch.cat([positives, queries @ queue.detach()], dim=1) / temperature


@misconception(hint="A norm without `dim` gives one number. How many lengths have n queries?")
def one_length_for_all(queries, keys, queue, temperature):
    """Queries, keys and queue are each divided by the norm of the whole matrix."""
    keys, queue = keys.detach(), queue.detach()
    return _assemble(queries / queries.norm(), keys / keys.norm(), queue / queue.norm(), temperature)


@misconception(hint="One query is one row. Along which dimension is its length?")
def batch_normalised_along_the_wrong_dimension(queries, keys, queue, temperature):
    """Queries and keys are normalised along dim 0 like the queue."""
    queue = F.normalize(queue.detach(), dim=0)
    return _assemble(F.normalize(queries, dim=0), F.normalize(keys.detach(), dim=0), queue, temperature)


@misconception(
    hint="Move a query along its own direction. Should its logits feel that, to first order?",
)
def length_of_the_queries_detached(queries, keys, queue, temperature):
    """The queries are divided by lengths that are constants for autograd."""
    queries = queries / queries.detach().norm(dim=1, keepdim=True)
    return _assemble(
        queries, F.normalize(keys.detach(), dim=1), F.normalize(queue.detach(), dim=0), temperature
    )


@misconception(
    hint="No gradient to the queue is one thing. Should the query not learn to keep away from it?",
)
def queries_detached_before_the_queue(queries, keys, queue, temperature):
    """The product with the queue is taken without gradients, so that the query learns from its positive only."""
    logits = _moco_like(queries, keys, queue, temperature)
    return torch.cat([logits[:, :1], logits[:, 1:].detach()], dim=1)


@misconception(hint="The queue keeps its keys for many steps. Are they the same after your call?")
def queue_normalised_in_place(queries, keys, queue, temperature):
    """The queue itself is made to hold vectors of length one."""
    with torch.no_grad():
        queue.div_(queue.norm(dim=0, keepdim=True))
    return _moco_like(queries, keys, queue, temperature)


@misconception(
    hint="`detach` makes a new tensor. What does `requires_grad = False` do to the caller's?",
)
def keys_and_queue_frozen(queries, keys, queue, temperature):
    """The caller's keys and queue themselves are taken off the graph."""
    keys.requires_grad_(False)
    queue.requires_grad_(False)
    return _moco_like(queries, keys, queue, temperature)


@misconception(
    hint="Is one key a row or a column of the queue? Try one with as many keys as entries.",
)
def queue_transposed(queries, keys, queue, temperature):
    """The queue is taken to hold one key per row."""
    return _moco_like(queries, keys, queue.T, temperature)


@misconception(hint="`squeeze` takes out every dimension of length one. Try a batch of one.")
def positives_squeezed(queries, keys, queue, temperature):
    """The positives are squeezed, and with them the batch dimension of a batch of one."""
    queries, keys = F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1)
    positives = torch.bmm(queries.unsqueeze(1), keys.unsqueeze(2)).squeeze().unsqueeze(-1)
    return torch.cat([positives, queries @ F.normalize(queue.detach(), dim=0)], dim=1) / temperature


@misconception(hint="Call your function with float64 tensors. What comes back?")
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


@misconception(
    hint="Two questions: do longer keys change your logits, and who learns through the keys?",
    of=("nothing-normalised", "gradient-through-the-keys-of-the-batch"),
)
def published_lines_alone(queries, keys, queue, temperature):
    """The lines of the published code that make logits, without those that normalise and freeze the keys."""
    return _assemble(queries, keys, queue.detach(), temperature)


@misconception(
    hint="Two questions: who makes the queue's columns cosines here, and who learns through the keys?",
    of=("queue-not-normalised", "gradient-through-the-keys-of-the-batch"),
)
def published_lines_with_their_norms(queries, keys, queue, temperature):
    """Queries and keys are normalised as in the published code, whose queue is so already and whose keys are frozen."""
    return _assemble(F.normalize(queries, dim=1), F.normalize(keys, dim=1), queue.detach(), temperature)


@misconception(hint="Who makes the negatives small in the end: the logits themselves, or the loss?")
def negatives_with_their_sign_changed(queries, keys, queue, temperature):
    """The similarities to the queue are taken negative, because negatives should be unlike the query."""
    return torch.cat(
        [_moco_like(queries, keys, queue, temperature)[:, :1], -_negatives(queries, queue, temperature)], 1
    )


@misconception(hint="Call your function with two temperatures. What changes?")
def temperature_always_seven_hundredths(queries, keys, queue, temperature):
    """The temperature is 0.07, whatever is passed in."""
    return _moco_like(queries, keys, queue, 0.07)


@misconception(hint="Call your function with two temperatures. What changes?")
def temperature_always_a_fifth(queries, keys, queue, temperature):
    """The temperature is 0.2, whatever is passed in."""
    return _moco_like(queries, keys, queue, 0.2)


def _negatives(queries, queue, temperature):
    return F.normalize(queries, dim=1) @ F.normalize(queue.detach(), dim=0) / temperature


# --- without a name ----------------------------------------------------------------------------------------------


def _cosines(queries: Tensor, keys: Tensor, queue: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    q, k = F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1)
    return q, k, F.normalize(queue.detach(), dim=0)


def _logits(q, k, bank, temperature):
    return torch.cat([(q * k).sum(1, keepdim=True), q @ bank], 1) / temperature


@wrong
def softmax_taken_already(queries, keys, queue, temperature):
    return _logits(*_cosines(queries, keys, queue), temperature).softmax(1)


@wrong
def positive_of_the_neighbour(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    return _logits(q, k.roll(1, 0), bank, temperature)


@wrong
def normalised_along_the_batch(queries, keys, queue, temperature):
    _, _, bank = _cosines(queries, keys, queue)
    return _logits(F.normalize(queries, dim=0), F.normalize(keys.detach(), dim=0), bank, temperature)


@wrong
def query_length_is_a_constant(queries, keys, queue, temperature):
    _, k, bank = _cosines(queries, keys, queue)
    return _logits(queries / queries.detach().norm(dim=1, keepdim=True), k, bank, temperature)


@wrong
def queue_normalised_in_place_otherwise(queries, keys, queue, temperature):
    with torch.no_grad():
        queue.div_(queue.norm(dim=0))
    return _logits(*_cosines(queries, keys, queue), temperature)


@wrong
def requires_grad_switched_off(queries, keys, queue, temperature):
    keys.requires_grad_(False)
    queue.requires_grad_(False)
    return _logits(*_cosines(queries, keys, queue), temperature)


@wrong
def squared_lengths(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    return _logits(q / queries.norm(dim=1, keepdim=True), k, bank, temperature)


@wrong
def logits_in_half_precision(queries, keys, queue, temperature):
    q, k, bank = (x.half().to(x.dtype) for x in _cosines(queries, keys, queue))
    return _logits(q, k, bank, temperature)


@wrong
def logits_in_single_precision(queries, keys, queue, temperature):
    return _logits(*_cosines(queries.float(), keys.float(), queue.float()), temperature)


@wrong
def logits_with_a_little_noise(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    return logits + 1e-3 * torch.randn_like(logits)


@wrong
def one_positive_squeezed(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    positives = torch.bmm(q[:, None], k[:, :, None]).squeeze()
    return torch.cat([positives.unsqueeze(-1), q @ bank], dim=1) / temperature


@wrong
def memory_of_the_queue_as_rows(queries, keys, queue, temperature):
    q, k, _ = _cosines(queries, keys, queue)
    bank = F.normalize(queue.detach().reshape(queue.shape[1], queue.shape[0]), dim=1)
    return _logits(q, k, bank.T, temperature)


@wrong
def view_of_the_queries(queries, keys, queue, temperature):
    return _logits(*_cosines(queries.view(-1).view(queries.shape), keys, queue), temperature)


_BANKS: dict[torch.Size, torch.Tensor] = {}


@wrong
def queue_normalised_once_for_all(queries, keys, queue, temperature):
    q, k, _ = _cosines(queries, keys, queue)
    bank = _BANKS.setdefault(torch.Size([queue.shape[0]]), F.normalize(queue.detach(), dim=0))
    return _logits(q, k, bank, temperature)


@wrong
def negatives_sorted(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    logits = _logits(q, k, bank, temperature)
    return torch.cat([logits[:, :1], logits[:, 1:].sort(dim=1, descending=True).values], 1)


@wrong
def largest_taken_away_otherwise(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    return logits - logits.max(dim=1, keepdim=True).values.detach()


@wrong
def margin_on_the_positive(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    return torch.cat([(q * k).sum(1, keepdim=True) - 0.1, q @ bank], 1) / temperature


@wrong
def cosines_clamped(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    return _logits(q, k, bank, 1.0).clamp(0, 1) / temperature


@wrong
def queries_of_length_one_left_alone(queries, keys, queue, temperature):
    _, k, bank = _cosines(queries, keys, queue)
    return _logits(queries / queries.norm(dim=1, keepdim=True).clamp_min(1), k, bank, temperature)


@wrong
def temperature_floor(queries, keys, queue, temperature):
    return _logits(*_cosines(queries, keys, queue), max(temperature, 0.05))


@wrong
def two_negatives_are_enough(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    return logits[:, : 1 + min(2, queue.shape[1])]


@wrong
def labels_returned_too(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    return logits, torch.zeros(len(logits), dtype=torch.long)


@wrong
def loss_at_once(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long))


@wrong
def positives_detached(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    return torch.cat([(q.detach() * k).sum(1, keepdim=True), q @ bank], 1) / temperature


@wrong
def queue_updated_on_the_way(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    with torch.no_grad():
        queue[:, : len(keys)] = keys.T[:, : queue.shape[1]]
    return logits


@wrong
def orientation_guessed_from_the_shape(queries, keys, queue, temperature):
    rows = queue.T if queue.shape[1] != queries.shape[1] else queue
    q, k, _ = _cosines(queries, keys, queue)
    return _logits(q, k, F.normalize(rows.detach(), dim=1).T, temperature)


@wrong
def keys_of_length_one_left_alone(queries, keys, queue, temperature):
    q, _, bank = _cosines(queries, keys, queue)
    return _logits(q, keys.detach() / keys.detach().norm(dim=1, keepdim=True).clamp_min(1), bank, temperature)


@wrong
def columns_of_length_one_left_alone(queries, keys, queue, temperature):
    q, k, _ = _cosines(queries, keys, queue)
    return _logits(q, k, queue.detach() / queue.detach().norm(dim=0).clamp_min(1), temperature)


@wrong
def thirty_hardest_negatives(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    limit = logits[:, 1:].topk(min(30, queue.shape[1]), dim=1).values[:, -1:]
    is_easy = F.pad(logits[:, 1:] < limit, (1, 0))
    return logits.masked_fill(is_easy, -torch.inf)


@wrong
def first_64_columns(queries, keys, queue, temperature):
    return _logits(*_cosines(queries, keys, queue[:, :64]), temperature)


@wrong
def last_piece_of_the_queue_lost(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    whole = queue.shape[1] // 32 * 32 or queue.shape[1]
    return torch.cat([logits[:, : 1 + whole], torch.zeros_like(logits[:, 1 + whole :])], 1)


@wrong
def orthogonal_keys_taken_for_padding(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    return logits.masked_fill(logits == 0, -1e9)


@wrong
def columns_of_zeros_left_out(queries, keys, queue, temperature):
    return _logits(*_cosines(queries, keys, queue[:, queue.any(dim=0)]), temperature)


@wrong
def columns_of_zeros_masked(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    return logits.masked_fill(F.pad(~queue.any(dim=0), (1, 0)), -1e9)


@wrong
def own_key_in_the_queue_masked(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    is_own = F.pad(k @ bank > 1 - 1e-6, (1, 0))
    return _logits(q, k, bank, temperature).masked_fill(is_own, -torch.inf)


@wrong
def equal_columns_once(queries, keys, queue, temperature):
    return _logits(*_cosines(queries, keys, torch.unique(queue, dim=1)), temperature)


@wrong
def graph_begun_anew(queries, keys, queue, temperature):
    with torch.no_grad():
        logits = _logits(*_cosines(queries, keys, queue), temperature)
    return logits.requires_grad_()
