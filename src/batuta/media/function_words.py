"""The small words of a language, by the side on which they hold on to their neighbour.

The lists serve one rule, Netflix's line treatment (General Requirements): break before conjunctions and
prepositions; never part article and noun, pronoun and verb, auxiliary, negation or reflexive and verb. They
hold the frequent words only, and leave out those that are as often something else (`like`, `up`).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from batuta.media.scripts import primary_language

_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class FunctionWords:
    """One language's small words, in lower case."""

    determiners: frozenset[str] = _NONE
    """Articles, possessives, demonstratives: hold on to the noun after them."""
    prepositions: frozenset[str] = _NONE
    conjunctions: frozenset[str] = _NONE
    """With the relative pronouns that open a clause as conjunctions do."""
    pronouns: frozenset[str] = _NONE
    """Subjects and reflexives: hold on to the verb after them."""
    auxiliaries: frozenset[str] = _NONE
    """With the negations that stand before a verb."""
    enclitics: frozenset[str] = _NONE
    """Hold on to the word before them: `not` after an auxiliary, `pas` after a verb."""
    abbreviations: frozenset[str] = _NONE
    """Without their dot, which ends no sentence."""
    capital_nouns: bool = False
    """Whether every noun has a capital, so that two in a row need not be a name."""
    ordinal_dots: bool = False
    """Whether a dot after a number makes it an ordinal: `3. Oktober`."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENGLISH: Final = FunctionWords(
    determiners=_words(
        "a an the my your his its our their this these those every each no some any another such very too"
    ),
    prepositions=_words(
        "of in on at to for from with without by into onto about against between through during before "
        "after above below under over behind beyond near among across toward towards upon until till "
        "since despite within along around per via"
    ),
    conjunctions=_words(
        "and or but nor so yet because although though while whereas if unless when whenever where "
        "wherever which who whom whose that than as whether"
    ),
    pronouns=_words(
        "i you he she it we they i'm you're he's she's it's we're they're i've we've you've they've i'll "
        "you'll he'll she'll it'll we'll they'll i'd you'd he'd she'd we'd they'd there's that's"
    ),
    auxiliaries=_words(
        "am is are was were be been being have has had do does did will would shall should can could may "
        "might must isn't aren't wasn't weren't haven't hasn't hadn't don't doesn't didn't won't wouldn't "
        "shouldn't can't cannot couldn't not never hardly gonna wanna gotta"
    ),
    enclitics=_words("not n't myself yourself himself herself itself ourselves themselves"),
    abbreviations=_words("mr mrs ms dr prof st jr sr vs e.g i.e gen col lt sgt rev hon mt"),
)

_PORTUGUESE: Final = FunctionWords(
    determiners=_words(
        "o os a as um uma uns umas meu minha meus minhas teu tua seu sua seus suas nosso nossa nossos "
        "nossas este esta estes estas esse essa esses essas aquele aquela aqueles aquelas cada todo toda "
        "todos todas muito"
    ),
    prepositions=_words(
        "de do da dos das em no na nos nas por pelo pela pelos pelas para pra pro com sem sob sobre entre "
        "até desde contra durante ao à aos às num numa após perante dele dela"
    ),
    conjunctions=_words(
        "e ou mas nem porque pois porém contudo embora se quando enquanto que quem onde como cujo cuja "
        "então logo"
    ),
    pronouns=_words("eu tu você ele ela nós vocês eles elas me te se lhe lhes nos vos"),
    auxiliaries=_words(
        "é são era eram foi foram ser sou está estão estava estavam estou tem têm tinha tinham tenho vai "
        "vão vou vamos pode podem posso deve devem há havia não nunca jamais"
    ),
    abbreviations=_words("sr sra srta dr dra prof profa av ex"),
)

_SPANISH: Final = FunctionWords(
    determiners=_words(
        "el la los las un una unos unas mi mis tu tus su sus nuestro nuestra nuestros nuestras este esta "
        "estos estas ese esa esos esas aquel aquella aquellos aquellas cada todo toda todos todas lo muy"
    ),
    prepositions=_words(
        "de del a al en por para con sin sobre bajo entre hasta desde contra durante hacia según tras "
        "ante mediante"
    ),
    conjunctions=_words(
        "y e o u pero ni sino porque pues aunque si cuando mientras que quien quienes donde como cuyo "
        "cuya cual"
    ),
    pronouns=_words(
        "yo tú él ella usted nosotros nosotras vosotros ustedes ellos ellas me te se le les nos os"
    ),
    auxiliaries=_words(
        "es son era eran fue fueron ser soy está están estaba estaban estoy ha han había habían he hemos "
        "va van voy vamos puede pueden puedo debe deben hay no nunca jamás"
    ),
    abbreviations=_words("sr sra srta dr dra prof ud uds ee.uu av"),
)

_FRENCH: Final = FunctionWords(
    determiners=_words(
        "le la les un une des mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ce cet "
        "cette ces chaque quelque quelques tout toute tous toutes très"
    ),
    prepositions=_words(
        "de du d à au aux en dans par pour avec sans sous sur entre vers chez contre depuis pendant avant "
        "après jusque jusqu'à dès"
    ),
    conjunctions=_words(
        "et ou mais ni car donc or parce puisque quoique lorsque quand si comme que qui dont où tandis afin"
    ),
    pronouns=_words("je j' tu il elle on nous vous ils elles me te se m' t' s' y c' ça c'est j'ai"),
    auxiliaries=_words(
        "est sont était étaient être suis es a ont avait avaient ai as avons avez va vont vais peut "
        "peuvent peux doit doivent ne n' n'est n'a"
    ),
    enclitics=_words("pas plus jamais rien"),
    abbreviations=_words("m mm mme mlle dr prof st ste av bd"),
)

_GERMAN: Final = FunctionWords(
    determiners=_words(
        "der die das den dem des ein eine einen einem einer eines mein meine meinen meinem meiner dein "
        "deine sein seine seinen seinem seiner ihr ihre ihren ihrem ihrer unser unsere unseren euer eure "
        "dieser diese dieses diesen diesem jeder jede jedes jeden kein keine keinen keinem keiner sehr"
    ),
    prepositions=_words(
        "von vom zu zum zur in im ins an am auf aus bei beim mit nach seit für gegen ohne um durch über "
        "unter vor hinter neben zwischen wegen trotz während bis"
    ),
    conjunctions=_words(
        "und oder aber denn sondern doch weil obwohl dass daß wenn als ob damit sodass bevor nachdem "
        "falls sowie"
    ),
    pronouns=_words("ich du er sie es wir man mich dich sich uns euch"),
    auxiliaries=_words(
        "bin bist ist sind war waren habe hast hat haben hatte hatten werde wirst wird werden wurde "
        "wurden würde kann können konnte muss müssen musste soll sollen sollte will wollen wollte darf "
        "dürfen nicht nie"
    ),
    enclitics=_words("ich du er sie es wir man mich dich sich uns euch nicht"),  # after an inverted verb
    abbreviations=_words("dr prof hr fr st str nr bzw z.b d.h u.a ca"),
    capital_nouns=True,
    ordinal_dots=True,
)

_ITALIAN: Final = FunctionWords(
    determiners=_words(
        "il lo la i gli le un uno una mio mia miei mie tuo tua tuoi tue suo sua suoi sue nostro nostra "
        "nostri nostre vostro vostra loro questo questa questi queste quel quello quella quei quelle ogni "
        "molto"
    ),
    prepositions=_words(
        "di del dello della dei degli delle a al allo alla ai agli alle da dal dallo dalla dai dagli "
        "dalle in nel nello nella nei negli nelle su sul sullo sulla sui sugli sulle con per tra fra "
        "senza sotto sopra verso contro durante fino"
    ),
    conjunctions=_words(
        "e ed o oppure ma né perché poiché quindi però se quando mentre che chi cui dove come benché affinché"
    ),
    pronouns=_words("io tu lui lei noi voi essi mi ti si ci vi ne"),
    auxiliaries=_words(
        "è sono era erano fu furono essere sei siamo siete ha hanno aveva avevano ho hai abbiamo avete va "
        "vanno può possono posso deve devono non mai sta stanno stava"
    ),
    abbreviations=_words("sig sig.ra dott dr prof avv ing"),
)

_BY_LANGUAGE: Final = MappingProxyType(
    {"de": _GERMAN, "en": _ENGLISH, "es": _SPANISH, "fr": _FRENCH, "it": _ITALIAN, "pt": _PORTUGUESE}
)
_UNKNOWN: Final = FunctionWords()


def function_words(language: str) -> FunctionWords:
    """The small words of the language; none for one without a list, where punctuation and pauses must do."""
    return _BY_LANGUAGE.get(primary_language(language), _UNKNOWN)
