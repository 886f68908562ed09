"""Pictures: what one is, and how its alt text is written.

A picture from outside is looked at by its header, decoded in a confined process, and made anew from its pixels alone;
only that ever reaches a model. `alt_text.py` is the feature, `rules.py` says what good alt text is.
"""
