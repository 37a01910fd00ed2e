"""What codes are called: rules, refusals and reasons with the names that people know, and rules put in words.

A rule names roles, tracks, districts, institutions, professions and kinds by their codes, and a quota has a code alone. What a
programme calls its own comes with its facts; the other names stand in `names.toml`. What has no name yet is called by its code.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from services.events.domain.activity import Activity
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.rule import Answer, Condition, Rule
from services.events.domain.signup import PartyRole
from services.events.domain.traits import Traits
from services.events.explaining import Reason
from services.events.saying import LANGUAGES, fill

if TYPE_CHECKING:
    from services.events.storage import Work

BY_CODES = {
    Slug.RULE_ROLES: "roles",
    Slug.RULE_TRACKS: "tracks",
    Slug.RULE_DISTRICTS: "districts",
    Slug.RULE_INSTITUTIONS: "institutions",
    Slug.RULE_PROFESSIONS: "professions",
    Slug.RULE_ATTENDED: "kinds",
    Slug.RULE_NOT_ATTENDED: "kinds",
}
"""The rules that name something by codes, and what."""

NOBODY, ANY_DAY = Traits(PartyRole.GUARDIAN), date.min
"""Of whom a condition is asked to learn what it asks, whatever the answer."""

Said = TypeVar("Said", Refusal, Answer)
Text = Mapping[str, str]
"""Words by language."""


def named(said: Iterable[Said], activity: Activity, work: "Work") -> Sequence[Said]:
    """The same with names for codes, as far as they are known; asks only where there is anything to name."""
    found = list(said)
    if not any(one.slug in BY_CODES or {"quota", "role"} & one.values.keys() for one in found):
        return found
    names = Names(activity, work)
    return [replace(one, values=names.of(one.slug, one.values)) for one in found]


def explained(reasons: Iterable[Reason], activity: Activity, work: "Work") -> Sequence[Reason]:
    """Reasons with their quotas and groups put in words."""
    found = list(reasons)
    if not any({"quota", "who"} & values.keys() for reason in found for values in reason.values.values()):
        return found
    names = Names(activity, work)
    return [names.told(reason) for reason in found]


class Names:
    """The names that an activity's rules and quotas go by."""

    def __init__(self, activity: Activity, work: "Work") -> None:
        self._phrases = work.resources.names["who"]
        self._names: Mapping[str, Mapping[str, str | Text]] = {**work.resources.names, **work.places.names(activity.programme)}
        self._quotas = {quota.code: quota.who for quota in activity.quotas}

    def of(self, slug: str, values: Mapping[str, object]) -> Mapping[str, object]:
        """The values of a rule or a refusal with names for codes."""
        if "quota" in values:
            return {**values, "quota": self._quota(str(values["quota"]))}
        if "role" in values:
            return {**values, "role": self._listed([str(values["role"])], "role")}
        if what := BY_CODES.get(Slug(slug)):
            return {**values, "wanted": self._listed(str(values["wanted"]).split(", "), what)}
        return values

    def told(self, reason: Reason) -> Reason:
        """The reason with its quota or its group in words."""
        return replace(reason, values={language: self._told(values, language) for language, values in reason.values.items()})

    def who(self, rule: Rule) -> Text:
        """For whom a rule is, in words."""
        either = self._joined([self._condition(one) for one in rule.any], "or")
        parts = [*map(self._condition, rule.all), *([either] if rule.any else [])]
        return self._joined(parts, "and") if parts else self._phrases["everybody"]

    def _told(self, values: Mapping[str, Any], language: str) -> Mapping[str, Any]:
        quota = {"quota": self._quota(values["quota"])[language]} if "quota" in values else {}
        who = {"who": self.who(values["who"])[language]} if "who" in values else {}
        return {**values, **quota, **who}

    def _quota(self, code: str) -> Text:
        return self.who(self._quotas[code]) if code in self._quotas else dict.fromkeys(LANGUAGES, code)

    def _condition(self, condition: Condition) -> Text:
        asked = list(condition.answers(NOBODY, ANY_DAY))
        return {language: " ".join(self._words(asked, language)).replace(" ,", ",") for language in LANGUAGES}

    def _words(self, asked: Sequence[Answer], language: str) -> Sequence[str]:
        those = [] if asked and asked[0].slug is Slug.RULE_ROLES else [self._phrases["those"][language]]
        return [*those, *(fill(self._phrases[one.slug], self.of(one.slug, one.values), language) for one in asked)]

    def _listed(self, codes: Iterable[str], what: str) -> Text:
        names = [self._names.get(what, {}).get(code, code) for code in codes]
        return {language: ", ".join(_in(name, language) for name in names) for language in LANGUAGES}

    def _joined(self, parts: Sequence[Text], by: str) -> Text:
        words = self._phrases[by]
        return {language: f" {words[language]} ".join(part[language] for part in parts) for language in LANGUAGES}


def _in(name: str | Text, language: str) -> str:
    return name if isinstance(name, str) else name[language]
