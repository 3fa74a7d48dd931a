"""The errors a reader can do something about."""


class BookError(Exception):
    """Something outside the code is wrong; the message says what, where and what to do."""


class CatalogError(BookError):
    """A catalogue is missing, damaged or not what it claims to be."""


class FeatureError(BookError):
    """A table lacks the columns or the values that a feature set needs."""


class SettingsError(BookError):
    """A profile, a chapter or a setting that does not exist."""


class ResultsError(BookError):
    """A stored result is missing, damaged or contradicts its record."""
