LANGUAGES: dict[str, str] = {}
