"""Wrong answers to `moco.cosine_learning_rate`: ideas with a name and a hint, then others."""

import math

import torch

from course_utils.checks import misconception, wrong


def _refuse(step, steps, warmup):
    if step < 0 or not 0 <= warmup < steps:
        raise ValueError


def _progress(step, steps, warmup):
    return min(1.0, (step - warmup) / (steps - warmup))


def _half_cosine(progress):
    return (1 + math.cos(math.pi * progress)) / 2


def _schedule(step, steps, base, warmup, final, progress):
    """The whole function with another progress after the rise."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    return final + (base - final) * _half_cosine(progress)


@misconception(hint="Where does the cosine begin: at step 0, or where the rise ends?")
def whole_run(step, steps, base, warmup=0, final=0.0):
    """The cosine is counted from step 0 on, also where there is a rise."""
    return _schedule(step, steps, base, warmup, final, min(1.0, step / max(steps, 1)))


@misconception(hint="How long is the falling part? At which step is your cosine at its end?")
def never_arrives(step, steps, base, warmup=0, final=0.0):
    """The steps after the rise are divided by the length of the whole run."""
    return _schedule(step, steps, base, warmup, final, min(1.0, (step - warmup) / max(steps, 1)))


@misconception(hint="Do rise and cosine meet? Compute the rate on both sides of the corner.")
def jump_at_the_corner(step, steps, base, warmup=0, final=0.0):
    """The rise is not taken off the step when the cosine begins, only off the length."""
    return _schedule(
        step, steps, base, warmup, final, min(1.0, step / (steps - warmup)) if steps > warmup else 0
    )


@misconception(hint="How large may the angle become? And where does the fall begin at its top?")
def more_than_half_a_wave(step, steps, base, warmup=0, final=0.0):
    """The rise is not taken off the step when the cosine begins, which so goes on beyond its lowest point."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    return final if step >= steps else final + (base - final) * _half_cosine(step / (steps - warmup))


@misconception(hint="What does the first batch teach at your rate?")
def first_step_at_zero(step, steps, base, warmup=0, final=0.0):
    """The rise begins at a rate of 0."""
    if 0 <= step < warmup < steps:
        return base * step / warmup
    return _schedule(
        step, steps, base, warmup, final, _progress(step, steps, warmup) if steps > warmup else 0
    )


@misconception(hint="Which rate has step 0 in your rise, and which in the docstring's?")
def rise_one_step_late(step, steps, base, warmup=0, final=0.0):
    """The rise begins at a rate of 0 and goes on by the docstring's steps, one behind it."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * step / (warmup + 1)
    return final + (base - final) * _half_cosine(_progress(step, steps, warmup))


@misconception(
    hint="By how much does the rate grow in each step of the docstring's rise? Are 0 and `base` rates of it?",
    of=("first-step-at-zero", "top-one-step-early"),
)
def rise_with_both_ends(step, steps, base, warmup=0, final=0.0):
    """The rise begins at a rate of 0 and reaches `base` in its last step."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * step / max(warmup - 1, 1)
    return final + (base - final) * _half_cosine(_progress(step, steps, warmup))


@misconception(hint="At which step is `base` reached? Is it reached once or twice?")
def top_one_step_early(step, steps, base, warmup=0, final=0.0):
    """The rise reaches `base` in its last step already, one step before the cosine begins."""
    if 0 <= step < warmup < steps:
        return base * (step + 1) / warmup
    return _schedule(
        step, steps, base, warmup, final, _progress(step, steps, warmup) if steps > warmup else 0
    )


@misconception(hint="Is the rate `final` in the last step of the run, or one step later?")
def one_step_early(step, steps, base, warmup=0, final=0.0):
    """The final rate is reached in the last step."""
    return _schedule(step, steps, base, warmup, final, min(1.0, (step - warmup) / max(steps - warmup - 1, 1)))


@misconception(hint="Which rate has step `warmup`, with which the fall begins?")
def one_step_ahead(step, steps, base, warmup=0, final=0.0):
    """The fall begins one step earlier, with the step after this one."""
    return _schedule(step, steps, base, warmup, final, min(1.0, (step + 1 - warmup) / max(steps - warmup, 1)))


@misconception(hint="What is the cosine of 1.2 pi? Which rate does the docstring promise after the end?")
def rises_again(step, steps, base, warmup=0, final=0.0):
    """After the end of the run the cosine goes on, and the rate rises again."""
    return _schedule(step, steps, base, warmup, final, (step - warmup) / max(steps - warmup, 1))


@misconception(hint="What is the cosine of 180, if it is taken for radians?")
def degrees(step, steps, base, warmup=0, final=0.0):
    """The cosine is given degrees."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    return final + (base - final) * (1 + math.cos(180 * _progress(step, steps, warmup))) / 2


@misconception(hint="How steep is the curve at its end? How steep should it be?")
def quarter_wave(step, steps, base, warmup=0, final=0.0):
    """A quarter of a cosine takes the place of a half, so that it is steepest at the end."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    return final + (base - final) * math.cos(math.pi / 2 * _progress(step, steps, warmup))


