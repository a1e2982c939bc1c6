"""English words that people use, and that are therefore no misspelling of a word of the catalogue.

Also what a word of another language or a brand is not taken for where it looks the same (`handy`, `rose`).
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMON: Final = _words(
    """
    able above accept accessories accessory action active actual adapter adult adults advice after
    afternoon age agree air alarm album alike alive allow almost alone along already amount ancient
    angle animal answer apart apartment appear area argue arm army arrive art ask asleep attach audio
    aunt autumn average away baby back bad badge bag bake ball band bank bar bare bark base basic basket
    bath bathroom battery beach bean bear beat beautiful beauty bed bedroom beer begin beginner behind
    believe bell belong belt bench bend bike bill bird birthday bite bitter blame blank blind block
    blood blow board boat body bold bone book boot boots born borrow boss bottle bottom bowl box boy
    boyfriend brain branch brave bread break breakfast breath bridge brief bright broad broken brother
    brown bucket build building bulb bulk burn bus business busy butter button cabin cable cake call
    calm came camp camping can candle candy cap capital car carbon card care career careful carpet carry
    case cash casual cat catch cause ceiling cell center central century certain chain chair chance
    change charge charger chart chase chat check cheek cheese chest chicken child children choose church
    circle city claim class classic clean cleaner clear clever climb climbing clock close cloth clothes
    clothing cloud club coach coal coast coat code coffee coin cold collar collect college comfort
    comfortable comfy commute commuter commuting compact company complete computer cook cooking cool
    copper copy core corner correct cotton couch could count country couple course cover cow craft crazy
    cream create crew cross crowd cry cup curious curl current curtain curve custom cut cute cycle
    cycling dad daily damage dance danger dark data date daughter day dead deal dear death deep deer
    degree delay delivery demand dentist depth desert design desk detail device diet different dinner
    dirt dirty discount dish display distance doctor dog door double doubt down draw drawer dream dress
    drill drink drive driver driving drop dry durable dust duty each ear early earn earth ease east easy
    eat edge editing education effort egg eight electric electronic electronics elegant else empty end
    energy engine enjoy entry equal equipment error escape evening event ever exam example exercise exit
    expect expert extra eye eyes face fact fail fair fall family famous fan far farm fashion fast fat
    father fault favorite favourite fear feature features fed feed feel feet fell fellow felt female
    fence festival few field fight figure file fill film final finger finish fire firm fish fishing fit
    fitness five fix flag flame flash flat flavor flight float floor flow flower fly focus fold folk
    follow food foot football force foreign forest form formal forward frame free freedom fresh friday
    fridge friend friendly friends front frozen fruit fuel fun funny fur furniture future gain game
    gamer games gaming garage garden gas gate gear gentle gift gifts girl girlfriend glad glass glasses
    globe glue goal gold golf gone grab grade grain grand grandma grandpa grant grass grave gray grey
    grip ground group grow guest guide guitar gun guy gym hair half hall hand handle handmade handy hang
    happen happy hard hat head headache health healthy hear heart heat heavy height hello high highway
    hike hiker hikers hiking hill hip hire history hit hobby hold hole holiday holidays home honest
    honey hook horse hospital hot hotel hour hours house household huge human hundred hungry hunt hurry
    hurt husband ice idea image imagine inch include indoor indoors inside instead iron island item jam
    jeans job jog jogging join joke journey juice jump jumper junior keep kettle key keyboard kick kid
    kids kill kind king kit kitchen knee knife knit knock lab label lace lack ladies lady lake lamp land
    language large late laugh laundry law lay layer lead leaf league learn learning leave left leg legs
    lemon lens letter level library lid lie life lift light lights lightweight limit line link lip
    liquid list listen live living load loan local lock lonely long look loose loud lounge love lovely
    luck lucky lunch machine magic mail main male man manner manual map march mark market marry mask
    mass master mat match mate matter meal mean meat medical medicine medium meet meeting melt member
    memory men mens message metal meter middle midi might mile milk mind mine mini minute mirror miss
    mix mode modern mom moment monday money month mood moon morning mother motor mount mountain mouse
    mouth move movie mud mug multi mum muscle museum music must nail name narrow nature navy near neat
    neck needle nephew nerve net network neutral news next nice niece night nine noise noisy none noon
    normal north nose note nothing novel nurse nut oak ocean odd office oil old older one open orange
    oven over own owner pace pack package pad page pain paint pair pale pan panel pants paper parent
    parents park part partner party pass past path pay peace peak pen pencil people pepper perfect
    person personal pet phone photo photography photos piano pick picnic picture piece pig pile pillow
    pilot pin pink pipe pitch place plain plan plane plant plastic plate play player playing plug pocket
    point police polite pool poor popular port portable position post pot potato pound powder power
    practical practice pray prepare present pretty price print printing prize problem professional
    program project proper protect protection proud public pull pump pure purple purpose push put
    quality quarter queen question quick quiet quite race rack radio rain rainy raise range rare rate
    raw reach read reader reading ready real reason receive record recycled red relax reliable remember
    remote rent repair replace replacement report rescue rest restaurant result retro return rice rich
    ride riding ring rise risk river road robot rock role roll roof room rope rose round route row
    royal rubber rug rule run runner running rush sad safe safety sail salad sale salt same sand
    saturday sauce save scale scarf scene school science scissors score screen sea search season seat
    second secret see seed self sell send senior sense series serious serve service seven shade shadow
    shake shame shape share sharp sheep sheet shelf shell shift shine ship shipping shirt shock shoot
    shop short shorts shot shoulder shout shower shut sick side sight sign signal silent silk silly
    silver simple since sing single sink sister sit six size skate skating ski skiing skill skin skirt
    sky sleek sleep sleeve slice slide slim slip slow small smart smell smile smoke smooth snack snow
    soap social sock socks soft software soil solar soldier solid solo son song soon sort soul sound
    soup source south space spare speak speaker special speed spell spend spirit split spoon sport
    sports sporty spot spray spread spring square stable staff stage stain stair stamp stand standing
    star start state station stay steady steak steal steam steel steep step stick stiff still stock
    stomach stone stool stop store storm story straight strange strap straw stream street strength
    stretch strict string strip strong student students studio study studying stuff stupid style stylish
    subject such sudden sugar suit suitable summer sun sunday sunny supper support surface surprise
    sweat sweater sweet swim swimming swing switch table tablet tail take tale talk tall tank tap tape
    target task taste tax tea teach teacher team tear tech teen teenager teenagers ten tennis tent term
    test text thank theme thick thin thing third thread three throat throw thursday ticket tidy tie
    tight time times tiny tip tire tired title toast today toddler toe together toilet tomato tomorrow
    tone tongue tonight tool tools tooth top total touch tough tour toward towel tower town toy toys
    track trade traffic trail train trainer training trash travel traveling travelling tray tree trend
    trial trick trip trouble truck trunk trust truth try tube tuesday tune turn twelve twice twin type
    ugly ultra umbrella uncle under uniform unique unit university upper urban use used useful useless
    user usual vacation valley value van vegan vegetable very vest video view village vintage visit
    voice volume vote wait wake walk walking wall wallet want war ward warm wash washing waste watch
    watching water wave way weak wealth wear weather web wedding wednesday week weekend weight welcome
    west wet wheel whisper white whole wide wife wild win wind window wine wing winter wire wish woman
    women womens wonder wood wooden wool word work worker working workout world worn worse worst worth
    wound wrap wrist write wrong yard yarn year yellow yesterday yoga young youth zero zip zone
    america australia austria brazil britain canada china england europe france germany greece india ireland
    italy japan mexico poland portugal russia scotland spain sweden turkey
    """
)
