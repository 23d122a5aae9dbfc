"""The parts of `python -m benchmarks.grading`: a class, the graders that grade it, the floor below all of them."""
