"""From a hand-in to a verdict to a line of the journal."""
