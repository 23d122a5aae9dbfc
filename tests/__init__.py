"""Tests of the packages, in their order; `support` holds what several of them use."""
