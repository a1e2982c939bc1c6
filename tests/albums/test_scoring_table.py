"""Albums as libraries name them, what sources say of them, and the year it comes to."""

# ruff: noqa: RUF001  # names in many scripts are the point

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import pytest

from batuta.albums.scoring import Weight, conclude
from batuta.albums.sources import Candidate, Failed, Found, Kind, Reason, SourceAnswer, Unknown

THIS_YEAR = 2026
DOWN = "down"
SAYS_NO = "does not know"


class Sure(Enum):
    """How sure we are, in bands of confidence."""

    VERY = range(90, 101)
    QUITE = range(70, 90)
    RATHER = range(45, 70)
    HARDLY = range(1, 45)
    NO = range(1)


def first(
    title: str,
    artist: str,
    year: int | None,
    kind: Kind = Kind.ALBUM,
    comment: str = "",
    *names: str,
    official: bool = True,
) -> Candidate:
    """As MusicBrainz and the masters of Discogs tell it: the year of the first release."""
    return Candidate(title, artist, year, year, kind, comment=comment, also_known_as=names, official=official)


def dated(
    title: str,
    artist: str,
    year: int | None,
    kind: Kind = Kind.ALBUM,
    *,
    reissue: bool = False,
    official: bool = True,
) -> Candidate:
    """As Apple's store and the releases of Discogs tell it: the date of this very release."""
    return Candidate(title, artist, year, None, kind, reissue=reissue, official=official)


Told = list[Candidate] | str


@dataclass(frozen=True)
class Case:
    about: str
    artist: str
    album: str
    year: int | None
    sure: Sure
    musicbrainz: Told | None = None
    itunes: Told | None = None
    discogs: Told | None = None

    @property
    def answers(self) -> list[SourceAnswer]:
        told = {"musicbrainz": self.musicbrainz, "itunes": self.itunes, "discogs": self.discogs}
        return [answer(source, said) for source, said in told.items() if said is not None]


def answer(source: str, said: Told) -> SourceAnswer:
    match said:
        case str() if said == DOWN:
            return Failed(source, Reason.UNAVAILABLE, "503")
        case str():
            return Unknown(source)
        case _:
            return Found(source, tuple(said))


