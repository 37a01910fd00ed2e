"""The host: nameko's service model around ours, on eventlet's green threads. The only place that names either.

`green.patch` comes first, before anything that could block is imported; `host.host` then runs services. What waits for
PostgreSQL lets the others run (`waiting.py`: a loop after a first millisecond), and `hub.py` forgets nobody for want of memory.
"""
