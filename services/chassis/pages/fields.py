"""What a page asks: fields, and what can be chosen in them. `templates/fields.html` draws them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from services.chassis.pages.words import Said


@dataclass(frozen=True, slots=True)
class Option:
    """One that can be chosen; those of one `group` stand together."""

    code: str
    said: Said
    group: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One that is filled in. `kind` names its macro in `templates/fields.html`; `values` is what stands in it."""

    name: str
    kind: str
    label: Said
    values: Sequence[str] = ()
    options: Sequence[Option] = ()
    hint: str = ""
    autocomplete: str = ""
    optional: bool = False
    is_question: bool = False
    problems: Sequence[Said] = ()

    @property
    def value(self) -> str:
        return next(iter(self.values), "")

    @property
    def groups(self) -> Iterator[tuple[str, list[Option]]]:
        """The options, by what they stand under."""
        return ((group, [*options]) for group, options in groupby(self.options, lambda option: option.group))

    @property
    def answer(self) -> Sequence[Said]:
        """What was filled in, as people read it."""
        if self.options:
            return [option.said for option in self.options if option.code in self.values]
        return [Said(self.value, "")] if self.value else []
