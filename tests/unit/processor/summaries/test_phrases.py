"""Decisions, tasks, dates, denials and courtesies by the words of each language with a table."""

from dataclasses import dataclass

import pytest

from runtime.core.summary import SectionName
from runtime.processor.summaries.extractive import ExtractiveSummarizer
from runtime.processor.summaries.found import find_action_items, find_decisions
from runtime.processor.summaries.grounding import Claim, Transcript, problems_of
from runtime.processor.summaries.phrases import every_language, phrases_of
from tests.unit.processor.builders import ANNA
from tests.unit.processor.summaries.requests import request_of, talk


@dataclass(frozen=True, kw_only=True)
class Said:
    """Sentences of one language. `tasks` have (who takes it himself, until when)."""

    decisions: tuple[str, ...]
    tasks: dict[str, tuple[bool, str | None]]
    neither: tuple[str, ...]
    courtesy: str


SAID = {
    "en": Said(
        decisions=(
            "We agreed to freeze the new contracts.",
            "The council approved the second stage yesterday.",
            "The decision is to rent the smaller hall.",
            "So we have all decided to wait until spring.",
        ),
        tasks={
            "I will send the corrected plan by Friday.": (True, "by Friday"),
            "Could you check the invoices before next week?": (False, "before next week"),
            "The report needs to be translated this month.": (False, "this month"),
            "Please book the room for the workshop.": (False, None),
        },
        neither=(
            "Have you decided what to cook for dinner?",
            "The committee met in the old town hall.",
            "He never tells us where the keys are.",
            "I will never see that island again.",
        ),
        courtesy="Thank you all for coming to the talk today.",
    ),
    "de": Said(
        decisions=(
            "Wir haben uns auf den kleineren Saal geeinigt.",
            "Der Stadtrat hat gestern den zweiten Bauabschnitt genehmigt.",
            "Die Entscheidung ist, erst im Frühjahr anzufangen.",
            "Im letzten Treffen wurde der neue Haushalt beschlossen.",
            "Dann haben wir nach langer Debatte für den Umzug gestimmt und das so vereinbart.",
        ),
        tasks={
            "Ich werde den Plan bis Freitag verschicken.": (True, "bis Freitag"),
            "Ich kümmere mich nächste Woche um den Raum.": (True, "nächste Woche"),
            "Kannst du bitte die Rechnungen bis Ende des Monats prüfen?": (
                False,
                "bis Ende des Monats",
            ),
            "Der Bericht muss noch ins Englische übersetzt werden.": (False, None),
            "Könnten Sie mir morgen die Zahlen schicken?": (False, "morgen"),
        },
        neither=(
            "Wir haben noch nicht über den Saal entschieden.",
            "Haben wir das eigentlich schon beschlossen?",
            "Der Ausschuss traf sich im alten Rathaus.",
            "Am Morgen liegt Nebel über dem Hafen.",
            "Ich werde nie vergessen, wie kalt es war.",
        ),
        courtesy="Vielen Dank, dass Sie alle heute gekommen sind.",
    ),
    "fr": Said(
        decisions=(
            "Nous avons décidé de louer la petite salle.",
            "Le conseil a approuvé la deuxième tranche hier.",
            "La décision est de commencer au printemps.",
            "On a finalement convenu de reporter le déménagement.",
        ),
        tasks={
            "Je vais envoyer le plan avant vendredi.": (True, "avant vendredi"),
            "Je vous enverrai les chiffres la semaine prochaine.": (True, "la semaine prochaine"),
            "Je m'occupe de la réservation de la salle.": (True, None),
            "Pouvez-vous vérifier les factures d'ici la fin du mois ?": (
                False,
                "d'ici la fin du mois",
            ),
            "Le rapport doit être traduit en anglais.": (False, None),
            "Merci de relire le contrat avant la réunion.": (False, None),
        },
        neither=(
            "Nous n'avons pas décidé où louer une salle.",
            "Est-ce que nous avons décidé quelque chose hier ?",
            "La commission s'est réunie dans l'ancienne mairie.",
            "Je vais voir la mer tous les étés.",
        ),
        courtesy="Bonjour à tous et bienvenue à cette conférence.",
    ),
    "es": Said(
        decisions=(
            "Hemos decidido alquilar la sala pequeña.",
            "El ayuntamiento aprobó ayer la segunda fase.",
            "La decisión es empezar en primavera.",
            "Al final se acordó aplazar la mudanza.",
        ),
        tasks={
            "Voy a enviar el plan antes del viernes.": (True, "antes del viernes"),
            "Prepararé los números para la próxima semana.": (True, "la próxima semana"),
            "Me encargo de reservar la sala grande.": (True, None),
            "¿Puedes revisar las facturas esta semana, por favor?": (False, "esta semana"),
            "Hay que traducir el informe al inglés.": (False, None),
        },
        neither=(
            "No hemos decidido dónde alquilar una sala.",
            "¿Hemos decidido algo sobre la mudanza?",
            "La comisión se reunió en el viejo ayuntamiento.",
            "Miré el mar toda la tarde desde allí.",
            "Por la mañana hay niebla sobre el puerto.",
        ),
        courtesy="Buenos días y muchas gracias a todos por venir.",
    ),
}
LANGUAGES = sorted(SAID)


