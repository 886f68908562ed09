"""Versions of the rules and replies: draft, suite, publish, go back."""
