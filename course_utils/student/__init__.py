"""What a student meets in the notebook: `cu.check`, its hints and pictures, `cu.submit`."""