def test_should_have_sentences_of_every_language_with_a_table() -> None:
    assert set(every_language()) == set(SAID)


@pytest.mark.parametrize("language", LANGUAGES)
def test_should_find_decisions_and_tasks_and_nothing_else(language: str) -> None:
    said = SAID[language]
    every = talk(*said.decisions, *said.tasks, *said.neither, speakers=[ANNA])
    request = request_of(every, language=language)
    assert [item.text for item in find_decisions(request)] == list(said.decisions)
    tasks = find_action_items(request)
    assert {t.text: (t.owner == ANNA, t.due) for t in tasks} == said.tasks


@pytest.mark.parametrize("language", LANGUAGES)
def test_should_quote_no_courtesy(language: str) -> None:
    said = SAID[language]
    request = request_of(talk(said.courtesy, *said.neither[1:]), language=language)
    summary = ExtractiveSummarizer().summarize(request, lambda _: None)
    assert summary.overview
    assert said.courtesy not in [item.text for item in summary.section(SectionName.OVERVIEW)]


PASSAGES = {
    "en": "The ferry runs to the island in March.",
    "de": "Die Fähre fährt im März auf die Insel.",
    "fr": "Le bac va sur l'île en mars.",
    "es": "El barco va a la isla en marzo.",
}
CHANGES = {
    "en": (("runs", "never runs"), ("March", "April")),
    "de": (("fährt", "fährt nicht"), ("im März", "im April"), ("Die Fähre", "Keine Fähre")),
    "fr": (("va", "ne va pas"), ("en mars", "en avril"), ("va", "n'arrive jamais")),
    "es": (("va", "no va"), ("marzo", "abril"), ("va", "nunca va")),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_should_reject_other_dates_and_denials_of_what_was_said(language: str) -> None:
    passage = PASSAGES[language]
    transcript = Transcript(talk(passage), language=language)
    assert problems_of(Claim(text=passage, segments=(0,)), transcript, range(1)) == []
    for old, new in CHANGES[language]:
        false = passage.replace(old, new, 1)
        assert false != passage
        assert problems_of(Claim(text=false, segments=(0,)), transcript, range(1)), false


@pytest.mark.parametrize("language", ["fr", "es"])
def test_should_accept_words_that_summaries_begin_with(language: str) -> None:
    """They have a capital letter and were not said, yet they name nothing."""
    phrases = phrases_of(language)
    assert phrases
    passage = PASSAGES[language]
    transcript = Transcript(talk(passage), language=language)
    for starter in sorted(phrases.starters):
        text = f"{starter.capitalize()} {passage[0].lower()}{passage[1:]}"
        found = problems_of(Claim(text=text, segments=(0,)), transcript, range(1))
        assert not [problem for problem in found if "name" in problem], found


def test_should_read_each_sentence_in_its_own_language() -> None:
    assert phrases_of("ja") is None
    request = request_of(talk("Wir haben den Haushalt beschlossen."), language="ja")
    assert find_decisions(request) == []