# fmt: off
CASES = [
    # How many say it
    Case("all three agree", "Nirvana", "Nevermind", 1991, Sure.VERY, [first("Nevermind", "Nirvana", 1991)],
        [dated("Nevermind", "Nirvana", 1991)], [first("Nevermind", "Nirvana", 1991)]),
    Case("two that know first releases agree", "Radiohead", "OK Computer", 1997, Sure.VERY,
        [first("OK Computer", "Radiohead", 1997)], None, [first("OK Computer", "Radiohead", 1997)]),
    Case("one that knows", "Radiohead", "Kid A", 2000, Sure.QUITE, [first("Kid A", "Radiohead", 2000)]),
    Case("only a store", "Radiohead", "Kid A", 2000, Sure.RATHER, None,
        [dated("Kid A", "Radiohead", 2000)]),
    Case("only a marked reissue", "Radiohead", "Kid A", 2009, Sure.HARDLY, None, None,
        [dated("Kid A", "Radiohead", 2009, reissue=True)]),
    Case("a store and a single pressing", "Grouper", "Ruins", 2014, Sure.QUITE, SAYS_NO,
        [dated("Ruins", "Grouper", 2014)], [dated("Ruins", "Grouper", 2014)]),
    Case("nobody asked", "Nirvana", "Nevermind", None, Sure.NO),
    Case("nobody knows", "Nirvana", "Xyzzy", None, Sure.NO, SAYS_NO, SAYS_NO, SAYS_NO),
    # Somebody is down
    Case("one is down, two agree", "Portishead", "Dummy", 1994, Sure.VERY,
        [first("Dummy", "Portishead", 1994)], DOWN, [first("Dummy", "Portishead", 1994)]),
    Case("two are down", "Portishead", "Dummy", 1994, Sure.QUITE, [first("Dummy", "Portishead", 1994)],
        DOWN, DOWN),
    Case("the best is down", "Portishead", "Dummy", 1994, Sure.RATHER, DOWN,
        [dated("Dummy", "Portishead", 1994)], DOWN),
    Case("all are down", "Portishead", "Dummy", None, Sure.NO, DOWN, DOWN, DOWN),
    Case("one down, one ignorant", "Portishead", "Dummy", None, Sure.NO, DOWN, SAYS_NO),
    # Reissues and remasters
    Case("the store sells the remaster, dated so", "The Beatles", "Abbey Road", 1969, Sure.VERY,
        [first("Abbey Road", "The Beatles", 1969)],
        [dated("Abbey Road (Remastered)", "The Beatles", 2015)],
        [first("Abbey Road", "The Beatles", 1969)]),
    Case("the store's remaster has the first date", "The Beatles", "Abbey Road", 1969, Sure.QUITE,
        [first("Abbey Road", "The Beatles", 1969)],
        [dated("Abbey Road (Remastered)", "The Beatles", 1969)]),
    Case("of several editions the earliest", "The Beatles", "Abbey Road (2019 Mix)", 1969, Sure.HARDLY,
        None, [dated("Abbey Road (Super Deluxe Edition) [2019 Remix & Remaster]", "The Beatles", 2019),
         dated("Abbey Road (Remastered)", "The Beatles", 1969)]),
    Case("asked for the remaster, the original's year counts", "Pink Floyd",
        "Animals [2011 Remaster]", 1977, Sure.QUITE, [first("Animals", "Pink Floyd", 1977)]),
    Case("asked for the deluxe edition", "The Weeknd", "After Hours (Deluxe)", 2020, Sure.QUITE,
        [first("After Hours", "The Weeknd", 2020)], [dated("After Hours", "The Weeknd", 2020)]),
    Case("an edition behind a dash", "Miles Davis", "Kind of Blue - Legacy Edition", 1959, Sure.QUITE,
        [first("Kind of Blue", "Miles Davis", 1959)],
        [dated("Kind of Blue (Legacy Edition)", "Miles Davis", 2008)]),
    Case("an edition behind a colon", "U2", "Achtung Baby: 20th Anniversary Edition", 1991, Sure.QUITE,
        [first("Achtung Baby", "U2", 1991)]),
    Case("an edition without brackets", "Metallica", "Master of Puppets Remastered", 1986, Sure.QUITE,
        [first("Master of Puppets", "Metallica", 1986)]),
    Case("two editions in one title", "Oasis",
        "Definitely Maybe (Remastered) [Deluxe Edition]", 1994, Sure.QUITE,
        [first("Definitely Maybe", "Oasis", 1994)]),
    Case("a disc of a set", "Smashing Pumpkins",
        "Mellon Collie and the Infinite Sadness (Disc 2)", 1995, Sure.QUITE,
        [first("Mellon Collie and the Infinite Sadness", "The Smashing Pumpkins", 1995)]),
    Case("a library that writes the year behind the title", "Blur", "Parklife (1994)", 1994, Sure.QUITE,
        [first("Parklife", "Blur", 1994)]),
    Case("a reissue and the first pressing side by side", "Television", "Marquee Moon", 1977, Sure.RATHER,
        None, None, [dated("Marquee Moon", "Television", 2003, reissue=True),
         dated("Marquee Moon", "Television", 1977)]),
    Case("two weak sources agree on the reissue, one knows better", "Can", "Tago Mago", 1971, Sure.RATHER,
        [first("Tago Mago", "Can", 1971)], [dated("Tago Mago", "Can", 2004)],
        [dated("Tago Mago", "Can", 2004)]),
    Case("the store's date of an unmarked reissue", "Nick Drake", "Pink Moon", 1972, Sure.RATHER,
        [first("Pink Moon", "Nick Drake", 1972)], [dated("Pink Moon", "Nick Drake", 2000)]),
    Case("a Japanese remaster's mark", "Cornelius", "Fantasma【リマスター】", 1997, Sure.QUITE,
        [first("Fantasma", "Cornelius", 1997)]),
    Case("the edition is the title", "Better Than Ezra", "Deluxe", 1995, Sure.QUITE,
        [first("Deluxe", "Better Than Ezra", 1995)]),
    Case("a title of brackets only", "Sigur Rós", "( )", 2002, Sure.QUITE,
        [first("( )", "Sigur Rós", 2002)]),
    Case("another work in brackets", "Taylor Swift", "Red (Taylor's Version)", 2021, Sure.QUITE,
        [first("Red", "Taylor Swift", 2012), first("Red (Taylor’s Version)", "Taylor Swift", 2021)]),
    Case("asked for the first of two recordings", "Taylor Swift", "Red", 2012, Sure.QUITE,
        [first("Red (Taylor’s Version)", "Taylor Swift", 2021), first("Red", "Taylor Swift", 2012)]),
    # Contradictions
    Case("a year's difference", "Pixies", "Doolittle", 1989, Sure.QUITE,
        [first("Doolittle", "Pixies", 1989)], None, [first("Doolittle", "Pixies", 1990)]),
    Case("two first years far apart", "Vashti Bunyan", "Just Another Diamond Day", 1970, Sure.RATHER,
        [first("Just Another Diamond Day", "Vashti Bunyan", 1970)], None,
        [first("Just Another Diamond Day", "Vashti Bunyan", 2000)]),
    Case("two against one", "Slint", "Spiderland", 1991, Sure.RATHER, [first("Spiderland", "Slint", 1991)],
        [dated("Spiderland", "Slint", 1991)], [first("Spiderland", "Slint", 1998)]),
    Case("the store has an earlier date", "Burial", "Untrue", 2007, Sure.RATHER,
        [first("Untrue", "Burial", 2007)], [dated("Untrue", "Burial", 2001)]),
    # Years that cannot be
    Case("a year to come", "Somebody", "Not Yet", None, Sure.NO, [first("Not Yet", "Somebody", 2031)]),
    Case("before anything was recorded", "J.S. Bach", "Goldberg Variations", 1955, Sure.HARDLY,
        [first("Goldberg Variations", "J.S. Bach", 1741)],
        [dated("Goldberg Variations (Remastered)", "J.S. Bach", 1955)]),
    Case("a wrong first year beside a release's", "A", "B", 1999, Sure.RATHER,
        [Candidate("B", "A", 1999, 99, Kind.ALBUM)]),
    Case("known without a year", "A", "B", None, Sure.NO, [first("B", "A", None)], [dated("B", "A", None)]),
    Case("the earliest year there is", "Scott", "Au clair de la lune", 1860, Sure.QUITE,
        [first("Au Clair de la Lune", "Scott", 1860)]),
    Case("this very year", "A", "B", THIS_YEAR, Sure.QUITE, [first("B", "A", THIS_YEAR)]),
    # Of one title
    Case("self-titled, once", "Interpol", "Interpol", 2010, Sure.QUITE,
        [first("Interpol", "Interpol", 2010)]),
    Case("self-titled, over and over", "Weezer", "Weezer", 1994, Sure.HARDLY,
        [first("Weezer", "Weezer", 2001, Kind.ALBUM, "Green Album"),
         first("Weezer", "Weezer", 1994, Kind.ALBUM, "Blue Album")]),
    Case("self-titled, told apart by the comment", "Weezer", "Weezer (Green Album)", 2001, Sure.QUITE,
        [first("Weezer", "Weezer", 1994, Kind.ALBUM, "Blue Album"),
         first("Weezer", "Weezer", 2001, Kind.ALBUM, "Green Album")]),
    Case("self-titled, and a store that means one of them", "Weezer", "Weezer", 2001, Sure.RATHER,
        [first("Weezer", "Weezer", 1994, Kind.ALBUM, "Blue"),
         first("Weezer", "Weezer", 2001, Kind.ALBUM, "Green")], [dated("Weezer", "Weezer", 2001)]),
    Case("the one without a comment is meant", "The Beatles", "Abbey Road", 1969, Sure.QUITE,
        [first("Abbey Road", "The Beatles", 2009, Kind.ALBUM, "interviews"),
         first("Abbey Road", "The Beatles", 1969)]),
    Case("the same title by others", "Blondie", "Parallel Lines", 1978, Sure.QUITE,
        [first("Parallel Lines", "Dick Gaughan", 1982), first("Parallel Lines", "Blondie", 1978)]),
    Case("only by others", "Blondie", "Parallel Lines", None, Sure.NO,
        [first("Parallel Lines", "Dick Gaughan", 1982)]),
    Case("other titles by the same", "Blondie", "Autoamerican", None, Sure.NO,
        [first("Parallel Lines", "Blondie", 1978)]),
    Case("a tribute", "Nirvana", "Nevermind", None, Sure.NO,
        [first("Nevermind: A Tribute", "Nirvana", 2011)]),
    Case("volumes are not each other", "Traveling Wilburys", "Vol. 3", 1990, Sure.QUITE,
        [first("Volume 1", "Traveling Wilburys", 1988), first("Volume 3", "Traveling Wilburys", 1990)]),
    Case("Roman parts", "Rick Wakeman", "Suite, Pt. II", 1999, Sure.QUITE,
        [first("Suite Part 2", "Rick Wakeman", 1999)]),
    Case("numbers matter", "Led Zeppelin", "Led Zeppelin II", 1969, Sure.QUITE,
        [first("Led Zeppelin III", "Led Zeppelin", 1970), first("Led Zeppelin II", "Led Zeppelin", 1969)]),
    # Albums, singles, live, compilations, soundtracks
    Case("the single came first", "Prince", "Purple Rain", 1984, Sure.QUITE,
        [first("Purple Rain", "Prince", 1983, Kind.SINGLE), first("Purple Rain", "Prince", 1984)]),
    Case("only the single is known", "Prince", "Kiss", 1986, Sure.RATHER,
        [first("Kiss", "Prince", 1986, Kind.SINGLE)]),
    Case("the single is meant", "Kizuna AI", "Future Base - Single", 2018, Sure.QUITE,
        [first("Future Base", "Kizuna AI", 2018, Kind.SINGLE), first("Future Base", "Kizuna AI", 2020)]),
    Case("the EP is meant", "Burial", "Kindred - EP", 2012, Sure.QUITE,
        [first("Kindred", "Burial", 2012, Kind.EP), first("Kindred", "Burial", 2015)],
        [dated("Kindred - EP", "Burial", 2012)]),
    Case("a live album", "Neil Young", "Live at Massey Hall 1971", 2007, Sure.QUITE,
        [first("Live at Massey Hall 1971", "Neil Young", 2007, Kind.LIVE)]),
    Case("live and studio share a title", "Talking Heads", "Stop Making Sense", 1984, Sure.QUITE,
        [first("Stop Making Sense", "Talking Heads", 1984, Kind.ALBUM),
         first("Stop Making Sense", "Talking Heads", 1980, Kind.LIVE)]),
    Case("asked for live, offered the studio's", "Nirvana", "Nevermind (Live)", None, Sure.NO,
        [first("Nevermind", "Nirvana", 1991)]),
    Case("an unplugged one is no edition", "Nirvana", "Nevermind", 1991, Sure.QUITE,
        [first("Nevermind (Unplugged)", "Nirvana", 1980, Kind.LIVE), first("Nevermind", "Nirvana", 1991)]),
    Case("an album before a compilation of its name", "Queen", "Jazz", 1978, Sure.QUITE,
        [first("Jazz", "Queen", 1970, Kind.COMPILATION), first("Jazz", "Queen", 1978)]),
    Case("a compilation as such", "Queen", "Greatest Hits", 1981, Sure.QUITE,
        [first("Greatest Hits", "Queen", 1981, Kind.COMPILATION)],
        [dated("Greatest Hits", "Queen", 1981, Kind.COMPILATION)]),
    Case("a bootleg came first", "Gorillaz", "Gorillaz", 2001, Sure.QUITE,
        [first("Gorillaz", "Gorillaz", 2000, official=False), first("Gorillaz", "Gorillaz", 2001)]),
    Case("only a bootleg", "Gorillaz", "Live in X", 2001, Sure.HARDLY,
        [first("Live in X", "Gorillaz", 2001, official=False)]),
    Case("a soundtrack by its long name", "Vangelis",
        "Blade Runner (Original Motion Picture Soundtrack)", 1994, Sure.QUITE,
        [first("Blade Runner", "Vangelis", 1994, Kind.SOUNDTRACK)]),
    Case("a soundtrack by another long name", "James Horner",
        "Titanic: Music From the Motion Picture", 1997, Sure.QUITE,
        [first("Titanic", "James Horner", 1997, Kind.SOUNDTRACK)],
        [dated("Titanic (Original Motion Picture Soundtrack)", "James Horner", 1997)]),
    # Artists
    Case("The, in the library only", "The Eagles", "Hotel California", 1976, Sure.QUITE,
        [first("Hotel California", "Eagles", 1976)]),
    Case("The, in the source only", "Beatles", "Help!", 1965, Sure.QUITE,
        [first("Help!", "The Beatles", 1965)]),
    Case("The, at the end", "Beatles, The", "Help!", 1965, Sure.QUITE,
        [first("Help!", "The Beatles", 1965)]),
    Case("The The", "The The", "Soul Mining", 1983, Sure.QUITE, [first("Soul Mining", "The The", 1983)]),
    Case("and, &", "Simon and Garfunkel", "Bookends", 1968, Sure.QUITE,
        [first("Bookends", "Simon & Garfunkel", 1968)]),
    Case("accents", "Bjork", "Homogenic", 1997, Sure.QUITE, [first("Homogenic", "Björk", 1997)]),
    Case("accents, decomposed", "Sigur Ro\u0301s", "A\u0301gætis byrjun", 1999, Sure.QUITE,
        [first("Ágætis byrjun", "Sigur Rós", 1999)]),
    Case("a letter that has no accent", "Mew, Røyksopp", "Melody A.M.", None, Sure.NO,
        [first("Melody AM", "Somebody", 2001)]),
    Case("Scandinavian letters", "Royksopp", "Melody AM", 2001, Sure.QUITE,
        [first("Melody A.M.", "Röyksopp", 2001, Kind.ALBUM, "", "Røyksopp")]),
    Case("dots and strokes", "ACDC", "Back In Black", 1980, Sure.QUITE,
        [first("Back in Black", "AC/DC", 1980)]),
    Case("R.E.M.", "REM", "Murmur", 1983, Sure.QUITE, [first("Murmur", "R.E.M.", 1983)]),
    Case("curly apostrophes", "Guns N' Roses", "Appetite for Destruction", 1987, Sure.QUITE,
        [first("Appetite for Destruction", "Guns N’ Roses", 1987)]),
    Case("a guest in the library's artist", "Santana feat. Rob Thomas", "Supernatural", 1999, Sure.QUITE,
        [first("Supernatural", "Santana", 1999)]),
    Case("one of two credited", "David Bowie", "Peter and the Wolf", 1978, Sure.RATHER,
        [first("Peter and the Wolf", "David Bowie & Eugene Ormandy", 1978)]),
    Case("both, the other way round", "Kanye West & Jay-Z", "Watch the Throne", 2011, Sure.QUITE,
        [first("Watch the Throne", "JAY-Z & Kanye West", 2011)]),
    Case("a band within a band's name", "Prince", "1999", 1982, Sure.QUITE,
        [first("1999", "Prince", 1982)], [dated("1999", "Princess", 1979)]),
    Case("various artists by any name", "VA", "No New York", 1978, Sure.VERY,
        [first("No New York", "Various Artists", 1978, Kind.COMPILATION)], None,
        [first("No New York", "Various", 1978, Kind.COMPILATION)]),
    Case("various artists are not one of them", "Various Artists", "No New York", None, Sure.NO,
        [first("No New York", "Contortions", 1978)]),
    # Other scripts
    Case("Cyrillic", "КИНО", "Группа Крови", 1988, Sure.VERY, [first("Группа крови", "Кино", 1988)], None,
        [first("Группа Крови", "Кино", 1988)]),
    Case("Cyrillic by a Latin name", "Kino", "Группа крови", 1988, Sure.QUITE,
        [first("Группа крови", "Кино", 1988, Kind.ALBUM, "", "Kino")]),
    Case("yo and ye", "Кино", "Чёрный альбом", 1990, Sure.QUITE, [first("Черный альбом", "Кино", 1990)]),
    Case("short i is another letter", "Кино", "Мой", None, Sure.NO, [first("Мои", "Кино", 1990)]),
    Case("Japanese, wide letters and dots", "ＹＭＯ", "ソリッド・ステイト・サヴァイヴァー", 1979, Sure.QUITE,
        [first("ソリッドステイトサヴァイヴァー", "YMO", 1979)]),
    Case("a voiced kana is another letter", "A", "ガ", None, Sure.NO, [first("カ", "A", 1990)]),
    Case("Greek capitals", "ΤΡΥΠΕΣ", "ΕΝΝΙΑ ΠΛΗΡΩΜΕΝΑ ΤΡΑΓΟΥΔΙΑ", 1993, Sure.QUITE,
        [first("Εννιά Πληρωμένα Τραγούδια", "Τρύπες", 1993)]),
    Case("Arabic", "أم كلثوم", "إنت عمري", 1964, Sure.QUITE, [first("إنت عمري", "أم كلثوم", 1964)]),
    Case("Korean", "서태지와 아이들", "하여가", 1993, Sure.QUITE, [first("하여가", "서태지와 아이들", 1993)]),
    # Titles
    Case("a sign for a title", "Ed Sheeran", "÷", 2017, Sure.QUITE, [first("÷", "Ed Sheeran", 2017),
         first("×", "Ed Sheeran", 2014)]),
    Case("an edition of a sign", "Ed Sheeran", "÷ (Deluxe)", 2017, Sure.QUITE,
        [first("÷", "Ed Sheeran", 2017)]),
    Case("an edition's words in brackets for a title", "A", "(Deluxe)", 2001, Sure.QUITE,
        [first("(Deluxe)", "A", 2001)]),
    Case("punctuation", "The Beatles", "Sgt Peppers Lonely Hearts Club Band", 1967, Sure.QUITE,
        [first("Sgt. Pepper’s Lonely Hearts Club Band", "The Beatles", 1967)]),
    Case("a subtitle the library lacks", "Kate Bush", "Aerial", 2005, Sure.RATHER,
        [first("Aerial: A Sea of Honey", "Kate Bush", 2005)]),
    Case("two subtitles are two works", "John Williams", "Star Wars: Attack", None, Sure.NO,
        [first("Star Wars: Return", "John Williams", 1983)]),
    Case("a blank title", "Nirvana", " ", None, Sure.NO, [first("Nevermind", "Nirvana", 1991)]),
    Case("a blank artist", "", "Nevermind", None, Sure.NO, [first("Nevermind", "Nirvana", 1991)]),
]
# fmt: on


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.about)
def test_the_year_and_how_sure(case: Case):
    """Each album comes to its year, with a confidence in the right band, and a word from every source."""
    found = conclude(case.artist, case.album, case.answers, this_year=THIS_YEAR)
    assert (found.year, found.confidence in case.sure.value) == (case.year, True), found
    assert [said.source for said in found.said] == sorted(answer.source for answer in case.answers)


