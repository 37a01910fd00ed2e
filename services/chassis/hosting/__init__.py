"""The host: nameko's service model around ours, on eventlet's green threads. The only place that names either.

`green.patch` comes first, before anything that could block is imported; `host.host` then runs services.
"""
