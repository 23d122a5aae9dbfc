"""A course as its repository holds it: `course.toml`, units and exercises."""
