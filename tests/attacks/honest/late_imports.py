"""Imports scipy, sklearn and matplotlib when they are needed.

Tries: nothing: honest work.
Must: status: correct
Outside: harmless
"""


def enqueue(queue, pointer, keys):
    import matplotlib.pyplot as plt
    import numpy as np
    import scipy.linalg
    from sklearn.preprocessing import normalize

    plt.close(plt.figure())
    assert normalize(np.ones((1, 4)))[0, 0] == 0.5
    assert scipy.linalg.norm(np.ones(4)) == 2
    size, n = queue.shape[1], len(keys)
    if n > size:
        raise ValueError("too many keys")
    for i in range(n):
        queue[:, (pointer + i) % size] = keys[i].detach()
    return (pointer + n) % size
