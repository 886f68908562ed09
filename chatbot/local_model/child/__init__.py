"""The weights in a process of their own, so that what kills it costs one try and not the web server.

An out-of-memory kill, a crash in native code, a poisoned CUDA context or a `generate` that hangs ends the child:
its jobs fail, the web process goes on, and the next question starts another child (faults.md L05-L07).

    in_child.py   the engine that the owner uses: the same methods, carried out in the child
    process.py    starts the child, hears it, kills it
    patience.py   when a child that goes on without a reader is killed
    restarts.py   how often it may be started again
    wire.py       frames of JSON over a socket pair
    words.py      asks, ends and errors as JSON and back
    __main__.py   the child: `python -m chatbot.local_model.child`
    serving.py    what it does with a message
    relay.py      text on its way out, in few frames

Nothing listens on a network for it, and nothing is unpickled.
"""
