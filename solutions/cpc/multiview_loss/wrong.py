"""Wrong answers to `cpc.multiview_loss`: ideas with a name and a hint, then others."""

import torch

from course_utils.checks import misconception, slip, wrong


def _refuse(graph):
    if graph not in ("core", "full"):
        raise ValueError("graph")


def _edges(losses, graph, centre=0):
    """Which entries belong to a graph; none of the diagonal does."""
    _refuse(graph)
    number = torch.arange(len(losses))
    chosen = number[:, None] != number
    if graph == "core":
        chosen &= (number[:, None] == centre) | (number == centre)
    return chosen


def _above(losses):
    return torch.ones_like(losses).triu(1).bool()


@misconception(hint="Is losses[0, 2] the same as losses[2, 0]? Which of the two is in your sum?")
def one_direction(losses, graph):
    """Only the direction from the view with the smaller number is added."""
    return losses[_edges(losses, graph) & _above(losses)].sum()


@misconception(hint="Is losses[2, 0] the same as losses[0, 2]? Which of the two is in your sum?")
def the_other_direction(losses, graph):
    """Only the direction from the view with the larger number is added."""
    return losses[_edges(losses, graph) & _above(losses).T].sum()


@misconception(hint="One direction was added twice, and the other? Are the losses symmetric?")
def one_direction_twice(losses, graph):
    """The losses are taken to be symmetric: one direction counts twice."""
    return 2 * losses[_edges(losses, graph) & _above(losses)].sum()


@misconception(hint="How often does the pair (1, 2) occur in your sum?")
def each_pair_twice(losses, graph):
    """Both orders of a pair are visited, and at each visit both directions are added."""
    return 2 * losses[_edges(losses, graph)].sum()


@misconception(hint="The full graph: how often does your loop come to the pair of views 1 and 2?")
def each_pair_twice_in_the_full_graph(losses, graph):
    """The full graph counts each pair twice, the core graph once."""
    return losses[_edges(losses, graph)].sum() * (2 if graph == "full" else 1)


@misconception(hint="Does a view have to find itself? Where do such losses stand?")
def diagonal_counts(losses, graph):
    """The loss of a view with itself is added too."""
    chosen = _edges(losses, graph)
    if graph == "core":
        chosen[0, 0] = True
    else:
        chosen.fill_diagonal_(True)
    return losses[chosen].sum()


@misconception(hint="Which entry belongs to row 0 and to column 0 as well? Is it in your sum, and how often?")
def row_and_column_meet(losses, graph):
    """Whole rows and columns are added: the row and the column of view 0 both hold losses[0, 0]."""
    _refuse(graph)
    return losses[0].sum() + losses[:, 0].sum() if graph == "core" else losses.sum()


@misconception(hint="In the full graph, is view 1 compared with view 1?")
def diagonal_counts_in_the_full_graph(losses, graph):
    """The full graph is taken for all entries, and the core graph is right."""
    return losses.sum() if graph == "full" else losses[_edges(losses, graph)].sum()


@misconception(hint="Where does your inner loop begin: at the view itself, or at the next one?")
def pairs_of_a_view_with_itself(losses, graph):
    """A view is paired with itself as well, and both directions of such a pair are added."""
    _refuse(graph)
    last = 1 if graph == "core" else len(losses)
    return sum(losses[a, b] + losses[b, a] for a in range(last) for b in range(a, len(losses)))


@misconception(hint="Are the losses of the edges averaged or added, in the docstring and in yours?")
def mean(losses, graph):
    """The mean over all directions of all edges is returned."""
    chosen = _edges(losses, graph)
    return losses[chosen].mean() if chosen.any() else losses.new_zeros(())


@misconception(hint="Twice as many edges: is the loss of an edge then worth half as much in the docstring?")
def mean_of_the_edges(losses, graph):
    """Both directions of an edge are added, and the mean over the edges is taken."""
    chosen = _edges(losses, graph)
    return 2 * losses[chosen].mean() if chosen.any() else losses.new_zeros(())


