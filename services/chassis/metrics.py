"""The port of operators: metrics for Prometheus, and the health of the process.

What is measured stands where it is measured: delivery in `instruments.py`, the HTTP door in `http/metrics.py`. All
names begin with `deltag_`, and no label holds an id, a person or anything else that grows with use.
"""

from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any

from prometheus_client import REGISTRY, Info, make_wsgi_app

from services.chassis.health import Health, Wsgi, health_app

Info("deltag_build", "The version that runs.").info({"version": version("deltag")})


def metrics_app(health: Health) -> Wsgi:
    """A WSGI app with `/metrics`, `/health/live` and `/health/ready`."""
    scrape: Wsgi = make_wsgi_app(REGISTRY)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == "/metrics":
            return scrape(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"Here are /metrics, /health/live and /health/ready.\n"]

    return health_app(health, app)
