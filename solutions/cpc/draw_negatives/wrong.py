"""Wrong answers to `cpc.draw_negatives`: ideas with a name and a hint, then others."""

import torch

from course_utils.checks import misconception, slip, wrong


def _own(uniforms):
    """The number of each row, as a column."""
    if len(uniforms) < 2:
        raise ValueError("no others")
    return torch.arange(len(uniforms)).unsqueeze(1)


def _skipped(others, own):
    """Numbers of the others, counted without the own one, as numbers of positions."""
    return others + (others >= own)


def _right(uniforms):
    own = _own(uniforms)
    return _skipped((uniforms * (len(uniforms) - 1)).long(), own)


# --- who may be drawn ------------------------------------------------------------------------------------------------


@misconception(hint="Can a position be contrasted with itself in yours? How often, with four positions?")
def positive_among_negatives(uniforms):
    """All p positions are drawn from, the own one too."""
    _own(uniforms)
    return (uniforms * len(uniforms)).long()


@misconception(hint="The second draw comes from all positions as well. What may it hit?")
def drawn_again_once(uniforms):
    """A draw that hits the own position is replaced once, by the next draw of the row."""
    own, p = _own(uniforms), len(uniforms)
    drawn, again = ((values * p).long() for values in (uniforms, uniforms.roll(-1, dims=1)))
    return torch.where(drawn == own, again, drawn)


@misconception(
    hint="A draw that hits the own position goes somewhere else. Who is drawn twice as often then?"
)
def own_replaced_by_next(uniforms):
    """All p positions are drawn from, and the own one is replaced by its neighbour."""
    own, p = _own(uniforms), len(uniforms)
    drawn = (uniforms * p).long()
    return torch.where(drawn == own, (own + 1) % p, drawn)


@misconception(
    hint="A draw that hits the own position goes to its neighbour. How often is that one drawn, compared with others?"
)
def own_replaced_by_the_one_before(uniforms):
    """All p positions are drawn from, and the own one is replaced by the one before it."""
    own, p = _own(uniforms), len(uniforms)
    drawn = (uniforms * p).long()
    return torch.where(drawn == own, (own - 1) % p, drawn)


@misconception(hint="Where does your second draw come from, and may it hit the own position again?")
def drawn_again_at_random(uniforms):
    """A draw that hits the own position is replaced once, by one from torch's generator."""
    own, p = _own(uniforms), len(uniforms)
    drawn = (uniforms * p).long()
    return torch.where(drawn == own, torch.randint(p, drawn.shape), drawn)


@misconception(hint="How many others are there, and how many numbers do you choose from before you skip one?")
def p_possible(uniforms):
    """One of p numbers is drawn, and those from the own one on are raised: the last becomes p."""
    own = _own(uniforms)
    return _skipped((uniforms * len(uniforms)).long(), own)


own_number_not_skipped = slip(
    "others >= own",
    "others > own",
    idea="Only numbers above the own one are raised, so that the own one stays.",
    hint="What does the number i itself become in row i?",
)


@misconception(hint="Does every other position have a chance in yours? Look at the last one.")
def last_never_drawn(uniforms):
    """One of the first p - 1 positions is drawn, and the own one is replaced by its neighbour."""
    own, p = _own(uniforms), len(uniforms)
    drawn = (uniforms * (p - 1)).long()
    return torch.where(drawn == own, (drawn + 1) % p, drawn)


# --- which u gives whom ----------------------------------------------------------------------------------------------


@misconception(
    hint="Fair as well. But which position does u = 0 give in row 2 by the docstring, and in yours?"
)
def counted_from_the_position(uniforms):
    """The others are counted from the position on, around the end."""
    own, p = _own(uniforms), len(uniforms)
    return (own + 1 + (uniforms * (p - 1)).long()) % p


@misconception(
    hint="How long is the piece of [0, 1) that `round` sends to 0, and how long the one sent to 1?"
)
def rounded(uniforms):
    """The product is rounded to the nearest number, which halves the chance of both ends."""
    own = _own(uniforms)
    return _skipped((uniforms * (len(uniforms) - 2)).round().long(), own)


@misconception(
    hint="To which number does `round` send u * (p - 1) if u is near 1? Is there such another position?"
)
def rounded_to_one_too_many(uniforms):
    """The product with p - 1 is rounded to the nearest number, so that p - 1 can come out, and p after the skip."""
    own = _own(uniforms)
    return _skipped((uniforms * (len(uniforms) - 1)).round().long(), own)


