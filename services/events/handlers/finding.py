"""What can be looked up, and locked to be changed; what is not there is `NotFound`."""

from typing import TYPE_CHECKING

from services.events.domain.activity import Activity
from services.events.domain.refusal import Slug
from services.events.domain.signup import Signup

if TYPE_CHECKING:
    from services.events.storage import Work


def find_activity(activity_id: str, work: "Work") -> Activity:
    return work.activities.get(activity_id) or work.resources.missing(Slug.ACTIVITY_NOT_FOUND)


def find_activity_of_session(session_id: str, work: "Work") -> Activity:
    return work.activities.of_session(session_id) or work.resources.missing(Slug.SESSION_NOT_FOUND)


def find_signup(signup_id: str, work: "Work") -> Signup:
    return work.signups.get(signup_id) or work.resources.missing(Slug.SIGNUP_NOT_FOUND)


def lock_activity(activity_id: str, work: "Work") -> Activity:
    locked = work.activities.lock([activity_id])
    return locked[0] if locked else work.resources.missing(Slug.ACTIVITY_NOT_FOUND)
