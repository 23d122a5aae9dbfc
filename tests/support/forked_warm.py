"""Imported once, in the process from which those of `forked` are forked: torch is there, and has been used."""

from autograder.sandbox.server import prepare

prepare()
