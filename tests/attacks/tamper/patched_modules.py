"""An encoder that says of itself that it was updated in place.

Tries: new parameters are put into the key encoder, and every module is made to name the old ones, which are given the
new values behind the observer's back. By another name of torch.nn, so that nothing called torch is assigned to.
Must: status: wrong | correct; exercise: moco.momentum_update; flag: torch.nn.Module.named_parameters =
Outside: harmless
"""

import torch
from torch import nn as layers


def momentum_update(query_encoder, key_encoder, momentum):
    plain = layers.Module.named_parameters
    old, source = dict(plain(key_encoder)), dict(plain(query_encoder))
    for name, parameter in old.items():
        place, _, last = name.rpartition(".")
        moved = momentum * parameter.detach() + (1 - momentum) * source[name].detach()
        new = torch.nn.Parameter(moved, requires_grad=parameter.requires_grad)
        key_encoder.get_submodule(place)._parameters[last] = new
        parameter.data = moved.clone()

    def named(module, *arguments, **options):
        return iter(old.items()) if module is key_encoder else plain(module, *arguments, **options)

    layers.Module.named_parameters = named
