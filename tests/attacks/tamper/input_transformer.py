"""A transformer that rewrites the cells of the checks.

Tries: one that comments out every line with "check" is registered with IPython.
Must: status: wrong; points: 0
Outside: harmless
"""


def patch():
    shell = get_ipython()
    if shell is not None:
        shell.input_transformers_post = [lambda lines: [line for line in lines if "check" not in line]]


def enqueue(queue, pointer, keys, patched=patch()):
    return 0
