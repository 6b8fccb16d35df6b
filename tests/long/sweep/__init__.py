"""The crash sweep: each file call of a run is killed or refused once; the cache stays right."""
