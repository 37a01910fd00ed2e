"""Every letter in every language: its words, its dates, and what must never stand in it."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError

from services.notifications.domain.activity import Session
from services.notifications.domain.mail import Kind
from services.notifications.domain.programme import Contact
from services.notifications.letters import TEMPLATES, Letters, Matter, Written
from tests.notifications.builders import DAY, HOUR, MONDAY, a_session, a_signup, an_activity

LETTERS = Letters()
EVERY_LETTER = pytest.mark.parametrize(("kind", "language"), [(kind, language) for kind in Kind for language in LETTERS.languages])
EVERY_LANGUAGE = pytest.mark.parametrize("language", LETTERS.languages)
DASH = "\N{EN DASH}"
SENSITIVE = ("barn", "child", "cpr", "udsat", "sårbar", "vulnerab", "ppr", "diagnos", "sundhed", "health", "underretning", "indsats")
"""Word stems that would tell a stranger who sees the mail something about the family."""


def a_matter(*sessions: Session, **changes: object) -> Matter:
    """Sara's three seats in a workshop a week from now."""
    matter = Matter("Sara Åkjær", "Sammen om leg", an_activity(*sessions), a_signup(position=2), MONDAY)
    return replace(matter, **changes)  # type: ignore[arg-type] # a test names its fields


def written(kind: Kind = Kind.CONFIRMATION, language: str | None = "da", matter: Matter | None = None) -> Written:
    """A letter with the real templates."""
    return LETTERS.write(kind, language, matter or a_matter())


class Page(HTMLParser):
    """What a program that reads a page aloud finds in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag."""
        self.tags.append(tag)
        self.attributes |= {f"{tag}.{name}": value for name, value in attrs}

    def handle_data(self, data: str) -> None:
        """Note the words, but for the style sheet's."""
        if self.tags and self.tags[-1] != "style":
            self.words += data.split()


@EVERY_LETTER
def test_every_letter_exists(kind: Kind, language: str) -> None:
    """Every kind of mail is written in every language, with a subject of its own that names the activity."""
    letter = written(kind, language)
    assert letter.language == language
    assert a_matter().activity.title[language] in letter.subject
    assert len({written(other, language).subject for other in Kind}) == len(Kind)


@EVERY_LETTER
def test_text_and_page_say_the_same(kind: Kind, language: str) -> None:
    """The plain text says, word for word, what the page says under its heading."""
    letter = written(kind, language)
    _, _, body = " ".join(Page(letter.html).words).partition("Sara")
    _, _, text = " ".join(letter.text.split()).partition("Sara")
    assert text == body


@EVERY_LETTER
def test_a_page_can_be_read_aloud(kind: Kind, language: str) -> None:
    """A page says its language and direction, has a title and one heading, fits a phone, and needs nothing from elsewhere."""
    page = Page(written(kind, language).html)
    assert (page.attributes["html.lang"], page.attributes["html.dir"]) == (language, "ltr")
    assert (page.tags.count("h1"), page.tags.count("title")) == (1, 1)
    assert "width=device-width" in str(page.attributes["meta.content"]) or "viewport" in written(kind, language).html
    assert not {"img", "script", "link", "a", "iframe"} & set(page.tags)


@EVERY_LETTER
def test_nothing_sensitive(kind: Kind, language: str) -> None:
    """No letter has a word of its own that says anything about a family."""
    letter = written(kind, language)
    words = f"{letter.subject} {letter.text}".lower()
    assert [stem for stem in SENSITIVE if stem in words] == []


@EVERY_LETTER
def test_plain_language(kind: Kind, language: str) -> None:
    """Sentences have at most 20 words, and few words are longer than 12 letters."""
    text = re.sub(r"\d+[.:]\d*", "", written(kind, language).text)
    sentences = [sentence.split() for sentence in re.split(r"[.?!]\s|\n\n", text)]
    assert max(map(len, sentences)) <= 20
    assert sum(len(word) > 12 for word in text.split()) <= 3


@EVERY_LETTER
def test_previews(kind: Kind, language: str) -> None:
    """Every letter can be looked at with made-up people."""
    assert "Sara Eksempel" in LETTERS.preview(kind, language)


def test_danish_dates() -> None:
    """Danish letters write dates and times as Danes do, by the clock in Copenhagen."""
    assert f"Mandag den 9. november 2026 kl. 10.00{DASH}12.00\nBirkegården, fællesrummet" in written().text


def test_english_dates() -> None:
    """English letters write dates and times as the British do, by the clock in Copenhagen."""
    assert f"Monday, 9 November 2026, 10:00{DASH}12:00" in written(language="en").text


def test_summer_time() -> None:
    """A session in summer is two hours ahead of UTC."""
    july = datetime(2027, 7, 1, 8, 0, tzinfo=UTC)
    assert f"kl. 10.00{DASH}12.00" in written(matter=a_matter(a_session(starts_at=july, ends_at=july + 2 * HOUR))).text


def test_a_night_has_two_dates() -> None:
    """A session that ends on another day says both days."""
    night = a_session(ends_at=MONDAY + 8 * DAY)
    assert "kl. 10.00 til tirsdag den 10. november 2026 kl. 10.00" in " ".join(written(matter=a_matter(night)).text.split())


def test_sessions_that_are_over_are_left_out() -> None:
    """A letter names the sessions that are still to come."""
    text = written(matter=a_matter(a_session(starts_at=MONDAY - 7 * DAY, ends_at=MONDAY - 6 * DAY), a_session())).text
    assert "9. november" in text
    assert "26. oktober" not in text