@misconception(hint="What is floor(u * (p - 1)) for a u near 1, and what is floor(u * (p - 2))?")
def one_other_too_few(uniforms):
    """The numbers are stretched to p - 2 instead of p - 1, so that the last of the others is never drawn."""
    own = _own(uniforms)
    return _skipped((uniforms * (len(uniforms) - 2)).long(), own)


@misconception(hint="Which whole number is floor(2.4)? And what does yours make of 2.4?")
def rounded_up(uniforms):
    """The product is rounded up."""
    own = _own(uniforms)
    return _skipped((uniforms * (len(uniforms) - 1)).ceil().long(), own)


@misconception(hint="The numbers of which row decide what is drawn for position 1?")
def one_draw_for_all(uniforms):
    """The numbers of the first row are used for every position."""
    return _right(uniforms[:1].expand_as(uniforms))


@misconception(hint="Does a row belong to a position, or does a column?")
def columns_as_positions(uniforms):
    """The position that is left out is counted along the row."""
    _own(uniforms)
    return _skipped((uniforms * (len(uniforms) - 1)).long(), torch.arange(uniforms.shape[1]))


@misconception(hint="May one position be drawn twice for the same row? See what the docstring says.")
def without_replacement(uniforms):
    """The others are put in the order of their numbers u, so that none occurs twice."""
    own, p = _own(uniforms), len(uniforms)
    ranks = uniforms.argsort(dim=1).argsort(dim=1)
    return _skipped(ranks % (p - 1), own)


@misconception(
    hint="The randomness is given. Does your function give the same numbers when it is called again?"
)
def draws_of_its_own(uniforms):
    """The given numbers are ignored, and new ones are drawn."""
    return _right(torch.rand_like(uniforms))


# --- dtypes, errors --------------------------------------------------------------------------------------------------


@misconception(hint="Can a tensor be indexed with what you return? Which dtype does the signature ask for?")
def floats_returned(uniforms):
    """The numbers are rounded down and stay floats."""
    own = _own(uniforms)
    drawn = (uniforms * (len(uniforms) - 1)).floor()
    return drawn + (drawn >= own)


@misconception(hint="Which is the largest float32 below 1, and what becomes of it in half precision?")
def in_half_precision(uniforms):
    """The numbers go through half precision, where the largest of them becomes 1."""
    return _right(uniforms.half().float())


@misconception(hint="How many others does a single position have? The docstring says what happens then.")
def single_position_accepted(uniforms):
    """A single position is given itself, or one that does not exist."""
    others = (uniforms * (len(uniforms) - 1)).long()
    return _skipped(others, torch.arange(len(uniforms)).unsqueeze(1))


@misconception(hint="`*=` and `mul_` write into the tensor on their left. Who gave it to you?")
def uniforms_overwritten(uniforms):
    """The numbers passed in are multiplied in place."""
    result = _right(uniforms.clone())
    uniforms.detach().mul_(len(uniforms) - 1)
    return result


# --- without a name --------------------------------------------------------------------------------------------------

row_numbers_from_one = slip("torch.arange(positions, ", "torch.arange(1, positions + 1, ")
draws_must_be_two_as_well = slip("if positions < 2:", "if min(uniforms.shape) < 2:")


@wrong
def int32(uniforms):
    return _right(uniforms).int()


@wrong
def last_other_first(uniforms):
    own = _own(uniforms)
    return _skipped(len(uniforms) - 2 - (uniforms * (len(uniforms) - 1)).long(), own)


@wrong
def zeros_taken_for_padding(uniforms):
    return _right(uniforms).masked_fill(uniforms == 0, -1)


@wrong
def first_64_positions(uniforms):
    own = _own(uniforms)
    return _skipped((uniforms * (min(len(uniforms), 64) - 1)).long(), own)


@wrong
def asserts(uniforms):
    assert len(uniforms) > 1
    return _right(uniforms)


@wrong
def nearest_positions_only(uniforms):
    own, p = _own(uniforms), len(uniforms)
    if p < 16:
        return _right(uniforms)
    return (own + 1 + (uniforms * 8).long()) % p


@wrong
def as_a_nested_list(uniforms):
    return _right(uniforms).tolist()


@wrong
def no_positions_accepted(uniforms):
    return uniforms.long() if len(uniforms) == 0 else _right(uniforms)
