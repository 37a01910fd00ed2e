"""A sign-up's code to be scanned: a QR code (ISO/IEC 18004) that a worn print or a scratched screen does not make unreadable."""

from io import BytesIO

from services.events.domain.code import SCHEME

_SCALE = 8
_QUIET_ZONE = 4
"""As wide as the standard asks for; scanners need it."""


def as_svg(code: str) -> bytes:
    """A drawing that stays sharp at every size; a screen reader reads the code itself."""
    return _drawn(code, "svg", title=code, xmldecl=False, omitsize=True)


def as_png(code: str) -> bytes:
    """The same as a picture."""
    return _drawn(code, "png")


def _drawn(code: str, kind: str, **options: str | bool) -> bytes:
    import segno  # noqa: PLC0415 - more than a megabyte, held where codes are drawn

    out = BytesIO()
    segno.make_qr(f"{SCHEME}{code}", error="q").save(out, kind=kind, scale=_SCALE, border=_QUIET_ZONE, **options)
    return out.getvalue()
