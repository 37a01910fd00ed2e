"""The HTTP door: what a service declares in its `api.py`, and the WSGI application that is built from it."""

from services.chassis.http.api import Api
from services.chassis.http.app import wsgi
from services.chassis.http.caller import Caller, Grant, Role
from services.chassis.http.contract import Contract
from services.chassis.http.entrance import entrance
from services.chassis.http.form import Form
from services.chassis.http.issuer import LocalIssuer, ServiceIssuer
from services.chassis.http.paging import Page
from services.chassis.http.request import Answer, Cause, Request

__all__ = [
    "Answer",
    "Api",
    "Caller",
    "Cause",
    "Contract",
    "Form",
    "Grant",
    "LocalIssuer",
    "Page",
    "Request",
    "Role",
    "ServiceIssuer",
    "entrance",
    "wsgi",
]
