"""English."""

from __future__ import annotations

from typing import Final

from batuta.shopping.understanding.languages.table import Language
from batuta.shopping.understanding.senses import Sense

ENGLISH: Final = Language(
    code="en",
    phrases={
        Sense.BELOW: """under | below | beneath | less than | fewer than | cheaper than | lower than
            | max | maximum | maximum of | max of | at most | at the most | at maximum | up to
            | no more than | not more than | not over | not above | no higher than | nothing over
            | nothing above | within | not exceeding | smaller than | lighter than | shorter than
            | thinner than""",
        Sense.ABOVE: """over | above | more than | greater than | higher than | at least | at the least
            | at minimum | min | minimum | minimum of | min of | starting at | starting from
            | no less than | not less than | not under | not below | nothing under | nothing below
            | upwards of | exceeding | bigger than | larger than | heavier than | longer than
            | more expensive than | no fewer than""",
        Sense.AROUND: """around | about | roughly | approximately | approx | circa | ca | near
            | close to | somewhere around | in the region of | more or less | in the neighborhood of
            | or so | ish | ~""",
        Sense.BETWEEN: """between | in between | in the range of | ranging from | anywhere from
            | range of""",
        Sense.FROM: "from",
        Sense.TO: "to | until | till | through",
        Sense.OR_LESS: """or less | or under | or below | or cheaper | or lower | tops | and under
            | and below | or smaller | or lighter | or fewer""",
        Sense.OR_MORE: """or more | or above | or over | or higher | or better | or bigger | or larger
            | and up | and above | and over | and higher | and more | upwards | or greater | plus""",
        Sense.STARS: "star | stars | starred",
        Sense.PERCENT: "percent | percent off",
        Sense.AND: "and | &",
        Sense.OR: "or | / | nor",
        Sense.BUT: "but | however | though | although | yet",
        Sense.NOT: """not | without | except | except for | except from | excluding | exclude
            | other than | apart from | aside from | anything but | everything but | anything except
            | all but | but not | don't want | do not want | don't want any | don't like | do not like
            | dislike | hate | avoid | nothing from | nothing by | nothing in | nothing with
            | nothing made of | never | none of | isn't | aren't | is not | are not | don't show me
            | do not show me | no more | rather not | can't stand | not interested in | not a fan of
            | neither | instead of | leave out | minus | doesn't have | don't have | with no
            | anything from | besides | w/o | shouldn't be | should not be | must not be | mustn't be
            | can't be | cannot be | no longer want""",
        Sense.NO: "no | nope | nah | false",
        Sense.YES: """yes | yeah | yep | yup | sure | of course | yes please | definitely | certainly
            | y | true""",
        Sense.NOT_ONLY: """not only | not just | not exclusively | not necessarily only
            | don't only want""",
        Sense.NEED_NOT: """doesn't need to be | does not need to be | doesn't have to be
            | does not have to be | don't need to be | don't have to be | do not have to be
            | need not be | needn't be | not necessarily | no need for | no need to be | don't need
            | do not need | doesn't need | does not need | doesn't need to have | doesn't have to have
            | don't care if it is | don't care if | don't care whether | don't care if it's
            | doesn't matter if | doesn't matter if it's | doesn't matter whether
            | no longer needs to be | don't insist on | need not have""",
        Sense.ONLY: """only | must be | must | has to be | have to be | needs to be | need to be
            | must have | strictly | exclusively | nothing but | has to have | have to have | insist on
            | it must be | absolutely must be | should definitely be""",
        Sense.WANT: "want | need | i want | i need | want it | required | require | i really want",
        Sense.ALSO: """also | as well | too | as well as | in addition | additionally | add | include
            | including | also in | or also | and also""",
        Sense.CORRECT: """actually | instead | rather | make it | make that | make them | change it to
            | change that to | change to | switch to | change | switch | no wait | wait | oops
            | correction | on second thought | on second thoughts | let's say | lets say | set | update
            | scratch that | i changed my mind | raise | lower | increase | decrease | raise it to
            | lower it to""",
        Sense.MEANT: """i meant | i mean | meant | i meant to say | i was thinking of | should have said
            | typo""",
        Sense.FORGET: """forget | forget about | remove | drop | delete | clear | ignore | lift
            | skip the | never mind the | nevermind the | disregard | get rid of | lose | scrap
            | take away""",
        Sense.ANY: """any | anything | whatever | whichever | all | every | no particular | no specific
            | no preferred | no certain | all kinds of | any kind of | any type of | any sort of""",
        Sense.OTHER: "other | different | another | a different | some other",
        Sense.INDIFFERENT: """doesn't matter | does not matter | don't matter | do not matter
            | doesn't really matter | don't care | do not care | don't care about | don't really care
            | don't really care about | don't mind | do not mind | no preference | no preferences
            | no preference on | no preference for | not important | isn't important | is not important
            | unimportant | irrelevant | no matter | no matter what | regardless of | regardless
            | not relevant | not necessary | isn't necessary | not required | not needed | not an issue
            | no issue | isn't an issue | is no object | no object | makes no difference | up to you
            | you choose | you decide | you pick | surprise me | skip | skip it | skip this | skip that
            | skip this question | skip this one | pass | don't know | do not know | dunno | no idea
            | not sure | unsure | i'm not sure | not fussed | not bothered | either | either way
            | either one | anything goes | anything works | anything is fine | any is fine | any of them
            | any of those | any of these | any will do | whatever you think | whatever works
            | whatever works best | all fine | no opinion | idk | none | open to anything | i'm flexible
            | flexible | flexible on | next question | don't have a preference
            | don't have any preference | i don't have a preference | no favourite | no favorite
            | no clue | can't decide | you tell me | not fussy | not picky | anything's fine | i'm easy
            | i'm open""",
        Sense.NO_LIMIT: """no limit | no limits | no budget | unlimited | unlimited budget
            | no price limit | no budget limit | no maximum | no max | no upper limit
            | no spending limit | money is no object | money no object | money is no issue
            | money doesn't matter | cost is no object | sky is the limit | the sky is the limit
            | sky's the limit | no minimum | whatever it costs | whatever the price | at any price
            | no price range""",
        Sense.BY: "by | made by",
        Sense.FOR: "for | with | to go with | compatible with | to use with | that fits | that fit",
        Sense.CHEAP: """cheap | affordable | inexpensive | low cost | low price | low priced
            | low budget | budget friendly | on a budget | tight budget | on a tight budget | economical
            | economic | not too expensive | not expensive | not so expensive | not very expensive
            | not that expensive | isn't too expensive | aren't too expensive | nothing too expensive
            | nothing expensive | not too pricey | reasonably priced | bargain | bargains | good value
            | value for money | best value | great value | nothing fancy | nothing too fancy | low end
            | entry level | doesn't cost much | won't break the bank | cheapish""",
        Sense.PREMIUM: """expensive | premium | luxury | luxurious | high end | top of the line
            | top of the range | fancy | not cheap | not too cheap | nothing cheap | pricey | upscale""",
        Sense.CHEAPER: """cheaper | less expensive | more affordable | lower price | lower priced
            | lower prices | too expensive | too pricey | too much money | too much | too costly
            | out of my budget | over my budget | above my budget | bit cheaper | a little cheaper
            | not as expensive | less pricey | more reasonably priced | too dear | spend less""",
        Sense.PRICIER: """more expensive | pricier | higher price | higher priced | higher end
            | more premium | better quality | higher quality | too cheap | more upmarket | more high end
            | spend more""",
        Sense.BEST: "best | better | top | finest | the very best",
        Sense.WELL_RATED: """highly rated | well rated | good reviews | good rating | good ratings
            | great reviews | great ratings | well reviewed | highly reviewed | highly recommended
            | positive reviews | high rating | high ratings | good review | high reviews
            | decent reviews | excellent reviews | strong reviews""",
        Sense.IN_STOCK: """in stock | available now | available immediately | available right now
            | currently available | ready to ship | immediately available | that are available
            | not out of stock | not sold out""",
        Sense.EXTREME: """lightest | heaviest | smallest | biggest | largest | longest | fastest
            | slowest | strongest | thinnest | brightest | quietest | lighter | heavier | smaller
            | bigger | larger | longer | faster | thinner | brighter | quieter | slower | stronger
            | softest | too big | too small | too heavy | too large | too long | too short | too slow
            | too light | too old | most comfortable | more comfortable | most powerful | more powerful
            | most durable | more durable""",
        Sense.THE: "the",
        Sense.ONE: "one",
        Sense.ONES: "ones",
        Sense.THIS: "it | this | that | this one | that one | its",
        Sense.THESE: """these | those | them | they | all of these | all of those | all of them
            | these ones | those ones | both | both of them | all three""",
        Sense.OF_THESE: """of these | of those | of them | among these | among those | from these
            | from those | of the above | on the list | in the list | in this list | on this list
            | you showed me | you showed""",
        Sense.PLACE: "number | nr | num | option | item | product | result | choice | #",
        Sense.COMPARE: """compare | comparison | comparing | versus | vs | difference | differences
            | difference between | side by side | what's the difference | contrast | differ""",
        Sense.DETAIL: """tell me more about | tell me more | tell me about | more about | more on
            | more info | more info on | more info about | more information | more information on
            | more information about | more details | more details on | more details about | details
            | details on | details of | details about | detail | info on | info about | information on
            | information about | describe | specs | specs of | specifications | specs for
            | know more about | i'll take | i will take | i'll have | zoom in on""",
        Sense.WHICH: "which | which one | which ones | which of",
        Sense.LIKE: """like | similar to | something like | same as | comparable to | similar
            | alternative to | alternatives to | along the lines of | just like""",
        Sense.FILLER: """i'd like | would like | i would like | i like | looks like | feel like
            | like to | i'd like to | i would like to | seems like | what about | how about | best friend
            | best friends""",
        Sense.THAN: "than",
        Sense.RESET: """start over | start again | reset | restart | new search | clear everything
            | begin again | forget everything | forget all | from scratch | clear all | start afresh
            | start a new search | reset everything | remove all filters | clear all filters
            | clear filters | clear the search | start from scratch | forget all that
            | forget all of that | remove everything | wipe everything""",
        Sense.CANCEL: """never mind | nevermind | cancel | cancel that | forget it | stop | abort | quit
            | exit | leave it | drop it | don't bother | forget about it | forget that | nvm | cancel it""",
        Sense.REPEAT: """what | repeat that | repeat | say again | say that again | again | come again
            | pardon | pardon me | huh | excuse me | what did you say | what was that | sorry | say what
            | can you repeat that | could you repeat that | i didn't get that | i didn't catch that
            | once more | one more time | please repeat | show me that again | repeat the question
            | go back | back | previous | previous page""",
        Sense.MORE: """more | show more | show me more | next | next page | more results | more options
            | see more | load more | others | other options | other ones | what else
            | what else do you have | something else | any others | any other | more of these
            | more of those | more please | keep going | continue | next ones | another one
            | other results | more products | more choices | show me others | show me other options
            | anything else | more like these | more like this | different ones | show others""",
        Sense.SMALLTALK: """hi | hello | hey | hiya | hi there | hello there | hey there | good morning
            | good afternoon | good evening | howdy | greetings | thanks | thank you | thanks a lot
            | thanks so much | thank you so much | thank you very much | many thanks | thx | ty | cheers
            | bye | goodbye | bye bye | see you | see you later | good night | ok | okay | cool | great
            | perfect | awesome | alright | all right | sounds good | got it | i see | lol | haha
            | how are you | how are you doing | how are you today | what's up | who are you
            | what can you do | help | help me | you're welcome | nice to meet you | well done | love it
            | are you a bot | are you human | are you a robot | are you a machine | have a nice day
            | that's great | that's all""",
        Sense.SEEK: """looking for | searching for | search for | find me | shopping for | do you have
            | do you sell | have you got | want to buy | buy | like to buy | in the market for
            | hunting for | shop for | need to buy""",
    },
    valued={
        Sense.SORT: {
            "price_asc": """cheapest | cheapest first | lowest price | lowest priced | lowest prices
                | least expensive | most affordable | price low to high | price ascending | low to high
                | by price | lowest price first | from low to high | cheaper first""",
            "price_desc": """most expensive | most expensive first | highest price | highest priced
                | priciest | dearest | price high to low | price descending | high to low | costliest""",
            "rating": """best rated | top rated | highest rated | best reviewed | best reviews
                | by rating | best rating | highest rating | highest ratings | best ratings | by reviews
                | most loved | best rated first""",
            "newest": """newest | newest first | latest | most recent | just released | by date
                | newest models | latest models | most modern""",
            "popularity": """most popular | best selling | bestselling | bestseller | bestsellers
                | best seller | best sellers | popular | trending | most sold | by popularity
                | popular ones""",
            "relevance": "most relevant | by relevance | best match | best matching",
        },
        Sense.CONDITION: {
            "new": "new | brand new | unused | factory new | newly made",
            "used": """used | second hand | secondhand | pre owned | preowned | pre loved | preloved
                | 2nd hand | previously owned""",
            "refurbished": "refurbished | refurb | renewed | reconditioned | certified refurbished",
        },
        Sense.FACET: {
            "price": """price | prices | cost | costs | budget | price range | price limit | budget of
                | spending limit | spend | spending | pay | willing to pay | price tag | my limit""",
            "brand": "brand | brands | make | makes | manufacturer | manufacturers | brand name",
            "rating": "rating | ratings | rated | review | reviews | review score | stars rating",
            "condition": "condition",
            "product_type": "type | kind | category | product type | types | kinds",
            "in_stock": "stock | availability | out of stock | include out of stock | sold out",
            "sort_by": "sort order | sorting | ordering | order",
        },
        Sense.CURRENCY: {
            "USD": "$ | usd | us dollar | us dollars | dollar | dollars | buck | bucks | us $",
            "EUR": "€ | eur | euro | euros",
            "GBP": "£ | gbp | quid | pound | pounds | pounds sterling | sterling",
            "JPY": "¥ | jpy | yen",
            "INR": "₹ | inr | rupee | rupees",
            "CHF": "chf | swiss francs | francs",
            "CAD": "cad | canadian dollars",
            "AUD": "aud | australian dollars",
            "BRL": "brl | reais",
            "MXN": "mxn | pesos",
            "SEK": "sek",
            "PLN": "pln | zloty",
        },
        Sense.NUMBER: {
            0.5: "half | half a",
            2: "two",
            3: "three",
            4: "four",
            5: "five",
            6: "six",
            7: "seven",
            8: "eight",
            9: "nine",
            10: "ten",
            11: "eleven",
            12: "twelve",
            15: "fifteen",
            16: "sixteen",
            20: "twenty",
            25: "twenty five",
            30: "thirty",
            40: "forty",
            50: "fifty",
            60: "sixty",
            70: "seventy",
            75: "seventy five",
            80: "eighty",
            90: "ninety",
        },
        Sense.HUNDRED: {
            100: "hundred | a hundred | one hundred",
            1000: "thousand | a thousand | one thousand | grand | k",
        },
        Sense.ORDINAL: {
            1: "first | first one | top one",
            2: "second | second one",
            3: "third",
            4: "fourth",
            5: "fifth",
            6: "sixth",
            7: "seventh",
            8: "eighth",
            9: "ninth",
            10: "tenth",
            -1: "last | last one | bottom one | final",
        },
    },
    filler="""
        please pls plz looking search searching find show get give me i im id ill ive would could can
        like love prefer preferably ideally maybe perhaps just really very quite rather some something
        someone somebody kind sort type of good nice great decent fine lovely amazing got have has had
        having do does did is are am be been being was were will shall should may might must let lets go
        going gonna wanna gotta want need wanted buy purchase order sell recommend recommendation
        recommendations suggest suggestion suggestions help think guess suppose hope wondering wonder
        know tell see look looks try trying thing things stuff item items product products option
        options model models one ones piece pieces pair pairs available there here now then today well
        so um uh hmm hm er ah oh hey okay ok yes what how when where why who whose about for with at in
        on to up out off into onto as by the a an my your his her our their mine yours this that these
        those it its they them we us you he she if than because since while during again also too still
        even much many lot lots few little bit more most less least enough only kindly thanks sir madam
        mate dude bro guys everyone everybody money yourself myself what's whats that's thats it's
        theres there's etc eg ie via per each every somewhere anywhere made make makes making come comes
        coming coloured colored use using want's cost costs costing priced price worth spend around
        show's interested shopping shop store catalogue catalog range selection list first gives bring
        put take taking keep needs wants likes doesnt dont didnt isnt arent wasnt wont cant couldnt
        wouldnt shouldnt hasnt havent possible possibly able right away soon asap currently actually
        basically honestly literally simply obviously anyway otherwise particular specific certain both
        exactly exact precisely choose choosing pick picking getting
        thinking considering smth sth yo died broke u r ya wanting finding kinda
        same such said says say saying set sets any all what're you're youre were's shown below above
        """,
    products={},
)
