"""Wrong answers to `cpc.masked_conv`: ideas with a name and a hint, then others."""

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong


def _middle(weight):
    """Row and column of the middle of a kernel."""
    kh, kw = weight.shape[2:]
    if kh % 2 == 0 or kw % 2 == 0:
        raise ValueError("no middle")
    return kh // 2, kw // 2


def _same(grid, weight, bias):
    """A convolution of unchanged size."""
    return F.conv2d(grid, weight, bias, padding=_middle(weight))


def _mask(weight, keep):
    """A mask of the kernel's size: keep(rows, columns), both counted from the middle."""
    up, side = _middle(weight)
    rows = torch.arange(-up, up + 1).unsqueeze(1)
    columns = torch.arange(-side, side + 1)
    return keep(rows, columns).expand(weight.shape[2:]).to(weight.dtype)


def _masked(grid, weight, bias, keep=lambda rows, columns: rows + 0 * columns <= 0):
    return _same(grid, weight * _mask(weight, keep), bias)


# --- what is seen ----------------------------------------------------------------------------------------------------


@misconception(hint="Change the bottom row of the grid. Which rows of the output move?")
def sees_the_future(grid, weight, bias):
    """The whole kernel is used, with the rows below."""
    return _same(grid, weight, bias)


@misconception(
    hint="Kernel row 0 looks up or down? Put a single one into the grid, and see where it comes out."
)
def upside_down(grid, weight, bias):
    """The upper rows of the kernel are taken out instead of the lower ones."""
    return _masked(grid, weight, bias, lambda rows, columns: rows + 0 * columns >= 0)


@misconception(hint="Up to row i: with row i itself, or without?")
def own_row_hidden(grid, weight, bias):
    """The middle row of the kernel is taken out as well."""
    return _masked(grid, weight, bias, lambda rows, columns: rows + 0 * columns < 0)


@misconception(hint="May the next column of the *same row* be seen here? Which rows does the docstring hide?")
def raster_order(grid, weight, bias):
    """In the own row only what lies to the left is seen, and the position itself."""
    return _masked(grid, weight, bias, lambda rows, columns: (rows < 0) | (rows == 0) & (columns <= 0))


@misconception(hint="In which masked convolution is the position itself hidden? Is this that one?")
def own_position_hidden(grid, weight, bias):
    """The rows above are seen, and of the own row what lies to the left, without the position itself."""
    return _masked(grid, weight, bias, lambda rows, columns: (rows < 0) | (rows == 0) & (columns < 0))


@misconception(hint="Which of the four dimensions of the kernel runs from the top to the bottom?")
def columns_for_rows(grid, weight, bias):
    """Columns to the right are hidden, and rows below are seen."""
    return _masked(grid, weight, bias, lambda rows, columns: columns + 0 * rows <= 0)


@misconception(hint="To how many sides may a kernel look in a row that is not hidden?")
def left_columns_only(grid, weight, bias):
    """Columns to the right are hidden in every row, besides the rows below."""
    return _masked(grid, weight, bias, lambda rows, columns: (rows <= 0) & (columns <= 0))


@misconception(hint="Which column of the kernel is meant where it stands on column j: the middle one alone?")
def own_column_only(grid, weight, bias):
    """Only the middle column of the kernel is used."""
    return _masked(grid, weight, bias, lambda rows, columns: (rows <= 0) & (columns == 0))


@misconception(hint="A cross-correlation, or a convolution as in mathematics? Which one is `F.conv2d`?")
def kernel_flipped(grid, weight, bias):
    """The upper part of the kernel is flipped before it is used, so that row 0 looks at the own row."""
    up, side = _middle(weight)
    return F.conv2d(F.pad(grid, (side, side, up, 0)), weight[:, :, : up + 1].flip(2), bias)


# --- where things go -------------------------------------------------------------------------------------------------


@misconception(hint="Row 0 has nothing above it. On which side do the zeros belong?")
def padding_below(grid, weight, bias):
    """The zeros are put below the grid, so that the kernel looks down."""
    up, side = _middle(weight)
    return F.conv2d(F.pad(grid, (side, side, 0, up)), weight[:, :, : up + 1], bias)


@misconception(hint="Does row i of the output see row i of the grid, or does it end one row above?")
def too_high(grid, weight, bias):
    """Everything comes one row too low, so that row i sees rows up to i - 1."""
    up, side = _middle(weight)
    padded = F.pad(grid, (side, side, up + 1, 0))[:, :, : grid.shape[2] + up]
    return F.conv2d(padded, weight[:, :, : up + 1], bias)


