"""A dedicated endpoint that sleeps: one wake for all callers, what its seconds cost, and when it is kept awake."""
