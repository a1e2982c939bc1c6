"""What a message means, without a language model: pure functions over words of the catalogue."""

from batuta.shopping.understanding.models import Act, Context, Understanding
from batuta.shopping.understanding.understand import understand
from batuta.shopping.understanding.vocabulary import Vocabulary

__all__ = ["Act", "Context", "Understanding", "Vocabulary", "understand"]
