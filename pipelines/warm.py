"""What every worker needs, loaded once before its first page, in the process that workers are forked from."""

from pipelines.clean import clean_page
from pipelines.derive import derive
from pipelines.language import language_of

__all__ = ["clean_page", "derive", "language_of"]

language_of("Loads the tables that tell one language from another.")
