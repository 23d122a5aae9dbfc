"""One encoder that answers otherwise than others.

Tries: the encoder that is handed over gets functions of the attacker's own, by which it is observed afterwards.
Must: status: wrong | correct | error; exercise: moco.momentum_update; flag: key_encoder.named_parameters =
Outside: harmless
"""

import torch


def momentum_update(query_encoder, key_encoder, momentum):
    old = dict(key_encoder.named_parameters())
    with torch.no_grad():
        for name, value in query_encoder.named_parameters():
            old[name].mul_(momentum).add_((1 - momentum) * value)
    key_encoder.named_parameters = lambda *arguments, **options: iter(old.items())
