"""Whether an address looks like an article's, for outlets nobody wrote a pattern for.

Articles carry a date, a number, a key or a headline in their address; sections, tags, authors and logins carry a word
or two. The rules know no outlet; tests/discovery/test_shape.py measures them on real addresses.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from newswarc.sources import MAX_URL

_NEVER = re.compile(
    r"""(?x)
    tags? | tegs? | topics? | themes? | themen? | thema | temat? | temy | labels? | keywords?
    | category | categories | cat | kategori[ae] | schlagwort | etiquetas?
    | authors? | autor(es)? | avtory? | writers? | users? | profiles? | members? | account | my | staff | team
    | search | poisk | qidiruv | izdoo | izlash | cari | arama | buscar
    | login(\.\w+)? | log-?out | log-in | sign-?(in|up) | register | registration | password | auth | oauth | sso
    | subscri(be|ptions?) | newsletters? | donate | cart | checkout | basket | shop | store
    | feeds? | rss | atom | sharer? | print | comments? | pages? | wp-(admin|json|login\.php|content)
    | cdn-cgi | static | assets
    | about(-?us)? | contacts? | contact-us | impressum | privacy | privacy-policy | terms | terms-of-(use|service)
    | terms-and-conditions | cookie-policy | advert | advertis(e|ing) | reklama | promo
    | vacancies | jobs | careers | sitemap | help | faq | currency | horoscope | tv-program | regions
    """
)
"""Segments that no article has in its path, in any place."""

_NEVER_LAST = re.compile(r"archives?|arhiv|arkhiv|calendar|index|home|main|weather")
_FILES = re.compile(
    r"(?i)\.(jpe?g|png|gif|webp|avif|svg|ico|pdf|docx?|xlsx?|pptx?|zip|rar|gz|mp[34]|m4a|m3u8|avi|mov|webm|ogg|wav|css|js|json"
    r"|xml|rss|rdf|atom|txt|apk|exe|woff2?)$"
)
_PAGE = re.compile(r"(?i)\.(s?html?|php\d?|aspx?|jsp|action|cgi|do|phtml)$")
_NOT_QUERY = re.compile(
    r"(?i)(^|&)(s|q|query|search|text|page|paged|share|replytocom|action|redirect(_to)?|return(_to|url)?|print|tag|author|filter|sort)="
)
_ID_QUERY = re.compile(
    r"(?i)(^|&)(?!(cat|tag|author|user|page|sub|sec|rub|menu|item|lang|site|region)[a-z_]*=)([a-z_]*(id|no|nr|num|key|article|news|story|post|doc)|p|n|a|autono)=[a-z]{0,3}[\d-]{3,}(&|$)"
)
_BARE_ID_QUERY = re.compile(r"\d{4,}")

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_DATE_FOLDERS = re.compile(
    rf"(?i)/(?:(?:19|20)\d\d/(?:\d\d?|{_MONTH})(?:/\d\d?)?|\d\d?[-./]\d\d?[-./](?:19|20)\d\d|(?:19|20)\d\d[-.]?\d\d[-.]?\d\d"
    rf"|\d\d?{_MONTH}(?:19|20)\d\d|(?:19|20)\d{{4}}|\d{{6}})/"
)  # fmt: skip
"""A dated folder: /2022/04/21/, /2022/apr/21/, /21-04-2022/, /20220421/, /21apr2022/, /202204/, /210422/."""
_DATED_NAME = re.compile(
    r"(?<!\d)(?:19|20)\d\d[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:0[1-9]|[12]\d|3[01])(?!\d)|(?<!\d)(?:19|20)\d\d[-_]\d\d?(?:[-_]\d\d?)?$"
)
_NUMBER = re.compile(r"(?<!\d)\d{4,}(?!\d)")
_DATE_NUMBER = re.compile(r"(?:19|20)\d\d(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?)?")
"""A number that is a year, a month or a day, and so names no page."""
_KEY = re.compile(
    r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[A-Za-z0-9]{9,64}|(?=[^/]*\d)(?=[^/]*[A-F])[A-Z0-9]{7,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
_MARKERS = re.compile(
    r"articles?|story|stories|posts?|news|novosti|doc|a|n|read|view|artikel|artikul|wiadomosc|clanek|maqola|khabar|xabar|habar"
    r"|yangilik(lar)?|janalyk(tar)?|jangylyk(tar)?|zhanalyktar"
)
"""Folders whose pages are articles where the name says anything at all."""


def looks_like_article(url: str, title: str | None = None, *, in_navigation: bool = False) -> bool:
    """Whether the address of a link, with the words people click, is more likely an article's than not.

    In navigation a headline's words prove nothing (menus have long section names): only a number, date or key does.
    """
    try:
        parts = urlsplit(url[:MAX_URL])
    except ValueError:
        return False
    path = unquote(parts.path)
    segments = [segment for segment in path.lower().split("/") if segment]
    if _is_furniture(segments, parts.query):
        return False
    if _has_id_query(parts.query):
        return True
    if not segments:
        return False
    last = _PAGE.sub("", [segment for segment in path.split("/") if segment][-1])
    if _is_numbered(segments, last) or _is_dated(path, last):
        return True
    return not in_navigation and _is_worded(segments, last, title)


def is_section(url: str) -> bool:
    """Whether the address may be a section page's: one or two plain words deep."""
    parts = urlsplit(url[:MAX_URL])
    segments = [segment for segment in unquote(parts.path).lower().split("/") if segment]
    return (
        1 <= len(segments) <= 2
        and not parts.query
        and not _is_furniture(segments, "")
        and not looks_like_article(url, in_navigation=True)
    )


