"""How gunicorn serves: one worker with threads, loaded after the fork (torch deadlocks across a fork).

One worker, because a machine has one owner of the local model. Slow clients take a thread each: put nginx or caddy
in front when strangers can reach it.
"""

worker_class = "gthread"
workers = 1
threads = 32
timeout = 120
graceful_timeout = 30
preload_app = False
control_socket_disable = True
limit_request_line = 4094
limit_request_fields = 60
accesslog = None
errorlog = "-"
loglevel = "warning"