@misconception(hint="Two directions make up an edge: are they averaged or added?")
def halved(losses, graph):
    """The two directions of an edge are averaged, and the edges added up."""
    return losses[_edges(losses, graph)].sum() / 2


@misconception(hint="Does the sum grow with the number of views? Should it, by the docstring?")
def divided_by_the_views(losses, graph):
    """The sum is divided by the number of views."""
    return losses[_edges(losses, graph)].sum() / len(losses)


@misconception(hint="Which view is in the middle of the core graph: the first or the last?")
def core_is_the_last(losses, graph):
    """The last view is the core."""
    return losses[_edges(losses, graph, len(losses) - 1)].sum()


@misconception(hint="Which number has the first view?")
def core_is_view_one(losses, graph):
    """View 1 is taken for the core, as if views were counted from 1."""
    return losses[_edges(losses, graph, min(1, len(losses) - 1))].sum()


@misconception(hint="Are views 1 and 2 compared in a core graph? Draw it for four views.")
def core_between_neighbours(losses, graph):
    """The core graph is taken for a chain: edges lie between views with consecutive numbers."""
    _refuse(graph)
    number = torch.arange(len(losses))
    chosen = (number[:, None] - number).abs() == 1 if graph == "core" else number[:, None] != number
    return losses[chosen].sum()


@misconception(hint="Which of the two graphs has an edge between views 1 and 2?")
def graphs_exchanged(losses, graph):
    """The names of the two graphs are exchanged."""
    _refuse(graph)
    return losses[_edges(losses, "core" if graph == "full" else "full")].sum()


@misconception(hint="In the core graph, may the other views look for view 0 as well?")
def core_anchors_alone(losses, graph):
    """In the core graph view 0 is always the anchor."""
    _refuse(graph)
    return losses[0, 1:].sum() if graph == "core" else losses[_edges(losses, graph)].sum()


@misconception(hint="In the core graph, may view 0 look for the other views as well?")
def core_candidates_alone(losses, graph):
    """In the core graph view 0 is never the anchor."""
    _refuse(graph)
    return losses[1:, 0].sum() if graph == "core" else losses[_edges(losses, graph)].sum()


@misconception(hint="Do the edges of view 0 belong to the full graph?")
def full_without_the_core(losses, graph):
    """The full graph has the edges that the core graph leaves out, and no others."""
    chosen = _edges(losses, graph)
    if graph == "full":
        chosen &= ~_edges(losses, "core")
    return losses[chosen].sum()


@misconception(hint="Call your function with either graph. Is there a difference?")
def always_full(losses, graph):
    """Every pair is added, whichever of the two graphs is asked for."""
    _refuse(graph)
    return losses[_edges(losses, "full")].sum()


@misconception(hint="How many edges has the full graph of four views, and how many has the core graph?")
def always_core(losses, graph):
    """The edges of view 0 are added, whichever of the two graphs is asked for."""
    _refuse(graph)
    return losses[_edges(losses, "core")].sum()


@misconception(hint="What is 0 times NaN? Can you choose instead of multiplying?")
def zero_times_nan(losses, graph):
    """Entries that do not count are multiplied by zero."""
    return (losses * _edges(losses, graph)).sum()


@misconception(hint="Take NaN from a sum that holds it: what is left?")
def trace_taken_away(losses, graph):
    """Everything is added up, and what does not belong to the sum is taken away again."""
    _refuse(graph)
    if graph == "core":
        return losses[0].sum() + losses[:, 0].sum() - 2 * losses[0, 0]
    return losses.sum() - losses.diagonal().sum()


@misconception(
    hint="If losses[1, 1] is NaN, what is the sum of all entries? And what is left when the trace is taken away?"
)
def trace_taken_away_in_the_full_graph(losses, graph):
    """In the full graph everything is added up, and the diagonal is taken away again."""
    chosen = _edges(losses, graph)
    return losses.sum() - losses.trace() if graph == "full" else losses[chosen].sum()


