"""Alt text: asked of a model that sees, held to the rules, written into folders and office files."""
