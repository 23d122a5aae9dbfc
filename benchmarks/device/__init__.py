"""The sections of `benchmarks.cuda`, and the processes that they run in."""