def test_a_reminder_names_its_session() -> None:
    """A reminder is about one session, whatever others there are."""
    first, second = a_session(), a_session(starts_at=MONDAY + 14 * DAY, ends_at=MONDAY + 14 * DAY + HOUR)
    text = written(Kind.REMINDER, matter=a_matter(first, second, session_id=second.session_id)).text
    assert "16. november" in text
    assert "9. november" not in text


@EVERY_LANGUAGE
def test_one_seat_and_many(language: str) -> None:
    """A letter about one seat does not speak of several."""
    one = written(Kind.CONFIRMATION, language, a_matter(signup=a_signup(seats=1))).text
    assert "3" in written(Kind.CONFIRMATION, language).text
    assert not re.search(r"\b1\b", one)


@EVERY_LANGUAGE
def test_a_place_in_the_line(language: str) -> None:
    """A waiting party is told its place in the line, and that it waits when the place is not known."""
    assert re.search(r"\b2\b", written(Kind.WAITING, language).text)
    assert "None" not in written(Kind.WAITING, language, a_matter(signup=a_signup(position=None))).text


@EVERY_LANGUAGE
def test_a_place_that_must_be_answered(language: str) -> None:
    """Who waits where seats are offered is told how long he has to answer, in a draw too; others that they get the seat at once."""
    numbers = r"\b26\b.*\b8\b.*\b21\b"
    at_once, offered = (_waits(language, answer_hours=hours) for hours in (None, 26))
    drawn, drawn_and_offered = (_waits(language, draws_at=MONDAY + DAY, answer_hours=hours) for hours in (None, 26))
    assert [bool(re.search(numbers, text)) for text in (at_once, offered, drawn, drawn_and_offered)] == [False, True, False, True]


@pytest.mark.parametrize(("language", "claims"), [("da", "ledig"), ("en", "free")])
def test_why_one_waits_is_not_guessed(language: str, claims: str) -> None:
    """A full quota, or too many of one house away, keep people waiting too: no letter claims that there are no free seats."""
    assert claims not in _waits(language)


def _waits(language: str, **changes: object) -> str:
    """A letter to who waits, in one line."""
    return " ".join(written(Kind.WAITING, language, a_matter(signup=a_signup(position=2, **changes))).text.split())


def test_who_sends_it() -> None:
    """A letter is signed with the programme's name, and ends without one as long as nobody knows it."""
    assert written().text.count("Sammen om leg") == 1
    assert "Venlig hilsen" in written(matter=a_matter(signature="")).text


@EVERY_LANGUAGE
def test_where_to_cancel(language: str) -> None:
    """Every letter says where to ask and cancel, and the phone number where there is one."""
    office = Contact("office@example.dk", "44 00 00 00")
    for kind in Kind:
        letter = written(kind, language, a_matter(contact=office))
        assert all("office@example.dk" in words and "44 00 00 00" in words for words in (letter.text, letter.html))
    assert "None" not in written(Kind.WAITING, language, a_matter(contact=Contact("office@example.dk"))).text


def test_the_fallback_order() -> None:
    """Who reads a language that there are no letters in gets an English one; region and case do not matter."""
    assert [written(language=wanted).language for wanted in ("uk-UA", None, "DA-dk")] == ["en", "en", "da"]


def test_a_title_falls_back_too() -> None:
    """A title that is missing in the reader's language comes in another."""
    matter = a_matter(activity=an_activity(title={"da": "Leg og sprog"}))
    assert "Leg og sprog" in written(language="en", matter=matter).subject


@given(st.text(min_size=1).filter(str.strip), st.text(min_size=1).filter(str.strip))
def test_nothing_that_people_write_is_markup(name: str, title: str) -> None:
    """Whatever stands in a name or a title is shown as it is: it is no markup in the page and no template."""
    matter = a_matter(name=name, activity=an_activity(title={"da": title}))
    plain, odd = written(), written(matter=matter)
    assert Page(odd.html).tags == Page(plain.html).tags
    assert " ".join(title.split()) in odd.subject
    assert " ".join(name.split()) in " ".join(odd.text.split())


def test_a_template_in_a_name_is_not_run() -> None:
    """A name that looks like a template is a name."""
    assert "{{ 7 * 7 }}" in written(matter=a_matter(name="{{ 7 * 7 }}")).text


def test_a_subject_is_one_line() -> None:
    """A line break in a title does not break the subject."""
    assert "\n" not in written(matter=a_matter(activity=an_activity(title={"da": "Leg\nBcc: alle@x.example"}))).subject


@pytest.fixture
def own_templates(tmp_path_factory: pytest.TempPathFactory) -> Letters:
    """A folder of templates in which things are wrong."""
    folder = tmp_path_factory.mktemp("templates")
    (folder / "en").mkdir()
    (folder / "en/confirmation.j2").write_text("{{ nmae }}")
    (folder / "en/waiting.j2").write_text("{{ ''.__class__.__mro__ }}")
    return Letters(folder)


def test_a_misspelt_name_is_an_error(own_templates: Letters) -> None:
    """A name that a template misspells is found, and leaves no gap in a letter."""
    with pytest.raises(UndefinedError):
        own_templates.write(Kind.CONFIRMATION, "en", a_matter())


def test_templates_are_boxed_in(own_templates: Letters) -> None:
    """A template cannot reach into Python."""
    with pytest.raises(SecurityError):
        own_templates.write(Kind.WAITING, "en", a_matter())


@EVERY_LANGUAGE
def test_lines_are_short(language: str) -> None:
    """Lines of plain text have at most 72 characters."""
    assert max(len(line) for kind in Kind for line in written(kind, language).text.splitlines()) <= 72


def test_the_languages_are_the_folders() -> None:
    """A folder of templates is a language."""
    assert set(LETTERS.languages) == {path.name for path in TEMPLATES.iterdir() if path.is_dir()}