@misconception(hint="How far does the cosine fall from 0 to pi/2, and where should it be in the end?")
def half_of_the_fall(step, steps, base, warmup=0, final=0.0):
    """The angle ends at a quarter of a wave: the rate falls half of the way, and then at once to the final one."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    if step >= steps:
        return final
    return final + (base - final) * _half_cosine(_progress(step, steps, warmup) / 2)


@misconception(hint="What is your rate at step `warmup` if `final` is 0.1?")
def floor_added(step, steps, base, warmup=0, final=0.0):
    """The final rate is added to a cosine that falls from `base` to zero."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    return final + base * _half_cosine(_progress(step, steps, warmup))


@misconception(hint="What becomes of the argument `final`? Try one that is not 0.")
def final_left_out(step, steps, base, warmup=0, final=0.0):
    """The rate falls to zero, whatever the final one is."""
    return _schedule(step, steps, base, warmup, 0.0, _progress(step, steps, warmup) if steps > warmup else 0)


@misconception(
    hint="Does the curve have a kink where it meets `final`? Where does the docstring's curve get there?"
)
def floor_clipped(step, steps, base, warmup=0, final=0.0):
    """The cosine falls to zero and is cut off at the final rate."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    return max(final, base * _half_cosine(_progress(step, steps, warmup)))


@misconception(hint="Which of two divisions gives 0 for 3 by 7? How many steps do you see in your curve?")
def staircase(step, steps, base, warmup=0, final=0.0):
    """A division without remainder leaves a progress of 0 until the end."""
    return _schedule(step, steps, base, warmup, final, min(1, (step - warmup) // max(steps - warmup, 1)))


@misconception(
    hint="What is 1 + cos of 0, 1, 2 and 3? Which numbers lie between them? Look at your division."
)
def four_stairs(step, steps, base, warmup=0, final=0.0):
    """The angle is divided without remainder, so that it is a whole number."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    angle = math.pi * (min(step, steps) - warmup) // (steps - warmup)
    return final + (base - final) * (1 + math.cos(angle)) / 2


@misconception(hint="What are the first `warmup` steps for?")
def no_rise(step, steps, base, warmup=0, final=0.0):
    """There is no rise: the rate is `base` until the fall begins."""
    _refuse(step, steps, warmup)
    return final + (base - final) * _half_cosine(max(0.0, _progress(step, steps, warmup)))


@misconception(hint="How many formulas has the docstring, and which of them holds for the first steps?")
def one_formula_for_all(step, steps, base, warmup=0, final=0.0):
    """The rise is left to the cosine too, which is the same to both sides of its top."""
    _refuse(step, steps, warmup)
    return final + (base - final) * _half_cosine(_progress(step, steps, warmup))


@misconception(
    hint="Which of two divisions has whole numbers for a result? Is the rise a line, or are there stairs?"
)
def stairs_in_the_rise(step, steps, base, warmup=0, final=0.0):
    """The rise is divided without remainder."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) // (warmup + 1)
    return final + (base - final) * _half_cosine(_progress(step, steps, warmup))


@misconception(hint="Which of two divisions gives 0 for 3 by 7? What does the rise come to in yours?")
def nothing_in_the_rise(step, steps, base, warmup=0, final=0.0):
    """A division without remainder makes 0 of every rate in the rise."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * ((step + 1) // (warmup + 1))
    return final + (base - final) * _half_cosine(_progress(step, steps, warmup))


@misconception(hint="In the rise, is there one factor or two?")
def cosine_in_the_rise_too(step, steps, base, warmup=0, final=0.0):
    """The cosine of the whole run is multiplied by the rise."""
    _refuse(step, steps, warmup)
    rise = min(1.0, (step + 1) / (warmup + 1))
    return rise * (final + (base - final) * _half_cosine(min(1.0, step / steps)))


@misconception(hint="From which rate does the rise begin in the docstring? Is `final` in that formula?")
def rise_from_the_final_rate(step, steps, base, warmup=0, final=0.0):
    """The rise begins at the final rate."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return final + (base - final) * (step + 1) / (warmup + 1)
    return final + (base - final) * _half_cosine(_progress(step, steps, warmup))


@misconception(hint="1 + cos lies between 0 and 2. Which rate has step `warmup` in your function?")
def not_halved(step, steps, base, warmup=0, final=0.0):
    """The 1/2 before 1 + cos is left out."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    return final + (base - final) * 2 * _half_cosine(_progress(step, steps, warmup))


