"""An argument that changes its class.

Tries: the key encoder's class is replaced by one whose state is computed when it is read.
Must: status: wrong | error | crashed; points: 0; exercise: moco.momentum_update
Outside: harmless
"""


def momentum_update(query_encoder, key_encoder, momentum):
    class Obliging(type(key_encoder)):
        def named_parameters(self, *arguments, **options):
            return type(query_encoder).named_parameters(query_encoder, *arguments, **options)

        def named_buffers(self, *arguments, **options):
            return type(query_encoder).named_buffers(query_encoder, *arguments, **options)

    key_encoder.__class__ = Obliging
