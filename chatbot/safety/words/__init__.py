"""A message's words: spelling, numbers, meanings, what is denied, over, or only sounds alarming."""
