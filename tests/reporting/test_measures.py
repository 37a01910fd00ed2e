"""The catalogue: every figure has a name, a meaning in both languages, and facts that exist."""

from pathlib import Path

import pytest

from services.reporting.domain.measures import FAMILIES, MEASURES, TABLES, Family, Measure, part_label, row_label
from services.reporting.service import FACTS

CONTRACTS = Path(__file__).parents[2] / "contracts"


@pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda measure: measure.name)
def test_measure_is_defined(measure: Measure) -> None:
    """A measure has a label and a definition in Danish and English, and they are not the same text."""
    for texts in (measure.label, measure.definition):
        assert all(texts[language].strip() for language in ("da", "en"))
    assert measure.definition["da"] != measure.definition["en"]


@pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda measure: measure.name)
def test_measure_names_facts_that_exist(measure: Measure) -> None:
    """The facts that a measure is made of have a contract, and reporting reads them."""
    for fact in measure.facts:
        assert (CONTRACTS / fact.partition(".")[2] / "v1.schema.json").is_file()
        assert f"{fact}.v1" in FACTS.reads


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_family_is_made_of_known_measures(family: Family) -> None:
    """Totals, parts, groups and rates are measures, groups and rates are made of parts, and tables have names."""
    assert {family.total, *family.parts, *family.groups, *family.rates} <= set(MEASURES)
    assert {part for parts in (*family.groups.values(), *family.rates.values()) for part in parts} <= set(family.parts)
    assert {table.name for table in family.tables} <= set(TABLES)


def test_every_measure_is_shown_somewhere() -> None:
    """There is no definition without a figure."""
    shown = {name for family in FAMILIES for name in (family.total, *family.parts, *family.groups, *family.rates)}
    assert shown == set(MEASURES)


def test_name_without_words_stands_for_itself() -> None:
    """A reason or a kind that the catalogue does not know yet is shown by its own name."""
    assert part_label("brand-new-reason") == {"da": "brand-new-reason", "en": "brand-new-reason"}
    assert row_label("kind", "excursion")["da"] == "excursion"
