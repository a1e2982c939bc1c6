"""The phrases of six languages, which of them a message is in, and the book of phrases to read it by."""

from batuta.shopping.understanding.languages.book import LANGUAGES, Book, Meaning, book_of, languages_of
from batuta.shopping.understanding.languages.common import COMMON
from batuta.shopping.understanding.languages.table import Language

__all__ = ["COMMON", "LANGUAGES", "Book", "Language", "Meaning", "book_of", "languages_of"]
