"""French."""

from __future__ import annotations

from typing import Final

from batuta.shopping.understanding.languages.table import Language
from batuta.shopping.understanding.senses import Sense

FRENCH: Final = Language(
    code="fr",
    phrases={
        Sense.BELOW: """moins de | à moins de | pour moins de | de moins de | sous | en dessous de
            | jusqu'à | maximum | au maximum | max | au plus | pas plus de | inférieur à | en-dessous de
            | sous les | dans la limite de""",
        Sense.ABOVE: """plus de | à plus de | au-dessus de | au moins | minimum | au minimum
            | à partir de | dès | supérieur à | pas moins de""",
        Sense.AROUND: "environ | autour de | à peu près | vers | dans les | aux alentours de | près de",
        Sense.BETWEEN: "entre",
        Sense.FROM: "de",
        Sense.TO: "à",
        Sense.OR_LESS: "ou moins | maxi | maximum",
        Sense.OR_MORE: "ou plus | et plus",
        Sense.STARS: "étoile | étoiles",
        Sense.AND: "et",
        Sense.OR: "ou | ni",
        Sense.BUT: "mais",
        Sense.NOT: """sans | sauf | excepté | à part | pas de | pas en | pas | je ne veux pas de
            | je ne veux pas | je n'aime pas | je n'aime pas le | surtout pas | hormis | autre que
            | rien de | rien de chez | pas du | éviter | jamais de""",
        Sense.NO: "non",
        Sense.YES: "oui | bien sûr | d'accord oui",
        Sense.NOT_ONLY: "pas seulement | pas uniquement | pas que",
        Sense.NEED_NOT: """pas besoin d'être | n'a pas besoin d'être | pas besoin de | pas forcément
            | pas nécessairement""",
        Sense.ONLY: """seulement | uniquement | doit être | il faut que ce soit | doivent être | que du
            | que de la""",
        Sense.WANT: """je veux | il me faut | j'ai besoin de | j'ai besoin d'un | j'ai besoin d'une
            | veux""",
        Sense.ALSO: "aussi | également | en plus | ajoute | ou aussi",
        Sense.CORRECT: """en fait | plutôt | finalement | change en | changez en | pardon | à la place
            | mets | change""",
        Sense.MEANT: "je voulais dire | je veux dire",
        Sense.FORGET: """oublie | oubliez | oublier | enlève | enlevez | retire | supprime | ignore
            | laisse tomber le""",
        Sense.ANY: """n'importe quel | n'importe quelle | n'importe lequel | n'importe | tout | tous
            | toutes | quelconque | peu importe le | peu importe la""",
        Sense.OTHER: "autre | autres | d'autres | un autre | une autre",
        Sense.INDIFFERENT: """peu importe | ça m'est égal | cela m'est égal | aucune préférence
            | pas de préférence | sans préférence | je ne sais pas | je sais pas | sais pas
            | aucune idée | à vous de choisir | à toi de choisir | passer | n'a pas d'importance
            | aucune importance | m'est égal | je m'en fiche | aucune | comme vous voulez""",
        Sense.NO_LIMIT: """sans limite | pas de limite | sans budget | pas de budget | illimité
            | sans limite de prix""",
        Sense.BY: "de la marque | de chez | chez",
        Sense.FOR: "pour | avec",
        Sense.CHEAP: """pas cher | pas chère | pas chers | pas chères | bon marché | abordable
            | abordables | économique | économiques | pas trop cher | pas trop chère | pas trop chers
            | à petit prix""",
        Sense.PREMIUM: "cher | chère | chers | chères | de luxe | haut de gamme",
        Sense.CHEAPER: """moins cher | moins chère | moins chers | moins chères | trop cher | trop chère
            | trop chers | trop chères | meilleur marché""",
        Sense.PRICIER: "plus cher | plus chère | plus chers | plus chères | meilleure qualité",
        Sense.BEST: """le meilleur | la meilleure | les meilleurs | les meilleures | meilleur
            | meilleurs""",
        Sense.WELL_RATED: """bien noté | bien notée | bien notés | bien notées | bons avis
            | bonnes notes""",
        Sense.IN_STOCK: """en stock | disponible immédiatement | disponible de suite
            | disponible tout de suite""",
        Sense.THE: "le | la | les",
        Sense.ONE: "celui | celle",
        Sense.THIS: "ce | cet | cette | ça | ceci | cela | celui-ci | celui-là | celle-ci | celle-là",
        Sense.THESE: "ces | ceux | celles | ceux-ci | ceux-là | eux | les deux | tous les deux",
        Sense.OF_THESE: "de ceux-ci | de ces | parmi ceux-ci | d'entre eux | de la liste",
        Sense.PLACE: "numéro | option",
        Sense.COMPARE: """compare | comparer | comparez | compare-les | comparaison | différence
            | différence entre | différences""",
        Sense.DETAIL: """plus d'informations | plus d'infos | plus de détails | détails | dis-m'en plus
            | en savoir plus | plus d'infos sur | plus d'informations sur | détails sur
            | en savoir plus sur""",
        Sense.WHICH: "lequel | laquelle | lesquels | quel | quelle",
        Sense.LIKE: "comme | semblable à | similaire à | du même genre que",
        Sense.FILLER: "montre-moi | montrez-moi | montre moi | montrez moi | montre-nous",
        Sense.THAN: "que",
        Sense.RESET: """recommencer | recommence | recommençons | nouvelle recherche | réinitialiser
            | repartir de zéro | efface tout""",
        Sense.CANCEL: "laisse tomber | laissez tomber | annuler | annule | tant pis | stop | arrête",
        Sense.REPEAT: """quoi | comment | répète | répétez | pouvez-vous répéter | encore une fois
            | pardon""",
        Sense.MORE: """plus | plus de résultats | montre-moi plus | montrez-moi plus | suivant
            | suivants | voir plus | d'autres options | encore | la suite | montre-m'en plus
            | page suivante""",
        Sense.SMALLTALK: """bonjour | salut | bonsoir | merci | merci beaucoup | au revoir | d'accord
            | parfait | super | coucou | bonne journée | ça va""",
        Sense.SEEK: """je cherche | cherche | je recherche | recherche | acheter | avez-vous | vous avez
            | je voudrais acheter""",
    },
    valued={
        Sense.SORT: {
            "price_asc": """le moins cher | la moins chère | les moins chers | les moins chères
                | prix croissant | par prix""",
            "price_desc": """le plus cher | la plus chère | les plus chers | les plus chères
                | prix décroissant""",
            "rating": """le mieux noté | la mieux notée | les mieux notés | les mieux notées
                | mieux noté | mieux notés | mieux notées""",
            "newest": """le plus récent | la plus récente | les plus récents | plus récents
                | plus récent | derniers modèles | dernier modèle""",
            "popularity": """le plus populaire | les plus populaires | plus populaires | les plus vendus
                | plus vendus | meilleures ventes""",
        },
        Sense.CONDITION: {
            "new": "neuf | neuve | neufs | neuves",
            "used": "d'occasion | occasion | usagé | de seconde main | seconde main",
            "refurbished": "reconditionné | reconditionnée | reconditionnés | reconditionnées",
        },
        Sense.FACET: {
            "price": "prix | budget | coût | dépenser | payer",
            "brand": "marque | marques | fabricant",
            "rating": "note | notes | avis",
            "condition": "état",
            "product_type": "type",
        },
        Sense.CURRENCY: {
            "USD": "dollar | dollars",
            "EUR": "euro | euros",
            "GBP": "livres",
            "CHF": "francs suisses",
        },
        Sense.NUMBER: {
            2: "deux",
            3: "trois",
            4: "quatre",
            5: "cinq",
            10: "dix",
            15: "quinze",
            20: "vingt",
            30: "trente",
            40: "quarante",
            50: "cinquante",
            60: "soixante",
            70: "soixante-dix",
            80: "quatre-vingts",
            90: "quatre-vingt-dix",
        },
        Sense.HUNDRED: {
            100: "cent | cents",
            1000: "mille",
        },
        Sense.ORDINAL: {
            1: "premier | première | premiers | premières",
            2: "deuxième | second | seconde",
            3: "troisième",
            4: "quatrième",
            5: "cinquième",
            -1: "dernier | dernière",
        },
    },
    filler="""
        recommander recommandez conseiller conseillez aidez aide choisir trouver acheter auriez aurais
        pourriez pourrais
        exactement
        s'il vous plaît plait svp te je voudrais j'aimerais aimerais me montrez moi quelque chose
        quelques un une des du dans que qui j'ai avez peux pouvez bon bonne bons bonnes beau belle très
        type combien soit soient être est sont coûte fait faite préfère maintenant donne donnez voir ne
        n y en
        """,
    products={
        "shoe": "chaussure | chaussures",
        "running shoe": """chaussures de course | chaussure de course | chaussures de running
            | chaussures running""",
        "sneaker": "baskets | basket | tennis",
        "boot": "botte | bottes | bottines",
        "sandal": "sandale | sandales",
        "laptop": "ordinateur portable | ordinateurs portables | pc portable | pc portables",
        "headphone": "casque | casques | casque audio | écouteurs | écouteur",
        "coffee maker": "cafetière | cafetières | machine à café | machines à café",
        "backpack": "sac à dos | sacs à dos",
        "bag": "sac | sacs",
        "suitcase": "valise | valises",
        "phone": "téléphone | téléphones | téléphone portable | portable | mobile",
        "lamp": "lampe | lampes",
        "desk lamp": "lampe de bureau | lampes de bureau",
        "chair": "chaise | chaises",
        "office chair": "chaise de bureau | chaises de bureau | fauteuil de bureau",
        "desk": "bureau | bureaux",
        "sofa": "canapé | canapés",
        "jacket": "veste | vestes | blouson | blousons",
        "coat": "manteau | manteaux",
        "shirt": "chemise | chemises",
        "trousers": "pantalon | pantalons",
        "dress": "robe | robes",
        "watch": "montre | montres",
        "toaster": "grille-pain",
        "bicycle": "vélo | vélos | bicyclette",
        "board game": "jeu de société | jeux de société",
        "camera": "appareil photo | appareils photo | caméra",
        "monitor": "écran | écrans | moniteur",
        "television": "télé | télévision | téléviseur | téléviseurs",
        "vacuum cleaner": "aspirateur | aspirateurs",
        "water bottle": "gourde | gourdes | bouteille d'eau",
        "bottle": "bouteille | bouteilles",
        "keyboard": "clavier | claviers",
        "mouse": "souris",
        "printer": "imprimante | imprimantes",
        "speaker": "enceinte | enceintes | haut-parleur",
        "red": "rouge | rouges",
        "blue": "bleu | bleue | bleus | bleues",
        "green": "vert | verte | verts | vertes",
        "black": "noir | noire | noirs | noires",
        "white": "blanc | blanche | blancs | blanches",
        "grey": "gris | grise | grises",
        "yellow": "jaune | jaunes",
        "orange": "orangé",
        "pink": "rose | roses",
        "purple": "violet | violette | violets | violettes",
        "brown": "marron | brun | brune",
        "gold": "doré | dorée | dorés | dorées",
        "silver": "argenté | argentée | argentés",
        "leather": "cuir",
        "cotton": "coton",
        "wool": "laine",
        "wood": "bois",
        "steel": "acier",
        "stainless steel": "acier inoxydable | inox",
        "plastic": "plastique",
        "glass": "verre",
        "waterproof": "imperméable | imperméables | étanche | étanches",
        "wireless": "sans fil | sans câble",
        "noise cancelling": "réduction de bruit | à réduction de bruit | antibruit",
        "foldable": "pliable | pliables | pliant",
        "players": "joueurs | personnes",
        "colour": "couleur | couleurs",
        "size": "taille | tailles",
        "memory": "mémoire",
        "storage": "stockage",
        "battery": "batterie | autonomie",
        "weight": "poids",
    },
)
