"""Grave signs on their way to a person: the queue, its clock, what may be read."""