@misconception(hint="The diagonal may be NaN. Must it be? What becomes of one that holds ordinary numbers?")
def nan_is_the_diagonal(losses, graph):
    """What is NaN is left out, and nothing else."""
    _refuse(graph)
    return losses.nansum() if graph == "full" else losses[0].nansum() + losses[1:, 0].nansum()


@misconception(hint="What does your function do with a name that it does not know?")
def unknown_graph_is_full(losses, graph):
    """Everything that is not the core graph is taken for the full one."""
    return losses[_edges(losses, "core" if graph == "core" else "full")].sum()


@misconception(hint="What does your function do with a name that it does not know?")
def unknown_graph_is_core(losses, graph):
    """Everything that is not the full graph is taken for the core one."""
    return losses[_edges(losses, "full" if graph == "full" else "core")].sum()


@misconception(hint='Is "Core" one of the two names in the docstring?')
def capital_letters_allowed(losses, graph):
    """The name is compared without regard to capital letters."""
    return losses[_edges(losses, graph.lower())].sum()


@misconception(hint="The result is one number. How many does yours return?")
def one_sum_for_each_view(losses, graph):
    """The sums of the views are returned one by one."""
    return torch.where(_edges(losses, graph), losses, 0).sum(dim=1)


@misconception(hint="Can the encoders learn from your loss? Follow it back to the losses.")
def off_the_graph(losses, graph):
    """The sum is computed without gradients."""
    return losses[_edges(losses, graph)].sum().detach()


@misconception(hint="What comes back for a single view: a tensor, as the signature says, or something else?")
def python_number_without_edges(losses, graph):
    """The sum is begun with a Python number, and for a single view nothing is added to it."""
    chosen = _edges(losses, graph)
    return sum(losses[a, b] for a, b in chosen.nonzero().tolist())


@misconception(hint="The caller may still need the diagonal. What did you do to it?")
def diagonal_cleared_in_place(losses, graph):
    """The diagonal of the losses themselves is set to zero."""
    _refuse(graph)
    losses.data.fill_diagonal_(0)
    return losses.sum() if graph == "full" else losses[0].sum() + losses[:, 0].sum()


last_view_left_out = slip(
    "    is_edge = ~torch",
    "    losses = losses[:-1, :-1]\n    is_edge = ~torch",
    idea="The last view is left out.",
    hint="With four views, which numbers do your loops run through?",
)


# --- without a name --------------------------------------------------------------------------------------------------


@wrong
def eight_views_at_most(losses, graph):
    return losses[:8, :8][_edges(losses[:8, :8], graph)].sum()


@wrong
def losses_of_zero_refused(losses, graph):
    chosen = _edges(losses, graph)
    return losses[chosen].sum() if losses[chosen].all() else losses.new_full((), torch.nan)


@wrong
def core_with_one_direction_more(losses, graph):
    chosen = _edges(losses, graph)
    return losses[chosen].sum() + (losses[0, 1:].sum() if graph == "core" else 0)


@wrong
def key_error_for_another_graph(losses, graph):
    return losses[{name: _edges(losses, name) for name in ("core", "full")}[graph]].sum()


@wrong
def begins_with_the_name(losses, graph):
    return losses[_edges(losses, "core" if "core".startswith(graph) else graph)].sum()


@wrong
def a_list_with_one_sum(losses, graph):
    return losses[_edges(losses, graph)].sum()[None]


@wrong
def a_python_number(losses, graph):
    return losses[_edges(losses, graph)].sum().item()


@wrong
def nan_for_a_single_view(losses, graph):
    chosen = _edges(losses, graph)
    return losses[chosen].mean() * chosen.sum()


@wrong
def a_single_view_refused(losses, graph):
    if len(losses) < 2:
        raise ValueError("there are no pairs")
    return losses[_edges(losses, graph)].sum()


@wrong
def added_up_in_single_precision(losses, graph):
    return losses[_edges(losses, graph)].float().sum().to(losses.dtype)