@misconception(hint="Is it a straight line that the docstring describes after the rise?")
def straight_line(step, steps, base, warmup=0, final=0.0):
    """The rate falls along a straight line."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    return base + (final - base) * _progress(step, steps, warmup)


@misconception(hint="Does the rate fall or rise after the warm-up? Look at its first and its last step.")
def upside_down(step, steps, base, warmup=0, final=0.0):
    """The cosine is taken away instead of added: the rate rises from `final` to `base`."""
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    return base + (final - base) * _half_cosine(_progress(step, steps, warmup))


@misconception(hint="The paper's title has warm restarts in it. What does the docstring say of them?")
def restarts(step, steps, base, warmup=0, final=0.0):
    """After the end the schedule begins anew."""
    _refuse(step, steps, warmup)
    return _schedule(step % steps, steps, base, warmup, final, _progress(step % steps, steps, warmup))


@misconception(hint="Of what type is a learning rate here? The docstring says it.")
def a_tensor(step, steps, base, warmup=0, final=0.0):
    """The rate is a tensor."""
    _refuse(step, steps, warmup)
    return torch.tensor(_schedule(step, steps, base, warmup, final, _progress(step, steps, warmup)))


@misconception(hint="What is returned: the rate, or a number that a rate is multiplied by?")
def a_factor(step, steps, base, warmup=0, final=0.0):
    """The factor between 0 and 1 is returned, without the base rate."""
    _refuse(step, steps, warmup)
    return _schedule(step, steps, 1.0, warmup, final / base, _progress(step, steps, warmup))


@misconception(hint="Which steps are there? What does the docstring say of others?")
def negative_steps_accepted(step, steps, base, warmup=0, final=0.0):
    """A negative step has a rate."""
    _refuse(0, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    return final + (base - final) * _half_cosine(_progress(step, steps, warmup))


@misconception(hint="What if the rise is as long as the run, or longer? Look at the docstring's last lines.")
def any_rise_accepted(step, steps, base, warmup=0, final=0.0):
    """A rise that does not fit into the run is accepted."""
    if step < 0:
        raise ValueError
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    return final + (base - final) * _half_cosine(min(1.0, (step - warmup) / max(steps - warmup, 1)))


# --- without a name ------------------------------------------------------------------------------------------------


@wrong
def negative_rise_accepted(step, steps, base, warmup=0, final=0.0):
    if step < 0 or warmup >= steps:
        raise ValueError
    return _schedule(step, steps, base, max(warmup, 0), final, _progress(step, steps, max(warmup, 0)))


@wrong
def steps_beyond_the_end_refused(step, steps, base, warmup=0, final=0.0):
    if step >= steps:
        raise ValueError
    _refuse(step, steps, warmup)
    return _schedule(step, steps, base, warmup, final, _progress(step, steps, warmup))


@wrong
def rise_of_the_whole_run_but_one_refused(step, steps, base, warmup=0, final=0.0):
    if warmup >= steps - 1 and warmup:
        raise ValueError
    return _schedule(
        step, steps, base, warmup, final, _progress(step, steps, warmup) if steps > warmup else 0
    )


@wrong
def an_assertion(step, steps, base, warmup=0, final=0.0):
    assert step >= 0
    assert 0 <= warmup < steps
    return _schedule(step, steps, base, warmup, final, _progress(step, steps, warmup))


@wrong
def in_percent(step, steps, base, warmup=0, final=0.0):
    _refuse(step, steps, warmup)
    progress = round(_progress(step, steps, warmup), 2)
    return _schedule(step, steps, base, warmup, final, progress)


@wrong
def exponential(step, steps, base, warmup=0, final=0.0):
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    low = final or base / 1000
    return base * (low / base) ** _progress(step, steps, warmup)


@wrong
def rise_longer_by_one(step, steps, base, warmup=0, final=0.0):
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 2)
    return final + (base - final) * _half_cosine(_progress(step, steps, warmup))


@wrong
def corner_in_the_rise(step, steps, base, warmup=0, final=0.0):
    _refuse(step, steps, warmup)
    if step <= warmup:
        return base * (step + 1) / (warmup + 2)
    return final + (base - final) * _half_cosine(_progress(step, steps, warmup))


@wrong
def rise_along_a_cosine(step, steps, base, warmup=0, final=0.0):
    _refuse(step, steps, warmup)
    if step < warmup:
        return base * (1 - _half_cosine((step + 1) / (warmup + 1)))
    return final + (base - final) * _half_cosine(_progress(step, steps, warmup))


@wrong
def final_never_above_base(step, steps, base, warmup=0, final=0.0):
    _refuse(step, steps, warmup)
    return _schedule(step, steps, base, warmup, min(base, final), _progress(step, steps, warmup))


@wrong
def final_one_tenth_by_default(step, steps, base, warmup=0, final=0.1):
    _refuse(step, steps, warmup)
    return _schedule(step, steps, base, warmup, final, _progress(step, steps, warmup))


@wrong
def a_pair(step, steps, base, warmup=0, final=0.0):
    _refuse(step, steps, warmup)
    return _schedule(step, steps, base, warmup, final, _progress(step, steps, warmup)), step


@wrong
def zero_after_the_end(step, steps, base, warmup=0, final=0.0):
    if step >= steps and 0 <= warmup < steps:
        return 0.0
    return _schedule(step, steps, base, warmup, final, (step - warmup) / max(steps - warmup, 1))
