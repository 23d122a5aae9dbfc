"""Wrong answers to `pretext.permutation_set`: ideas with a name and a hint, then others."""

import torch

from course_utils.checks import misconception, slip, wrong


def _refuse(candidates, first, size):
    if not 1 <= size <= len(candidates):
        raise ValueError("no such size")
    if not 0 <= first < len(candidates):
        raise ValueError("no such row")


def _distances(candidates):
    """Hamming distances of all pairs."""
    return (candidates[:, None] != candidates).sum(dim=2)


def _greedy(candidates, first, size, score, best=max):
    """Row after row: the candidate with the `best` score of its distances to the chosen ones, lowest row first."""
    _refuse(candidates, first, size)
    apart = _distances(candidates)
    chosen = [first]
    while len(chosen) < size:
        left = [row for row in range(len(candidates)) if row not in chosen]
        chosen.append(best(left, key=lambda row: score(apart[row, chosen])))
    return candidates[chosen]


def _sum(distances):
    return int(distances.sum())


@misconception(hint="How many tiles may two of your permutations leave in the same slot?")
def random_set(candidates, first, size):
    """The other rows are drawn at random."""
    _refuse(candidates, first, size)
    order = torch.randperm(len(candidates))
    return candidates[torch.cat([torch.tensor([first]), order[order != first][: size - 1]])]


@misconception(hint="Does a row that stands next to the first one look much different from it?")
def next_rows(candidates, first, size):
    """The rows that follow the first are taken, whatever they are."""
    _refuse(candidates, first, size)
    return candidates[(first + torch.arange(size)) % len(candidates)]


@misconception(hint="Sort your set. Do neighbours look alike? Should they?")
def smallest_distance(candidates, first, size):
    """The candidate that is nearest to the chosen ones is taken."""
    return _greedy(candidates, first, size, _sum, min)


@misconception(hint="The distances are added up. Do you look at the nearest chosen row only?")
def closest_pair_counts(candidates, first, size):
    """The candidate is taken whose nearest chosen row is farthest away."""
    return _greedy(candidates, first, size, lambda distances: int(distances.min()))


@misconception(hint="The distances are added up. Do you look at the farthest chosen row only?")
def farthest_pair_counts(candidates, first, size):
    """The candidate is taken whose farthest chosen row is farthest away."""
    return _greedy(candidates, first, size, lambda distances: int(distances.max()))


@misconception(
    hint="Far from the permutation chosen last is not yet far from all. Which distances do you add?"
)
def last_one_only(candidates, first, size):
    """The distance to the row chosen last decides."""
    return _greedy(candidates, first, size, lambda distances: int(distances[-1]))


@misconception(hint="Two rows far from the first may be close to each other. Which distances do you add?")
def first_one_only(candidates, first, size):
    """The distance to the first row decides, as if all were chosen at once."""
    return _greedy(candidates, first, size, lambda distances: int(distances[0]))


@misconception(hint="Is the distance to the rows that are still left the one that counts?")
def far_from_all_candidates(candidates, first, size):
    """The candidates with the largest sum of distances to all candidates are taken."""
    _refuse(candidates, first, size)
    total = _distances(candidates).sum(dim=1)
    left = sorted(set(range(len(candidates))) - {first}, key=lambda row: -int(total[row]))
    return candidates[[first, *left[: size - 1]]]


@misconception(
    hint="What is the distance of a chosen row to itself, and to the others? May it win?",
)
def chosen_again(candidates, first, size):
    """A row that was chosen may be chosen again."""
    _refuse(candidates, first, size)
    apart, chosen = _distances(candidates), [first]
    while len(chosen) < size:
        chosen.append(int(apart[:, chosen].sum(dim=1).argmax()))
    return candidates[chosen]


@misconception(hint="Is (1, 0, 2) at distance 2 from (0, 1, 2), or at some sum of differences?")
def values_not_places(candidates, first, size):
    """The differences of the numbers are added up."""
    _refuse(candidates, first, size)
    apart, chosen = (candidates[:, None] - candidates).abs().sum(dim=2), [first]
    while len(chosen) < size:
        chosen.append(int(apart[:, chosen].sum(dim=1).index_fill(0, torch.tensor(chosen), -1).argmax()))
    return candidates[chosen]


