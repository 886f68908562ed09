"""Models that run on this machine. The only package that imports torch, transformers or a native engine.

    hardware.py    what this machine has
    catalogue.py   the models we know: size, licence, languages, where from
    choice.py      which model and engine run here, and why the others do not
    weights.py     find, download, verify (hub.py from a hub, embedded.py from the package registry)
    engines/       one file per engine
    owner.py       the one thread of a process that uses an engine
    job.py         what is asked of it and what comes back

Nothing here imports a provider: `chatbot/providers/local.py` translates both ways.
"""
