"""What `calls.py` is made of: the order and its plan, each try, the gates, the health of providers, the one end."""
