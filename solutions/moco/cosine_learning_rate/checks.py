"""Cases and points of `moco.cosine_learning_rate`."""

from collections.abc import Iterable

from course_utils.checks import Case, Draw, check, standard

# A rate may come as a float of Python, of NumPy or of torch's float32, `.item()` of it: so cases are compared as means
# are. At the end of a run to zero a rate is a difference of numbers near one, and there are none of those here.


def _run(
    steps: Iterable[int], length: int, base: float, warmup: int | None = None, final: float | None = None
) -> list[Case]:
    more: dict[str, float] = {} if warmup is None else {"warmup": warmup}
    if final is not None:
        more["final"] = final
    return [Case.of(step=step, steps=length, base=base, **more) for step in steps]


def _rate(draw: Draw) -> float:
    # As large as the rate of a linear probe: rounded to two digits, they still show what else is wrong.
    return 20.0 + draw.integer(1, 4000) / 128


rise = standard.values(
    lambda draw: [*_run((0, 1, 3), 20, 32.0, 4, 6.4), *_run((0, 2), draw.integer(11, 15), _rate(draw), 3)],
    "In the rise the rate grows by equal steps, from the first step on.",
    points=0.5,
)
cosine = standard.values(
    lambda draw: [*_run((0, 2, 5, 8), 10, 32.0), *_run((1, 4, 9), draw.integer(11, 15), _rate(draw))],
    "Without a rise the rate falls along half a cosine.",
    points=0.5,
)
after_the_rise = standard.values(
    lambda draw: [
        *_run((4, 5, 12, 18), 20, 32.0, 4),
        *_run((3, 4, 9), draw.integer(11, 15), _rate(draw), 3),
    ],
    "The cosine begins where the rise ends.",
    points=0.5,
)
to_a_final_rate = standard.values(
    lambda draw: [
        *_run((0, 5, 9), 10, 32.0, 0, 6.4),
        *_run((3, 6, 10), draw.integer(12, 15), _rate(draw), 3, 5.0),
    ],
    "The rate falls to a final one that is not zero.",
    points=0.5,
)
beyond_the_end = standard.values(
    lambda draw: [
        # A step before the end as well, so that `final` alone is no answer: not the last one, where a rate that is
        # one step ahead is `final` too.
        *_run((8, 10, 12, 20), 10, 32.0, 0, 6.4),
        *_run((19, 31), draw.integer(11, 15), _rate(draw), 3, 5.0),
    ],
    "At the end of the run and beyond it the rate is the final one.",
    points=0.5,
)


@check(points=0.5, visible=True, looks_at=("exception",), side=True)
def refused(draw: Draw) -> list[Case]:
    """A negative step, and a rise that does not fit into the run: a ValueError."""
    length = draw.integer(6, 9)
    return [
        *_run((-1,), 10, 32.0),
        *_run((2,), length, 32.0, length),
        *_run((0,), 5, 32.0, draw.integer(6, 8)),
        *_run((4,), length, 32.0, -1),
        *_run((4,), length, 32.0, length - 2),
    ]


@check(points=1, asks="whole runs, long ones, the corner, the end")
def whole_runs(draw: Draw) -> list[Case]:
    """The rate is right at every step of short runs, in long ones, and beyond the end."""
    length, warmup = draw.integer(7, 9), draw.integer(2, 4)
    short = _run(range(length + 5), length, _rate(draw), warmup, 4.0)
    beyond = _run((40, 41, 50, 79, 80, 200), 40, _rate(draw), 10, 2.5)
    # A long rise, half of the run and more; a rise of a single step; one that ends with the run.
    corners = [
        *_run((29, 30, 31, 39), 50, _rate(draw), 30, 3.0),
        *_run((0, 1, 2), 9, _rate(draw), 1),
        *_run((0, 5, 6), 7, _rate(draw), 6),
    ]
    big = draw.integer(20_000, 90_000)
    long = _run((0, 999, 1000, 1001, big // 2, big - 5000), big, 30.0, 1000, 1.5)
    # Upwards, and at one rate all the time.
    other = [
        *_run((2, 5, 8), 10, 10.0, 2, 40.0),
        *_run((2, 5, 8, 30), 10, 30.0, 2, 30.0),
        *_run((0,), 1, _rate(draw)),
    ]
    return [*short, *beyond, *corners, *long, *other]


@check(
    points=0.5, looks_at=("exception", "result", "setting"), side=True, asks="the limits of what is refused"
)
def limits(draw: Draw) -> list[Case]:
    """What is just allowed has a rate, and what is just not allowed is a ValueError."""
    length = draw.integer(4, 9)
    return [
        *_run((0,), 1, 32.0, 0),
        *_run((0, length - 1), length, 32.0, length - 1, 6.4),
        *_run((length,), length, 32.0, length),
        *_run((0,), 0, 32.0),
        *_run((3,), -2, 32.0),
        *_run((-1, -7), length, 32.0, 2),
        *_run((0,), length, 32.0, -1),
    ]
