"""Where links to surveys are kept until their letters have left."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa

from services.notifications.domain.reminder import COPENHAGEN
from services.notifications.messages import SurveyLinkSealed

_KEEP = sa.text(
    "insert into survey_link (link_id, sealed, closes_on) select link_id, sealed, closes_on"
    " from json_to_recordset(cast(:rows as json)) as x(link_id uuid, sealed text, closes_on date) on conflict do nothing"
)
_SIGNED_UP = sa.text(
    "select cast(signup_id as text) from signup"
    " where signup_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))"
)
_FORGET_OLD = sa.text("delete from survey_link where closes_on < :today")
_FORGET = sa.text(
    "delete from survey_link where link_id = any(array(select cast(substr(m.key, 8) as uuid) from mail m"
    " where m.kind = 'feedback' and m.status in ('sent', 'suppressed')"
    " and m.mail_id = any(array(select cast(json_array_elements_text(cast(:mails as json)) as uuid)))))"
)


class SurveyLinks:
    """The links that wait; one that has been sent, or holds no more, is gone."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def keep(self, links: Sequence[SurveyLinkSealed], now: datetime) -> None:
        """Add links, and forget those whose time is over."""
        self._connection.execute(_KEEP, {"rows": msgspec.json.encode(links).decode()})
        self._connection.execute(_FORGET_OLD, {"today": now.astimezone(COPENHAGEN).date()})

    def signed_up(self, signup_ids: Iterable[str]) -> Collection[str]:
        """Those of these sign-ups that we have heard of."""
        return frozenset(self._connection.execute(_SIGNED_UP, {"ids": msgspec.json.encode(list(signup_ids)).decode()}).scalars())

    def forget(self, mails: Sequence[str]) -> None:
        """Those whose letters (by the mails' ids) have left, or never will."""
        if mails:
            self._connection.execute(_FORGET, {"mails": msgspec.json.encode(list(mails)).decode()})
