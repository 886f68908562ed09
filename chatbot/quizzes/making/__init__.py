"""How an item comes to be: one fact, a cascade of writers, the best candidate, a whole quiz."""
