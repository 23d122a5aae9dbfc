"""Execute the slice of an exercise, here or in a fresh process."""
