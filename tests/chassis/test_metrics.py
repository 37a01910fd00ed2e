"""Metrics: readable by Prometheus, about things and never about people."""

from datetime import timedelta
from types import SimpleNamespace

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from werkzeug.test import Client

from services.chassis import instruments
from services.chassis.errors import Fate
from services.chassis.health import Health
from services.chassis.metrics import metrics_app
from services.chassis.testing import FakeClock

LABELS = {"service", "queue", "job", "type", "outcome", "reason", "kind", "le", "route", "method", "status", "version", "channel"}

NOW = FakeClock().now


def message(kind: str = "registration.enrolment.accepted.v1", *, known: bool = True, age: timedelta = timedelta()) -> SimpleNamespace:
    """An incoming message, as far as it is measured."""
    return SimpleNamespace(type=kind, handler=object() if known else None, message=SimpleNamespace(time=NOW - age))


def scraped() -> list[Sample]:
    """What Prometheus reads from the port of operators, of ours."""
    page = Client(metrics_app(Health())).get("/metrics")
    assert page.status_code == 200
    return [s for family in text_string_to_metric_families(page.text) for s in family.samples if s.name.startswith("deltag_")]


def value(name: str, **labels: str) -> float:
    """One number of the page; 0 if it is not there."""
    return next((s.value for s in scraped() if s.name == name and labels.items() <= s.labels.items()), 0.0)


def test_the_version_is_told() -> None:
    """A scrape says which version runs."""
    assert value("deltag_build_info") == 1


def test_messages_are_counted_by_outcome() -> None:
    """Each message counts once, under what became of it."""
    instruments.observe_handled("t1", [message(), message()], [message()], NOW)
    instruments.observe_put_aside("t1", Fate.RETRY, [message()])
    counted = {s.labels["outcome"]: s.value for s in scraped() if s.name == "deltag_messages_handled_total" and s.labels["service"] == "t1"}
    assert counted == {"ok": 2, "duplicate": 1, "retry": 1}


def test_senders_cannot_add_labels() -> None:
    """Types that a service does not read count as `other`, however many a sender makes up."""
    instruments.observe_handled("t2", [message(f"made.up.{n}.v1", known=False) for n in range(50)], [], NOW)
    assert {s.labels["type"] for s in scraped() if s.name == "deltag_messages_handled_total" and s.labels["service"] == "t2"} == {"other"}


def test_ages_are_measured_up_to_days() -> None:
    """A message that was two days old falls into the bucket of three days and not into that of one."""
    instruments.observe_handled("t3", [message(age=timedelta(days=2))], [], NOW)
    assert value("deltag_message_age_seconds_bucket", service="t3", le="86400.0") == 0
    assert value("deltag_message_age_seconds_bucket", service="t3", le="259200.0") == 1


def test_what_is_no_longer_parked_is_shown_as_none() -> None:
    """A reason whose last message was replayed goes back to 0 instead of standing for ever."""
    parked = SimpleNamespace(consumer="events.facts", kind="parked", slug="malformed", messages=3)
    instruments.observe_deferred("t4", ["events.facts"], [parked])
    assert value("deltag_parked_messages", service="t4", reason="malformed") == 3
    instruments.observe_deferred("t4", ["events.facts"], [])
    assert value("deltag_parked_messages", service="t4", reason="malformed") == 0


def test_the_outbox_and_the_books_are_shown() -> None:
    """What waits for the relay, how long, and the difference that must be 0."""
    instruments.observe_outbox("t5", 7, 2.5)
    instruments.observe_books("t5", SimpleNamespace(consumer="q", difference=0))
    instruments.observe_relayed("t5", published=10, returned=1, refused=2)
    shown = [value("deltag_outbox_pending", service="t5"), value("deltag_outbox_oldest_age_seconds", service="t5")]
    shown += [value("deltag_relay_published_total", service="t5"), value("deltag_relay_returned_total", service="t5")]
    shown += [value("deltag_relay_refused_total", service="t5")]
    assert shown == [7, 2.5, 10, 1, 2]
    assert value("deltag_conservation_difference", service="t5", queue="q") == 0


def test_a_jobs_last_success_is_a_time() -> None:
    """A job on a clock leaves the time of its last success, so that silence can be alarmed."""
    instruments.observe_job("t6", "reminders")
    assert value("deltag_job_last_success_timestamp_seconds", service="t6", job="reminders") > 1_700_000_000


def test_no_label_can_name_a_person() -> None:
    """Every label of every metric of ours is one of a short list, and each metric has a help text."""
    assert {label for sample in scraped() for label in sample.labels} <= LABELS


def test_other_paths_say_what_there_is() -> None:
    """A wrong address on the operators' port says which ones are right."""
    page = Client(metrics_app(Health())).get("/")
    assert page.status_code == 404
    assert "/metrics" in page.text