@misconception(hint="How far apart are (0, 1, 2, 3) and (3, 2, 1, 0) in places that differ?")
def squared_differences(candidates, first, size):
    """The distance is the Euclidean one of the two rows of numbers."""
    _refuse(candidates, first, size)
    apart, chosen = (candidates[:, None] - candidates).square().sum(dim=2).sqrt(), [first]
    while len(chosen) < size:
        chosen.append(int(apart[:, chosen].sum(dim=1).index_fill(0, torch.tensor(chosen), -1).argmax()))
    return candidates[chosen]


@misconception(
    hint="How many swaps make one of the other is another question. What does the docstring count?"
)
def pairs_out_of_order(candidates, first, size):
    """The distance is the number of pairs that stand in another order."""
    _refuse(candidates, first, size)
    places = candidates.argsort(dim=1)
    order = places[:, :, None] < places[:, None, :]
    apart, chosen = (order[:, None] != order).sum(dim=(2, 3)), [first]
    while len(chosen) < size:
        chosen.append(int(apart[:, chosen].sum(dim=1).index_fill(0, torch.tensor(chosen), -1).argmax()))
    return candidates[chosen]


@misconception(
    hint="The code you may have read has two modes. Which takes the largest mean?",
)
def near_the_middle(candidates, first, size):
    """The candidate in the middle of the order by distance is taken, not the last one."""
    _refuse(candidates, first, size)
    apart, chosen = _distances(candidates), [first]
    while len(chosen) < size:
        left = sorted(set(range(len(candidates))) - set(chosen))
        ordered = sorted(left, key=lambda row: int(apart[row, chosen].sum()))
        chosen.append(ordered[len(ordered) // 2])
    return candidates[chosen]


@misconception(hint="Two candidates are equally far. Which of them does the docstring take?")
def last_of_equals(candidates, first, size):
    """Of equally distant candidates the one in the highest row is taken."""
    _refuse(candidates, first, size)
    apart, chosen = _distances(candidates), [first]
    while len(chosen) < size:
        left = sorted(set(range(len(candidates))) - set(chosen), reverse=True)
        chosen.append(max(left, key=lambda row: int(apart[row, chosen].sum())))
    return candidates[chosen]


@misconception(hint="Which row does the set begin with?")
def begins_with_row_0(candidates, first, size):
    """The set begins with row 0, whatever `first` is."""
    _greedy(candidates, first, size, _sum)
    return _greedy(candidates, 0, size, _sum)


@misconception(hint="How many rows does the set have before the first one is added?")
def first_not_counted(candidates, first, size):
    """The first row is not counted, so that there is one more than asked for."""
    _refuse(candidates, first, size)
    return _greedy(candidates, first, min(size + 1, len(candidates)), _sum)


@misconception(hint="Is the row that the set begins with a part of it?")
def first_left_out(candidates, first, size):
    """The first row is used to measure distances, but is not in the result."""
    _refuse(candidates, first, size)
    return _greedy(candidates, first, min(size + 1, len(candidates)), _sum)[1:]


@misconception(hint="In which order should the rows of the result stand?")
def order_of_the_candidates(candidates, first, size):
    """The chosen rows are returned in the order in which they stand among the candidates."""
    _refuse(candidates, first, size)
    chosen = {tuple(row) for row in _greedy(candidates, first, size, _sum).tolist()}
    return torch.stack([row for row in candidates if tuple(row.tolist()) in chosen])


@misconception(hint="The signature says what a row of the result is: a number of a row, or the row itself?")
def numbers_of_rows(candidates, first, size):
    """The numbers of the chosen rows are returned."""
    rows = candidates.tolist()
    return torch.tensor([rows.index(row) for row in _greedy(candidates, first, size, _sum).tolist()])


@misconception(hint="Which type has the result in the signature?")
def list_of_rows(candidates, first, size):
    """The rows are returned as a list."""
    return list(_greedy(candidates, first, size, _sum))


@misconception(hint="Which dtype do the candidates have, and which has your result?")
def rows_as_floats(candidates, first, size):
    """The rows are made floating-point numbers to measure distances, and returned so."""
    return _greedy(candidates.float(), first, size, _sum)


@misconception(hint="How many different rows can be chosen from m candidates?")
def size_not_checked(candidates, first, size):
    """A size that cannot be is not refused: there are fewer rows then."""
    _refuse(candidates, first, 1)
    return _greedy(candidates, first, max(1, min(size, len(candidates))), _sum)


@misconception(hint="Which row is number -1, and which is number m?")
def first_not_checked(candidates, first, size):
    """A first row that is not there is left to indexing, which counts negative numbers from the end."""
    _refuse(candidates, 0, size)
    candidates[first]
    return _greedy(candidates, first % len(candidates), size, _sum)


all_candidates_refused = slip(
    "1 <= size <= count",
    "1 <= size < count",
    idea="A set of all candidates is refused.",
    hint="Can all m candidates be chosen?",
)

one_alone_refused = slip(
    "1 <= size <= count",
    "1 < size <= count",
    idea="A set of one row is refused.",
    hint="Is one permutation a set, too?",
)


@misconception(hint="The chosen row must not be chosen again. Whose memory do you write that into?")
def candidates_crossed_out(candidates, first, size):
    """Rows that were chosen are crossed out in the candidates that were passed in."""
    result = _greedy(candidates, first, size, _sum).clone()
    for row in result:
        candidates[(candidates == row).all(dim=1)] = -1
    return result


# --- without a name ----------------------------------------------------------------------------------------------


@wrong
def asserts(candidates, first, size):
    assert 1 <= size <= len(candidates) and 0 <= first < len(candidates)
    return _greedy(candidates, first, size, _sum)


@wrong
def view_for_one_row(candidates, first, size):
    if size == 1 and 0 <= first < len(candidates):
        return candidates[first : first + 1]
    return _greedy(candidates, first, size, _sum)


@wrong
def product_of_distances(candidates, first, size):
    return _greedy(candidates, first, size, lambda distances: int(distances.prod()))


@wrong
def sum_of_squares(candidates, first, size):
    return _greedy(candidates, first, size, lambda distances: int(distances.square().sum()))


@wrong
def equal_places_count(candidates, first, size):
    t = candidates.shape[1]
    return _greedy(candidates, first, size, lambda distances: int((t - distances).sum()))


@wrong
def only_whole_derangements(candidates, first, size):
    t = candidates.shape[1]
    return _greedy(candidates, first, size, lambda distances: int((distances == t).sum()))


@wrong
def last_two_only(candidates, first, size):
    return _greedy(candidates, first, size, lambda distances: int(distances[-2:].sum()))


@wrong
def last_ten_only(candidates, first, size):
    return _greedy(candidates, first, size, lambda distances: int(distances[-10:].sum()))


@wrong
def first_64_rows(candidates, first, size):
    _refuse(candidates, first, size)
    if first < 64 and size <= 64:
        return _greedy(candidates[:64], first, min(size, 64), _sum)
    return _greedy(candidates, first, size, _sum)


@wrong
def first_nine_places(candidates, first, size):
    _refuse(candidates, first, size)
    apart, chosen = _distances(candidates[:, :9]), [first]
    while len(chosen) < size:
        chosen.append(int(apart[:, chosen].sum(dim=1).index_fill(0, torch.tensor(chosen), -1).argmax()))
    return candidates[chosen]


@wrong
def zeros_taken_for_padding(candidates, first, size):
    _refuse(candidates, first, size)
    seen = (candidates[:, None] != 0) & (candidates != 0)
    apart, chosen = ((candidates[:, None] != candidates) & seen).sum(dim=2), [first]
    while len(chosen) < size:
        chosen.append(int(apart[:, chosen].sum(dim=1).index_fill(0, torch.tensor(chosen), -1).argmax()))
    return candidates[chosen]


@wrong
def inverse_permutations(candidates, first, size):
    return _greedy(candidates, first, size, _sum).argsort(dim=1)


@wrong
def sorted_first(candidates, first, size):
    _refuse(candidates, first, size)
    order = sorted(range(len(candidates)), key=lambda row: candidates[row].tolist())
    return _greedy(candidates[order], order.index(first), size, _sum)


@wrong
def random_of_equals(candidates, first, size):
    return _greedy(candidates, first, size, lambda distances: float(distances.sum() + torch.rand(()) / 2))


@wrong
def negative_first_from_the_end(candidates, first, size):
    return _greedy(candidates, first + len(candidates) if first < 0 else first, size, _sum)


@wrong
def short_integers(candidates, first, size):
    return _greedy(candidates, first, size, _sum).to(torch.int32)


@wrong
def transposed(candidates, first, size):
    return _greedy(candidates, first, size, _sum).T.contiguous()


@wrong
def starts_of_the_set_not_masked(candidates, first, size):
    _refuse(candidates, first, size)
    apart, chosen = _distances(candidates), [first]
    while len(chosen) < size:
        total = apart[:, chosen].sum(dim=1)
        total[chosen[-1]] = -1
        chosen.append(int(total.argmax()))
    return candidates[chosen]