@misconception(
    hint="A kernel of 5 rows reaches how many rows up? How many rows of zeros does row 0 need above it?"
)
def too_high_by_half_a_kernel(grid, weight, bias):
    """The zeros above are as many as for the whole kernel, of which only the upper half is used."""
    up, side = _middle(weight)
    padded = F.pad(grid, (side, side, 2 * up, 0))[:, :, : grid.shape[2] + up]
    return F.conv2d(padded, weight[:, :, : up + 1], bias)


@misconception(
    hint="The upper half of a kernel has another middle. On which row does its last row stand in yours?"
)
def half_a_kernel_in_the_middle(grid, weight, bias):
    """The lower rows are cut off, and what is left is laid with its own middle on row i."""
    up, side = _middle(weight)
    padded = F.pad(grid, (side, side, up // 2, up - up // 2))
    return F.conv2d(padded, weight[:, :, : up + 1], bias)


@misconception(hint="Which kernel row stands on row i itself: the middle one, or the last?")
def whole_kernel_above(grid, weight, bias):
    """The grid is padded above only, and the whole kernel is used: its last row stands on the own row."""
    up, side = _middle(weight)
    return F.conv2d(F.pad(grid, (side, side, 2 * up, 0)), weight, bias)


@misconception(hint="What lies outside the grid: zeros, or the edge once more?")
def edges_repeated(grid, weight, bias):
    """Outside the grid its edges are repeated."""
    up, side = _middle(weight)
    padded = F.pad(grid, (side, side, up, 0), mode="replicate")
    return F.conv2d(padded, weight[:, :, : up + 1], bias)


@misconception(hint="A picture is wrapped around a cylinder. Is column -1 the last column here?")
def wraps_around(grid, weight, bias):
    """The columns go around: to the left of column 0 lies the last one."""
    up, side = _middle(weight)
    columns = torch.arange(-side, grid.shape[3] + side) % grid.shape[3]
    return F.conv2d(F.pad(grid[..., columns], (0, 0, up, 0)), weight[:, :, : up + 1], bias)


@misconception(hint="Are rows and columns of your output as many as those of the grid?")
def no_padding(grid, weight, bias):
    """Nothing is put around the grid, and the output is smaller."""
    up, _ = _middle(weight)
    if grid.shape[2] <= up or grid.shape[3] < weight.shape[3]:
        return grid.new_zeros(len(grid), len(weight), 0, 0)
    return F.conv2d(grid, weight[:, :, : up + 1], bias)


# --- the rest --------------------------------------------------------------------------------------------------------

bias_forgotten = slip(
    ": up + 1], bias)",
    ": up + 1])",
    idea="The bias is not added.",
    hint="Which of the three arguments does your result not depend on?",
)


@misconception(hint="Does a weight that has no effect get a gradient? Should an optimiser move it?")
def mask_forgotten_in_the_gradient(grid, weight, bias):
    """The values are those of the masked kernel, but its gradient flows to the whole of it."""
    up, _ = _middle(weight)
    hidden = torch.zeros_like(weight.detach())
    hidden[:, :, up + 1 :] = weight.detach()[:, :, up + 1 :]
    return _same(grid, weight - hidden, bias)


@misconception(hint="Print the kernel before and after the call. Whose is it?")
def weights_overwritten(grid, weight, bias):
    """The lower rows of the kernel that was passed in are set to zero."""
    up, _ = _middle(weight)
    result = _masked(grid, weight, bias)
    weight.data[:, :, up + 1 :] = 0
    return result


@misconception(hint="Whose kernel is it? Why does torch object to writing into it?")
def weights_overwritten_within_the_graph(grid, weight, bias):
    """The kernel that was passed in is multiplied by the mask in place, which torch refuses if it has a gradient."""
    weight *= _mask(weight, lambda rows, columns: rows + 0 * columns <= 0)
    return _same(grid, weight, bias)


@misconception(hint="Is the kernel still a part of what has to be learned? Look at its gradient.")
def kernel_detached(grid, weight, bias):
    """The masked kernel is a copy without a graph, so that no gradient reaches the weight."""
    return _masked(grid, weight.detach(), bias)


@misconception(hint="Which side of the kernel has to be odd: one of them, or both?")
def height_alone_checked(grid, weight, bias):
    """A kernel of even width is accepted."""
    kh, kw = weight.shape[2:]
    if kh % 2 == 0:
        raise ValueError("no middle")
    padded = F.pad(grid, (kw // 2, (kw - 1) // 2, kh // 2, 0))
    return F.conv2d(padded, weight[:, :, : kh // 2 + 1], bias)


@misconception(hint="Of two rows, which one is the middle? What does the docstring say of such a kernel?")
def width_alone_checked(grid, weight, bias):
    """A kernel of even height is accepted."""
    kh, kw = weight.shape[2:]
    if kw % 2 == 0:
        raise ValueError("no middle")
    padded = F.pad(grid, (kw // 2, kw // 2, kh // 2, 0))
    return F.conv2d(padded, weight[:, :, : kh // 2 + 1], bias)


# --- without a name --------------------------------------------------------------------------------------------------


@wrong
def even_kernels_accepted(grid, weight, bias):
    kh, kw = weight.shape[2:]
    padded = F.pad(grid, (kw // 2, (kw - 1) // 2, kh // 2, 0))
    return F.conv2d(padded, weight[:, :, : kh // 2 + 1], bias)


@wrong
def grid_masked_instead(grid, weight, bias):
    kept = torch.arange(grid.shape[2]).unsqueeze(1) <= grid.shape[2] // 2
    return _same(grid * kept, weight, bias)


@wrong
def sides_exchanged(grid, weight, bias):
    up, side = _middle(weight)
    if weight.shape[2] == weight.shape[3]:
        return _masked(grid, weight, bias)
    return F.conv2d(F.pad(grid, (up, up, side, 0)), weight[:, :, : up + 1], bias)


@wrong
def channels_averaged(grid, weight, bias):
    return _masked(grid, weight / weight.shape[1], bias)


@wrong
def kernel_mirrored(grid, weight, bias):
    return _masked(grid, weight.flip(3), bias)


@wrong
def rescaled_by_what_is_left(grid, weight, bias):
    kh = weight.shape[2]
    return _masked(grid, weight * (kh / (kh // 2 + 1)), bias)


@wrong
def bias_masked_at_the_top(grid, weight, bias):
    result = _masked(grid, weight, bias)
    first = torch.arange(grid.shape[2]).unsqueeze(1) == 0
    return result - first * bias[:, None, None]


@wrong
def outer_zeros_not_counted(grid, weight, bias):
    ones = torch.ones_like(grid[:1, :1])
    kernel = torch.ones_like(weight[:1, :1])
    zero = torch.zeros(1, dtype=grid.dtype)
    share = _masked(ones, kernel, zero) / ((weight.shape[2] // 2 + 1) * weight.shape[3])
    return _masked(grid, weight, torch.zeros_like(bias)) / share + bias[:, None, None]


@wrong
def bias_detached(grid, weight, bias):
    return _masked(grid, weight, bias.detach())


@wrong
def grid_detached(grid, weight, bias):
    return _masked(grid.detach(), weight, bias)


@wrong
def in_single_precision(grid, weight, bias):
    return _masked(grid.float(), weight.float(), bias.float()).to(grid.dtype)


@wrong
def kernels_up_to_five(grid, weight, bias):
    up, side = _middle(weight)
    cut = weight[:, :, max(0, up - 2) : up + 3, max(0, side - 2) : side + 3]
    return _masked(grid, cut, bias)


@wrong
def first_32_channels(grid, weight, bias):
    return _masked(grid[:, :32], weight[:, :32], bias)


@wrong
def first_64_images(grid, weight, bias):
    result = _masked(grid, weight, bias)
    return torch.cat([result[:64], torch.zeros_like(result[64:])])


@wrong
def first_32_rows(grid, weight, bias):
    result = _masked(grid, weight, bias)
    return torch.cat([result[:, :, :32], torch.zeros_like(result[:, :, 32:])], dim=2)


@wrong
def black_positions_left_out(grid, weight, bias):
    return _masked(grid, weight, bias) * grid.any(dim=1, keepdim=True)


@wrong
def batch_of_one_squeezed(grid, weight, bias):
    result = _masked(grid, weight, bias)
    return result[0] if len(result) == 1 else result


@wrong
def relu_on_top(grid, weight, bias):
    return _masked(grid, weight, bias).relu()


@wrong
def asserts(grid, weight, bias):
    assert weight.shape[2] % 2 == 1 and weight.shape[3] % 2 == 1
    return _masked(grid, weight, bias)
