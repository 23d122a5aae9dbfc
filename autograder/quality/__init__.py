"""How good the checks are: wrong answers made by machine, right ones made by people, and what became of both.

Nothing here runs when students are graded.
"""
