"""The HTTP door, a file a subject. Whoever imports it has all of its routes."""

from services.registration.api import (
    access_reports,
    answers,
    consents,
    corrections,
    duplicates,
    enrolments,
    erasures,
    families,
    imports,
    origins,
    professionals,
    programmes,
    protections,
    registers,
    sign_up_pages,
    sign_ups,
    steps,
)
from services.registration.api.door import api

__all__ = [
    "access_reports",
    "answers",
    "api",
    "consents",
    "corrections",
    "duplicates",
    "enrolments",
    "erasures",
    "families",
    "imports",
    "origins",
    "professionals",
    "programmes",
    "protections",
    "registers",
    "sign_up_pages",
    "sign_ups",
    "steps",
]