def _is_furniture(segments: list[str], query: str) -> bool:
    return (
        any(_NEVER.fullmatch(segment) for segment in segments)
        or (
            bool(segments) and (bool(_NEVER_LAST.fullmatch(_PAGE.sub("", segments[-1])) or _FILES.search(segments[-1])))
        )
        or bool(_NOT_QUERY.search(query))
    )


def _has_id_query(query: str) -> bool:
    return bool(_ID_QUERY.search(query) or _BARE_ID_QUERY.fullmatch(query))


def _is_numbered(segments: list[str], last: str) -> bool:
    """A number of four digits that is no year, or a key; its own segment may be followed by the headline's."""
    names = [last, *segments[-2:-1], *(s for s in segments[:-2] if re.fullmatch(r"\d{5,}", s))]
    if any(not _DATE_NUMBER.fullmatch(number) for name in names for number in _NUMBER.findall(name)):
        return True
    if any(_KEY.fullmatch(word) for word in (last, *re.split(r"[-_.,;@]", last))):
        return True
    numbers = re.findall(r"\d{3,}", _DATED_NAME.sub("", last))
    return _is_marked(segments) and any(not _DATE_NUMBER.fullmatch(number) for number in numbers)


def _is_marked(segments: list[str]) -> bool:
    return len(segments) > 1 and bool(_MARKERS.fullmatch(segments[-2]))


def _is_dated(path: str, last: str) -> bool:
    """A dated folder with a page in it, or a date within the page's name."""
    found = _DATE_FOLDERS.search(path)
    if found and re.search(r"[^\W\d]{2}|\d{3}", path[found.end() :]):
        return True
    dated = _DATED_NAME.search(last)
    return bool(dated and _words(last.replace(dated[0], " ")) >= 2)


def _is_worded(segments: list[str], last: str, title: str | None) -> bool:
    """A headline in the address, or a headline's words on the link and more than a word in the address."""
    words = _words(last)
    if (
        words >= 5
        or (words == 4 and len(last) >= 24)
        or (words >= 3 and len(last) >= 20 and segments[-1] != last.lower())
    ):
        return True
    if re.search(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{6}", last):
        return True
    if _is_marked(segments) and words >= 3:
        return True
    return (
        title is not None
        and len(title.split()) >= 5
        and len(segments) > 1
        and (words >= 2 or any(c.isdigit() for c in last))
    )


def _words(name: str) -> int:
    return sum(1 for word in re.split(r"[-_\s.,;+~–]+", name) if re.search(r"[^\W\d]", word))
