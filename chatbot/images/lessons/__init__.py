"""Pictures for lessons: ordered as jobs, checked, kept with where they come from, found again."""
