"""Pictures from words: one metered call, from the order to a picture that was looked at."""
