"""What the HTTP door counts. Labels hold the route's template, never a path, an id or a caller."""

from prometheus_client import Counter, Histogram

REQUESTS = Counter("deltag_http_requests_total", "HTTP requests answered.", ("service", "route", "method", "status"))
DURATION = Histogram(
    "deltag_http_request_duration_seconds",
    "From the request's arrival to the reply's last byte being ready, in seconds.",
    ("service", "route", "method"),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


def observe(service: str, route: str, method: str, status: int, seconds: float) -> None:
    """Count one request."""
    REQUESTS.labels(service, route, method, status).inc()
    DURATION.labels(service, route, method).observe(seconds)
