"""An educator's own documents: what a file is, its text with page numbers, and passages to make a quiz from."""
