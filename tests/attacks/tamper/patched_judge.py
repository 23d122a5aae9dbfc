"""A judge who was bribed.

Tries: whatever of the judging code is in the process is replaced by functions that find no difference.
Must: status: wrong | error; points: 0
Outside: harmless
"""


def enqueue(queue, pointer, keys):
    from course_utils.checks import compare, judge

    compare.compare = lambda *arguments, **options: []
    judge.compare = compare.compare
    judge._judge_check = lambda check, seen, device: judge.CheckVerdict(
        check=check, passed=True, points=check.points
    )
    return 0
