"""One enrolment request over HTTP, as another system sends it."""

import json
from contextlib import suppress
from functools import cache
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from services.chassis import settings as chassis_settings
from services.chassis.http import Grant, LocalIssuer, Role
from services.chassis.runtime import utc_now
from tests.reliability.load import SOURCE, Families

_families = Families()


def is_accepted(door: str, folder: Path) -> bool:
    """Whether a new family's request is answered, and accepted."""
    request = _families.request()
    body = json.dumps({"id": request["id"], "data": request["data"]}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {_token(folder)}"}
    asked = Request(f"{door}registration/v1/enrolment-requests", body, headers, method="POST")  # noqa: S310 - our own door
    with suppress(URLError, OSError), urlopen(asked, timeout=10) as answer:  # noqa: S310
        return bool(json.load(answer)["status"] == "accepted")
    return False


@cache
def _token(folder: Path) -> str:
    secrets = folder / "secrets.env"
    settings = chassis_settings.read("registration", secrets_file=secrets, database_url="", data_dir=folder)
    return LocalIssuer(settings, utc_now).issue("benchmark", [Grant(Role.SYSTEM, settings.municipality, None, SOURCE)])
