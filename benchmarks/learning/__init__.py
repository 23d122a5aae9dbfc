"""What the notebooks' recipes reach, measured over several seeds; one module for each unit."""
