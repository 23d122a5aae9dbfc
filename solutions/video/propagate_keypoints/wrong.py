"""Wrong answers to `video.propagate_keypoints`: ideas with a name and a hint, then others."""

import torch

from course_utils.checks import misconception, slip, wrong


def _refuse(keypoints, size, stride):
    limits = stride * keypoints.new_tensor([size[1], size[0]])
    if ((keypoints < 0) | (keypoints >= limits)).any():
        raise ValueError("outside")


def _rows(attention, keypoints, size, stride):
    column, row = (keypoints / stride).long().unbind(1)
    return attention[row * size[1] + column]


def _best(rows, top_k):
    return rows.topk(min(top_k, rows.shape[1]), dim=1)


def _centres(cells, columns, stride, offset=0.5):
    return stride * (torch.stack([cells % columns, cells // columns], dim=2) + offset)


def _mean(weights, centres):
    total = weights.sum(dim=1, keepdim=True)
    return ((weights.unsqueeze(2) * centres).sum(dim=1) / total).where(total > 0, -1)


def _followed(rows, target_size, stride, top_k):
    weights, cells = _best(rows, top_k)
    return _mean(weights, _centres(cells, target_size[1], stride).to(weights))


@misconception(hint="Is the first number of a keypoint a row or a column?")
def x_and_y_exchanged(attention, keypoints, size, target_size, stride, top_k=5):
    """Keypoints are read and returned as (row, column)."""
    _refuse(keypoints, size, stride)
    row, column = (keypoints / stride).long().unbind(1)
    rows = attention[(row * size[1] + column) % len(attention)]
    return _followed(rows, target_size, stride, top_k).flip(1)


@misconception(hint="Which of the two numbers of a keypoint tells you the row of its cell?")
def keypoints_read_as_rows_and_columns(attention, keypoints, size, target_size, stride, top_k=5):
    """Keypoints are read as (row, column)."""
    _refuse(keypoints, size, stride)
    row, column = (keypoints / stride).long().unbind(1)
    return _followed(attention[(row * size[1] + column) % len(attention)], target_size, stride, top_k)


@misconception(hint="Which of the two numbers that you return says how far to the right the point is?")
def returned_as_rows_and_columns(attention, keypoints, size, target_size, stride, top_k=5):
    """Points are returned as (row, column)."""
    _refuse(keypoints, size, stride)
    return _followed(_rows(attention, keypoints, size, stride), target_size, stride, top_k).flip(1)


@misconception(hint="Are keypoints given in pixels, or in cells?")
def stride_forgotten(attention, keypoints, size, target_size, stride, top_k=5):
    """Pixels are taken for cells, on the way in and on the way out."""
    _refuse(keypoints, size, stride)
    rows = attention[(keypoints[:, 1].long() * size[1] + keypoints[:, 0].long()) % len(attention)]
    return _followed(rows, target_size, 1, top_k)


@misconception(hint="A keypoint at x = 9, cells of 4 pixels: in which column of cells is it?")
def pixels_taken_for_cells(attention, keypoints, size, target_size, stride, top_k=5):
    """The keypoints are taken to be given in cells."""
    _refuse(keypoints, size, stride)
    rows = attention[(keypoints[:, 1].long() * size[1] + keypoints[:, 0].long()) % len(attention)]
    return _followed(rows, target_size, stride, top_k)


@misconception(hint="In which unit is the result to be: cells, or pixels?")
def returned_in_cells(attention, keypoints, size, target_size, stride, top_k=5):
    """The points are returned in cells, except for a lost one."""
    _refuse(keypoints, size, stride)
    return _followed(_rows(attention, keypoints, size, stride), target_size, 1, top_k)


@misconception(hint="A point in cell 0, cells of 4 pixels: where in its cell is it most likely?")
def corner_for_centre(attention, keypoints, size, target_size, stride, top_k=5):
    """A cell stands for its upper left corner."""
    _refuse(keypoints, size, stride)
    weights, cells = _best(_rows(attention, keypoints, size, stride), top_k)
    return _mean(weights, _centres(cells, target_size[1], stride, 0.0).to(weights))


@misconception(hint="Where does the docstring put x = 0: at the edge of the first pixel, or in its middle?")
def middle_pixel_for_centre(attention, keypoints, size, target_size, stride, top_k=5):
    """Pixels are counted from their middles, so that a cell's centre is half a pixel less."""
    _refuse(keypoints, size, stride)
    weights, cells = _best(_rows(attention, keypoints, size, stride), top_k)
    centres = _centres(cells, target_size[1], stride).to(weights) - 0.5
    return _mean(weights, centres)


@misconception(hint="Half a cell, or half a pixel: what does the docstring add to the number of the cell?")
def half_a_pixel_added(attention, keypoints, size, target_size, stride, top_k=5):
    """Half a pixel is added to the corner of a cell, not half a cell."""
    _refuse(keypoints, size, stride)
    weights, cells = _best(_rows(attention, keypoints, size, stride), top_k)
    return _mean(weights, _centres(cells, target_size[1], stride, 0.0).to(weights) + 0.5)


@misconception(hint="Which index of the attention counts cells of the reference frame?")
def column_of_the_attention(attention, keypoints, size, target_size, stride, top_k=5):
    """The column of the point's cell is taken, not the row."""
    _refuse(keypoints, size, stride)
    column, row = (keypoints / stride).long().unbind(1)
    rows = attention[:, (row * size[1] + column) % attention.shape[1]].T
    return _followed(rows, target_size, stride, top_k)


@misconception(hint="What do the entries of a row of the attention sum to?")
def not_renormalised(attention, keypoints, size, target_size, stride, top_k=5):
    """The weights are used as they are, without being divided by their sum."""
    _refuse(keypoints, size, stride)
    weights, cells = _best(_rows(attention, keypoints, size, stride), top_k)
    found = (weights.unsqueeze(2) * _centres(cells, target_size[1], stride)).sum(dim=1)
    return found.where(weights.sum(dim=1, keepdim=True) > 0, -1)


@misconception(hint="By the sum of which entries are your weights divided?")
def divided_by_the_whole_row(attention, keypoints, size, target_size, stride, top_k=5):
    """The weights are divided by the sum of the whole row, those that were dropped included."""
    _refuse(keypoints, size, stride)
    rows = _rows(attention, keypoints, size, stride)
    weights, cells = _best(rows, top_k)
    total = rows.sum(dim=1, keepdim=True)
    found = (weights.unsqueeze(2) * _centres(cells, target_size[1], stride)).sum(dim=1) / total
    return found.where(total > 0, -1)


@misconception(hint="Five cells with entries of 0.1 each: what do your weights sum to?")
def divided_by_their_number(attention, keypoints, size, target_size, stride, top_k=5):
    """The weighted centres are averaged: divided by how many there are, not by the sum of their weights."""
    _refuse(keypoints, size, stride)
    weights, cells = _best(_rows(attention, keypoints, size, stride), top_k)
    found = (weights.unsqueeze(2) * _centres(cells, target_size[1], stride)).mean(dim=1)
    return found.where(weights.sum(dim=1, keepdim=True) > 0, -1)


@misconception(hint="By how much does your point move at least, if it moves at all?")
def argmax(attention, keypoints, size, target_size, stride, top_k=5):
    """Only the best cell counts."""
    _refuse(keypoints, size, stride)
    return _followed(_rows(attention, keypoints, size, stride), target_size, stride, 1)


@misconception(hint="Where in the frame is the mean of a nearly flat map?")
def all_cells(attention, keypoints, size, target_size, stride, top_k=5):
    """All cells count, however small their entries are."""
    _refuse(keypoints, size, stride)
    return _followed(_rows(attention, keypoints, size, stride), target_size, stride, attention.shape[1])


@misconception(hint="In which cell is pixel 3.9, if cells have 4 pixels?")
def rounded_cell(attention, keypoints, size, target_size, stride, top_k=5):
    """The cell is found by rounding to the nearest number."""
    _refuse(keypoints, size, stride)
    column, row = (keypoints / stride).round().long().unbind(1)
    cells = row.clamp(max=size[0] - 1) * size[1] + column.clamp(max=size[1] - 1)
    return _followed(attention[cells], target_size, stride, top_k)


@misconception(hint="Is a point on the border of two cells in the first or in the second of them?")
def border_to_the_cell_before(attention, keypoints, size, target_size, stride, top_k=5):
    """A point on the border of two cells belongs to the one on the left or above."""
    _refuse(keypoints, size, stride)
    column, row = ((keypoints / stride).ceil().long() - 1).clamp(min=0).unbind(1)
    return _followed(attention[row * size[1] + column], target_size, stride, top_k)


@misconception(hint="Nobody points at the cell: what is 0 divided by 0?")
def lost_point_nan(attention, keypoints, size, target_size, stride, top_k=5):
    """A lost point is not a number."""
    _refuse(keypoints, size, stride)
    weights, cells = _best(_rows(attention, keypoints, size, stride), top_k)
    weights = weights / weights.sum(dim=1, keepdim=True)
    return (weights.unsqueeze(2) * _centres(cells, target_size[1], stride)).sum(dim=1)


@misconception(hint="How does the caller tell a lost point from one in the corner of the frame?")
def lost_point_in_the_corner(attention, keypoints, size, target_size, stride, top_k=5):
    """A lost point is at (0, 0)."""
    _refuse(keypoints, size, stride)
    weights, cells = _best(_rows(attention, keypoints, size, stride), top_k)
    weights = weights / weights.sum(dim=1, keepdim=True).clamp(min=1e-12)
    return (weights.unsqueeze(2) * _centres(cells, target_size[1], stride)).sum(dim=1)


@misconception(hint="Does a point stay where it was because nobody has seen it?")
def lost_point_stays(attention, keypoints, size, target_size, stride, top_k=5):
    """A lost point stays where it was."""
    _refuse(keypoints, size, stride)
    found = _followed(_rows(attention, keypoints, size, stride), target_size, stride, top_k)
    return torch.where(found < 0, keypoints, found)


@misconception(hint="Does the best cell count no more than the fifth?")
def equal_votes(attention, keypoints, size, target_size, stride, top_k=5):
    """The centres of the best cells are averaged without weights."""
    _refuse(keypoints, size, stride)
    weights, cells = _best(_rows(attention, keypoints, size, stride), top_k)
    seen = (weights.sum(dim=1, keepdim=True) > 0).expand_as(weights)
    return _mean(seen.to(weights), _centres(cells, target_size[1], stride))


@misconception(hint="The entries are weights already. What does a softmax make of 0.3 and 0.1?")
def softmax_of_the_weights(attention, keypoints, size, target_size, stride, top_k=5):
    """The best entries are put through a softmax, in the place of being divided by their sum."""
    _refuse(keypoints, size, stride)
    weights, cells = _best(_rows(attention, keypoints, size, stride), top_k)
    seen = weights.sum(dim=1, keepdim=True) > 0
    return _mean(weights.softmax(dim=1) * seen, _centres(cells, target_size[1], stride))


@misconception(hint="Cell 7 of the target frame: by which frame's width do you find its row?")
def width_of_the_reference(attention, keypoints, size, target_size, stride, top_k=5):
    """Rows and columns of the target are found with the width of the reference frame."""
    _refuse(keypoints, size, stride)
    return _followed(_rows(attention, keypoints, size, stride), size, stride, top_k)


@misconception(hint="The row of a target cell is its number divided by what?")
def target_height_for_width(attention, keypoints, size, target_size, stride, top_k=5):
    """Rows and columns of the target are found by dividing by its height."""
    _refuse(keypoints, size, stride)
    return _followed(_rows(attention, keypoints, size, stride), target_size[::-1], stride, top_k)


@misconception(hint="How many cells of the reference come before its second row?")
def height_for_width(attention, keypoints, size, target_size, stride, top_k=5):
    """The number of a cell is its row times the height plus its column."""
    _refuse(keypoints, size, stride)
    column, row = (keypoints / stride).long().unbind(1)
    rows = attention[(row * size[0] + column) % len(attention)]
    return _followed(rows, target_size, stride, top_k)


@misconception(
    hint="Is the first number of `size` a width or a height?", of=("limits-exchanged", "height-for-width")
)
def size_read_as_width_and_height(attention, keypoints, size, target_size, stride, top_k=5):
    """The size of the reference frame is read as (width, height)."""
    _refuse(keypoints, size[::-1], stride)
    column, row = (keypoints / stride).long().unbind(1)
    rows = attention[(row * size[0] + column) % len(attention)]
    return _followed(rows, target_size, stride, top_k)


@misconception(hint="Does position 1 of the reference lie beside position 0, or below it?")
def cells_column_by_column(attention, keypoints, size, target_size, stride, top_k=5):
    """Cells of the reference are counted column by column."""
    _refuse(keypoints, size, stride)
    column, row = (keypoints / stride).long().unbind(1)
    return _followed(attention[column * size[0] + row], target_size, stride, top_k)


@misconception(hint="Does the docstring hand on where in its cell a point stood?")
def place_in_the_cell_kept(attention, keypoints, size, target_size, stride, top_k=5):
    """The distance of the point from the centre of its cell is added to the result."""
    _refuse(keypoints, size, stride)
    found = _followed(_rows(attention, keypoints, size, stride), target_size, stride, top_k)
    return torch.where(found < 0, found, found + keypoints % stride - stride / 2)


@misconception(hint="Change top_k. Does the number of cells that count change?")
def five_cells_always(attention, keypoints, size, target_size, stride, top_k=5):
    """Five cells count, whatever top_k is."""
    _refuse(keypoints, size, stride)
    return _followed(_rows(attention, keypoints, size, stride), target_size, stride, 5)


@misconception(hint="What is in a row that is not there? What does the docstring do with a point at -1?")
def outside_clamped(attention, keypoints, size, target_size, stride, top_k=5):
    """A point outside the frame is moved to its edge."""
    limits = stride * keypoints.new_tensor([size[1], size[0]]) - 0.5
    points = keypoints.clamp(min=0).minimum(limits)
    return _followed(_rows(attention, points, size, stride), target_size, stride, top_k)


@misconception(hint="Is (-2.5, 3) in the frame? Of how many of its two numbers must that be said?")
def refused_only_if_both_numbers_are_outside(attention, keypoints, size, target_size, stride, top_k=5):
    """A point is refused only if x and y are both outside."""
    limits = stride * keypoints.new_tensor([size[1], size[0]])
    if ((keypoints < 0) | (keypoints >= limits)).all(dim=1).any():
        raise ValueError("outside")
    points = keypoints.clamp(min=0).minimum(limits - 0.5)
    return _followed(_rows(attention, points, size, stride), target_size, stride, top_k)


@misconception(hint="Five columns, and a point in column 5: is there no cell of the number that you find?")
def number_of_the_cell_checked(attention, keypoints, size, target_size, stride, top_k=5):
    """A point is refused if there is no cell of its number, so that one beyond the right edge is in the next row."""
    column, row = (keypoints / stride).floor().long().unbind(1)
    cells = row * size[1] + column
    if ((cells < 0) | (cells >= len(attention))).any():
        raise ValueError("outside")
    return _followed(attention[cells], target_size, stride, top_k)


@misconception(hint="What does the docstring want for a keypoint outside the frame?")
def nothing_checked(attention, keypoints, size, target_size, stride, top_k=5):
    """Whether the points are in the frame is not looked at."""
    return _followed(_rows(attention, keypoints, size, stride), target_size, stride, top_k)


@misconception(hint="How wide is a frame of five cells of 4 pixels, in the unit of the keypoints?")
def limits_in_cells(attention, keypoints, size, target_size, stride, top_k=5):
    """The keypoints, which are in pixels, are compared with the numbers of cells."""
    _refuse(keypoints, size, 1)
    return _followed(_rows(attention, keypoints, size, stride), target_size, stride, top_k)


@misconception(hint="A lost point and a wrong argument: does the docstring treat them alike?")
def outside_lost(attention, keypoints, size, target_size, stride, top_k=5):
    """A point outside the frame is returned as lost."""
    limits = stride * keypoints.new_tensor([size[1], size[0]])
    within = ((keypoints >= 0) & (keypoints < limits)).all(dim=1, keepdim=True)
    rows = _rows(attention, torch.where(within, keypoints, 0), size, stride)
    return _followed(rows, target_size, stride, top_k).where(within, -1)


@misconception(hint="A frame of 5 cells of 4 pixels: is x = 20 inside of it? In which cell?")
def far_edge_counts_as_inside(attention, keypoints, size, target_size, stride, top_k=5):
    """A point on the right or the lower edge is taken to be inside the last cell."""
    limits = stride * keypoints.new_tensor([size[1], size[0]])
    if ((keypoints < 0) | (keypoints > limits)).any():
        raise ValueError("outside")
    rows = _rows(attention, keypoints.minimum(limits - 0.5), size, stride)
    return _followed(rows, target_size, stride, top_k)


@misconception(hint="How wide is a frame of 3 x 5 cells, and how high? Which number is x measured by?")
def limits_exchanged(attention, keypoints, size, target_size, stride, top_k=5):
    """x is compared with the height of the frame, y with its width."""
    _refuse(keypoints.flip(1), size, stride)
    points = keypoints.clamp(min=0).minimum(stride * keypoints.new_tensor([size[1], size[0]]) - 0.5)
    return _followed(_rows(attention, points, size, stride), target_size, stride, top_k)


@misconception(hint="Which numbers can an index not be? What does Python do with row -1?")
def negative_not_checked(attention, keypoints, size, target_size, stride, top_k=5):
    """Only the right and the lower edge are checked."""
    _refuse(keypoints.clamp(min=0), size, stride)
    return _followed(_rows(attention, keypoints, size, stride), target_size, stride, top_k)


top_k_cells_must_be_there = slip(
    "min(top_k, attention.shape[1])",
    "top_k",
    idea="There must be top_k target cells, or `topk` fails.",
    hint="What if the target frame has fewer cells than top_k?",
)
another_type_of_exception = slip(
    "raise ValueError",
    "raise IndexError",
    idea="A point outside the frame is an IndexError.",
    hint="Which type of exception does the docstring name?",
)


# --- without a name ----------------------------------------------------------------------------------------------


@wrong
def best_of_the_whole_attention(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    last = attention.flatten().topk(min(top_k, attention.numel())).values[-1]
    return _followed(
        _rows(attention * (attention >= last), keypoints, size, stride), target_size, stride, top_k
    )


@wrong
def lost_point_in_pixels(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    return stride * _followed(_rows(attention, keypoints, size, stride), target_size, 1, top_k)


@wrong
def one_lost_all_lost(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    rows = _rows(attention, keypoints, size, stride)
    return _followed(rows * rows.any(dim=1).all(), target_size, stride, top_k)


@wrong
def half_a_stride_without_its_fraction(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    weights, cells = _best(_rows(attention, keypoints, size, stride), top_k)
    return _mean(weights, (_centres(cells, target_size[1], stride, 0) + stride // 2).to(weights))


@wrong
def squared_weights(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    return _followed(_rows(attention, keypoints, size, stride) ** 2, target_size, stride, top_k)


@wrong
def rounded_to_pixels(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    return _followed(_rows(attention, keypoints, size, stride), target_size, stride, top_k).round()


@wrong
def whole_pixels_first(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    points = keypoints.round().minimum(stride * keypoints.new_tensor([size[1], size[0]]) - 1)
    return _followed(_rows(attention, points, size, stride), target_size, stride, top_k)


@wrong
def first_point_for_all(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    points = keypoints[:1].expand_as(keypoints)
    return _followed(_rows(attention, points, size, stride), target_size, stride, top_k)


@wrong
def fifty_points_at_most(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    return _followed(_rows(attention, keypoints, size, stride)[:50], target_size, stride, top_k)


@wrong
def strides_of_four(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    return _followed(_rows(attention, keypoints, size, stride), target_size, 4, top_k)


@wrong
def weak_points_lost(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    rows = _rows(attention, keypoints, size, stride)
    return _followed(rows * (rows.sum(dim=1, keepdim=True) > 0.5), target_size, stride, top_k)


@wrong
def in_float32(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    rows = _rows(attention, keypoints, size, stride).float()
    return _followed(rows, target_size, stride, top_k).to(attention.dtype)


@wrong
def renormalised_in_place(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    with torch.no_grad():
        attention /= attention.sum(dim=1, keepdim=True).clamp(min=1e-30)
    return _followed(_rows(attention, keypoints, size, stride), target_size, stride, top_k)


@wrong
def keypoints_divided_in_place(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    rows = _rows(attention, keypoints, size, stride)
    with torch.no_grad():
        keypoints /= stride
    return _followed(rows, target_size, stride, top_k)
