"""Results of `autograder grade` in the forms that others read: nbgrader's gradebook, a table for a spreadsheet."""
