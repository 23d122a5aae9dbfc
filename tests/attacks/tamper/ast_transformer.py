"""A transformer that removes the asserts of later cells.

Tries: one is registered with IPython, if there is one, and `ast.parse` and `compile` are wrapped for all that comes later.
Must: status: wrong | error; points: 0; others: any
Outside: harmless
"""

import ast
import builtins

compile_ = builtins.compile


class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)


def without_asserts(source, *arguments, **options):
    return compile_(
        NoAsserts().visit(source) if isinstance(source, ast.AST) else source, *arguments, **options
    )


def patch():
    builtins.compile = without_asserts
    shell = get_ipython()
    if shell is not None:
        shell.ast_transformers = [NoAsserts()]


def enqueue(queue, pointer, keys, patched=patch()):
    return 0
