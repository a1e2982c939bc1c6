"""What we say where there are no products to speak of."""

from __future__ import annotations

from typing import Final

WHAT: Final = "What are you looking for?"
GREETING: Final = "Hello! Say what you are looking for: a kind of thing, a brand, a budget, a colour."
AT_YOUR_SERVICE: Final = "You are welcome. Say what to change, or what else you are looking for."
NO_MORE: Final = "Those were all. Say what to change, such as “any brand” or “up to $200”, to find others."
BEGUN_ANEW: Final = "Everything said so far is forgotten. What are you looking for?"
CANCELLED: Final = "All right, that is called off. Say what you are looking for whenever you like."
NOT_UNDERSTOOD: Final = (
    "I did not understand that. Say what you are looking for, such as “running shoes under $100”."
)
NOTHING_TO_COMPARE: Final = (
    "There are not two products to compare yet: search first, then say “compare 1 and 3”."
)
WHICH_ONE: Final = "Which one do you mean? Say its number, such as “the second one”."
SIMPLY_ORDERED: Final = (
    "The composer does not answer; the products were ordered and described by simpler means"
)
