"""The composer: ranks products for what somebody wants, and words the answer."""
