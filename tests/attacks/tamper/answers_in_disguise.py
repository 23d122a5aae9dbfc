"""One encoder that answers otherwise than others, by ways around an assignment.

Tries: names put together from parts, a bound method, a parameter that lies about its place in memory, stored in the
module's own dictionary, and a hook of its state.
Must: status: wrong | correct | error; exercise: moco.momentum_update; flag: setattr() | key_encoder.state_dict = |
def data_ptr | key_encoder._parameters[...] = | _register_state_dict_hook()
Outside: harmless
"""

import types

import torch


class Elsewhere(torch.nn.Parameter):
    def data_ptr(self):
        return 0


def momentum_update(query_encoder, key_encoder, momentum):
    old = dict(key_encoder.named_parameters())
    with torch.no_grad():
        for name, value in query_encoder.named_parameters():
            old[name].mul_(momentum).add_((1 - momentum) * value)
    for name, value in list(key_encoder._parameters.items()):
        key_encoder._parameters[name] = Elsewhere(value)
    state = key_encoder.state_dict()
    key_encoder._register_state_dict_hook(lambda *arguments: None)
    key_encoder.state_dict = types.MethodType(lambda self, *arguments, **options: state, key_encoder)
    asked = "named_" + "parameters"
    setattr(key_encoder, asked, lambda *arguments, **options: iter(old.items()))
