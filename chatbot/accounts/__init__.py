"""Who may use this installation: API keys for programs, names and passwords for people on the pages.

Everything here is read from the database when it is asked, and nothing is remembered between two requests: a key that
is revoked, a role that is taken away or a password that is changed holds for the next request of every worker.
"""
