"""For whom and for what occasion people buy, which says nothing of the product itself: `for my daughter`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from batuta.shopping.understanding.text import key

_LISTED: Final = {
    "en": """
        daughter daughters son sons wife husband mum mom moms mums mother dad dads father parents brother
        sister girlfriend boyfriend partner friend friends grandma grandpa grandmother grandfather niece
        nephew aunt uncle cousin kid kids child children baby boy boys girl girls teen teens teenager
        teenagers man men mens woman women womens guy guys lady ladies adult adults beginner beginners
        student students people person persons colleague boss teacher family anniversary birthday birthdays
        christmas xmas easter valentine valentines wedding graduation holiday holidays vacation trip trips
        school college university uni office job business gym
        summer old olds
        """,
    "es": """
        hija hijas hijo hijos esposa esposo mujer marido madre padre mamá papá padres hermano hermana novia
        novio amigo amiga amigos pareja abuela abuelo sobrina sobrino tía tío primo niño niña niños niñas
        bebé chico chica hombre hombres adulto adultos principiante principiantes estudiante estudiantes
        persona personas familia aniversario cumpleaños navidad navidades reyes boda graduación vacaciones
        viaje viajes colegio escuela universidad oficina gimnasio verano
        """,
    "pt": """
        filha filhas filho filhos esposa esposo mulher marido mãe pai pais irmão irmã namorada namorado amigo
        amiga amigos avó avô sobrinha sobrinho tia tio primo menino menina criança crianças bebê homem homens
        adulto adultos iniciante iniciantes estudante estudantes pessoa pessoas família aniversário natal
        casamento formatura férias viagem viagens escola colégio faculdade universidade escritório
        verão academia
        """,
    "fr": """
        fille filles fils femme mari mère père maman papa parents frère soeur copine copain ami amie amis
        conjoint grand-mère nièce neveu tante oncle cousin enfant enfants bébé garçon homme hommes femmes ado
        ados adulte adultes débutant débutante débutants étudiant étudiante étudiants personne personnes
        famille anniversaire noël mariage fête vacances voyage voyages école lycée université fac bureau
        été
        """,
    "de": """
        tochter töchter sohn söhne frau mann ehefrau ehemann mutter vater mama papa eltern bruder schwester
        freund freundin freunde oma opa nichte neffe tante onkel kind kinder baby junge mädchen frauen männer
        damen herren erwachsene anfänger student studenten schüler person personen leute familie geburtstag
        weihnachten ostern hochzeit abschluss urlaub ferien reise reisen schule studium uni universität büro
        sommer
        """,
    "it": """
        figlia figlie figlio figli moglie marito madre padre mamma papà genitori fratello sorella fidanzata
        fidanzato ragazza ragazzo amico amica amici nonna nonno nipote zia zio cugino bambino bambina bambini
        neonato uomo uomini donna donne adulti principiante principianti studente studenti persona persone
        famiglia anniversario compleanno natale matrimonio laurea vacanza vacanze viaggio viaggi scuola
        università ufficio palestra estate
        """,
}


def _words(text: str) -> frozenset[str]:
    return frozenset(map(key, text.split()))


OCCASIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {code: _words(text) for code, text in _LISTED.items()}
)
"""By language: persons, feasts and places, folded. They say nothing behind a `for` or a `my` only."""
GIFTS: Final = _words("gift gifts present presents regalo regalos presente cadeau cadeaux geschenk geschenke")
"""They say nothing by themselves either, unless another word makes a thing of them: `gift card`."""
YEARS: Final = _words("year years yr yrs yo año años anos ans jahre jahren anni")
OWNERS: Final = _words(
    """
    my his her our their your mi mis su sus meu minha meus minhas seu sua mon ma mes son sa ses notre
    mein meine meinen meinem meiner unser unsere mio mia miei mie suo nostro
    """
)
"""Before a person they say that it is about him, and not how the thing is: `my son`, not `mens`."""
