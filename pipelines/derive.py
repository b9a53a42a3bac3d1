"""From a record pointer to a document: what a worker process does with one exchange.

Live indexing, catching up after an outage, and a full rebuild are this one function over receipts. The worker reads the
page from the archive itself; nothing of the crawl's memory reaches it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from archive.store import ArchiveReader
from newswarc.items import (
    Archived,
    Article,
    Document,
    Evidence,
    Hints,
    SourceFacts,
    article_id,
    text_digest,
)
from newswarc.settings import DataFolder
from search.analysis import analyse

GONE = (404, 410)


@dataclass(frozen=True, slots=True)
class Derivation:
    """What an exchange came to; a document where it is an article. Version and state are the ledger's to say."""

    outcome: str
    reason: str | None = None
    document: Document | None = None
    article_id: str | None = None
    """Of a page that is the same as an earlier one: what that one's document is."""
    document_id: str | None = None


@lru_cache(maxsize=4)
def reader(folder: Path) -> ArchiveReader:
    return ArchiveReader(folder)


def plain_outcome(archived: Archived) -> Derivation | None:
    """What the receipt alone decides; None where the page has to be read."""
    if archived.record_type == "metadata" or archived.status is None:
        reason = (archived.error or "no answer").partition(":")[0]
        return Derivation("refused" if reason in ("robots", "refused-address") else "failed", reason)
    if archived.truncated:
        return Derivation("failed", f"truncated: {archived.truncated}")
    if archived.source is None:  # torn off by a crash: nobody knows what the page was fetched as; it is due again
        return Derivation("failed", archived.error or "fetched for no source")
    if archived.status in GONE:
        return Derivation("removed", f"HTTP {archived.status}")
    if archived.location and 300 <= archived.status < 400:
        return Derivation("redirect", archived.location)
    if archived.status in (401, 403, 429, 451):
        return Derivation("blocked", f"HTTP {archived.status}")
    if archived.status not in (200, 203, 304):
        return Derivation("failed", f"HTTP {archived.status}")
    return None


def derive(folder: Path, archived: Archived, hints: Hints, facts: SourceFacts | None) -> Derivation:
    """Reads the record, cleans the page, analyses the text, finds its names.

    Raises what the archive raises on a damaged record, and MemoryError. A page that breaks anything else is poisoned;
    one that only breaks the search for names is a document without them, whose `reason` and `annotator` say so.
    """
    from pipelines.clean import clean  # late: a crawler only hands this out, and the cleaner takes 30 MB

    capture = reader(folder).read(archived.pointer)
    if facts is not None:
        hints = replace(hints, language=facts.language, timezone=facts.timezone, sitename=facts.name)
    cleaned = clean(capture, hints)
    if cleaned.article is None:
        return Derivation(cleaned.outcome, cleaned.reason)
    try:
        document = document_of(cleaned.article, capture.archived, facts)
    except MemoryError:  # the pool's to tell
        raise
    except Exception as fault:  # noqa: BLE001  one page must not end the indexing of all others
        return Derivation("poisoned", f"analysis: {_named(fault)}")
    try:
        return Derivation("article", None, annotated(document, folder.parent))
    except MemoryError:
        raise
    except Exception as fault:  # noqa: BLE001
        told = f"not annotated: {_named(fault)}"
        return Derivation("article", told, replace(document, annotator=told))


def _named(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"[:300]


def document_of(article: Article, archived: Archived, facts: SourceFacts | None) -> Document:
    """The document that this capture makes of an article."""
    url = identity(article)
    analysed = analyse(article.title, article.text, article.language)
    article_key = article_id(url)
    pointer = archived.pointer
    return Document(
        id=f"{article_key}-{text_digest(article.title, article.text)}",
        article_id=article_key,
        url=url,
        title=article.title,
        text=article.text,
        source=archived.source or "",
        sitename=facts.name if facts else article.sitename,
        language=article.language,
        country=facts.country if facts else None,
        published=article.published,
        published_raw=article.published_raw,
        published_origin=article.published_origin,
        captured_at=archived.captured_at,
        authors=article.authors,
        tags=article.tags,
        version=1,
        state="live",
        extractor=article.extractor,
        evidence=Evidence(
            pointer.warc,
            pointer.offset,
            pointer.length,
            pointer.record_id,
            archived.payload_digest or "",
            archived.captured_at,
        ),
        folded=analysed.folded,
        stems=analysed.stems,
        title_words=analysed.title_words,
        spelled=analysed.spelled,
    )


def annotated(document: Document, data: Path) -> Document:
    """The document with the actors and places that the registry of this data folder finds in it, and who says what."""
    from search.entities import annotator  # late, as the cleaner

    return annotator.annotated(document, DataFolder(data).watchlists)


def identity(article: Article) -> str:
    """The URL an article is known by: its canonical link, unless that names the home page, as careless templates do."""
    named, fetched = urlsplit(article.canonical_url), urlsplit(article.url)
    if named.path in ("", "/") and not named.query and (fetched.path not in ("", "/") or fetched.query):
        return article.url
    return article.canonical_url or article.url