def test_there_are_enough_cases():
    """Each says something of its own."""
    assert len({case.about for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize(
    ("said", "weight", "year", "negative", "words"),
    [
        ([first("B", "A", 1990)], Weight.SUPPORTS, 1990, False, "first released 1990: counts for it"),
        ([dated("B", "A", 1990)], Weight.SUPPORTS, 1990, False, "a release of 1990: counts for it"),
        (
            [dated("B (Remaster)", "A", 2010)],
            Weight.LATER_EDITION,
            2010,
            False,
            "a later edition of 2010: does not count",
        ),
        ([dated("B", "A", 2010)], Weight.LATER_DATE, 2010, False, "perhaps a reissue"),
        ([first("B", "A", 1991)], Weight.NEAR, 1991, False, "a year beside it"),
        ([first("B", "A", 1980)], Weight.CONTRADICTS, 1980, False, "counts against it"),
        ([first("B", "A", None)], Weight.NO_YEAR, None, True, "without a year"),
        ([first("C", "A", 1980)], Weight.NO_MATCH, None, True, "none of its 1 releases"),
        (SAYS_NO, Weight.UNKNOWN, None, True, "does not know"),
        (DOWN, Weight.FAILED, None, False, "did not answer: 503"),
        ([first("B", "A", 1990, Kind.SINGLE)], Weight.SUPPORTS, 1990, False, "not as an album"),
        ([first("B", "A", 1990, official=False)], Weight.SUPPORTS, 1990, False, "a bootleg"),
        ([first("B", "A & Z", 1990)], Weight.SUPPORTS, 1990, False, "fits in part"),
        (
            [first("B", "A", 1990), first("B", "A", 1996)],
            Weight.SUPPORTS,
            1990,
            False,
            "several of this title: 1990, 1996",
        ),
    ],
)
def test_every_source_is_told_why_it_counted(
    *, said: Told, weight: Weight, year: int | None, negative: bool, words: str
):
    """Beside two that say 1990; only what was asked and has no year is negative."""
    answers = [answer("x", [first("B", "A", 1990)]), answer("y", [first("B", "A", 1990)]), answer("z", said)]
    found = conclude("A", "B", answers, this_year=THIS_YEAR)
    told = found.said[-1]
    assert found.year == 1990
    assert (told.weight, told.year, told.negative) == (weight, year, negative)
    assert words in told.text


def test_the_numbers_of_the_table():
    """The strengths the module promises, one by one and together."""
    by = {
        "first": [first("B", "A", 1990)],
        "dated": [dated("B", "A", 1990)],
        "edition": [dated("B", "A", 1990, reissue=True)],
    }

    def sure(**told: Told) -> int:
        return conclude("A", "B", [answer(k, v) for k, v in told.items()], this_year=THIS_YEAR).confidence

    assert sure(x=by["first"]) == 75
    assert sure(x=by["dated"]) == 50
    assert sure(x=by["edition"]) == 25
    assert sure(x=by["first"], y=by["first"]) == 94
    assert sure(x=by["first"], y=by["dated"]) == 88
    assert sure(x=by["first"], y=by["first"], z=by["dated"]) == 97
    assert sure(x=by["first"], y=[first("B", "A", 1970)]) == 47
    assert sure(x=by["first"], y=[first("B", "A", 1991)]) == 71
    assert sure(x=by["first"], y=[dated("B", "A", 2010)]) == 68
