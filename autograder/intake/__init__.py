"""Where hand-ins come from: folders, zips, notebooks and scripts, in whatever state."""
