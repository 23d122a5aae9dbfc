"""nbgrader over our own grading: its configuration, preprocessors, rubrics and gradebook."""
