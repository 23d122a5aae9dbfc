"""From `solutions/` to what students get: notebooks, recorded checks, the release; and what is refused on the way."""
