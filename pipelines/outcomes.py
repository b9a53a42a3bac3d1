"""Why a page is no article: an error, a challenge, a login wall, a section page, a gallery, or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from newswarc.items import Outcome
from pipelines.body import Paragraph
from pipelines.metadata import Page, types_of

Verdict = tuple[Outcome, str]

HTML_TYPES = frozenset(("text/html", "application/xhtml+xml", "application/xml", "text/xml", "text/plain", "application/octet-stream", ""))
LOOKS_LIKE_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|title|meta|article|div|p|h1)\b", re.I)
START = 4000
"""Characters in which a page shows that it is HTML."""
MOST_ATTRIBUTES = 5000
"""Of one element. libxml2 takes time by their square: 20,000 took 3 s, 100,000 more than 30 s."""
LONG_TAG = re.compile(r"<[^<>]{20000,}")
QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")

CHALLENGE = re.compile(
    r"just a moment|checking (?:your|the) (?:browser|connection)|attention required|ddos[- ]guard|ddos protection|verify(?:ing)? (?:that )?you are (?:a )?human"
    r"|are you (?:a )?(?:human|robot)|not a robot|pardon our interruption|security check|access denied|request blocked|captcha|one more step"
    r"|проверка (?:вашего )?браузера|проверяем (?:ваш )?браузер|подтвердите,? что вы не робот|вы не робот|один момент|доступ (?:к сайту )?(?:ограничен|запрещ)",
    re.I,
)
CHALLENGE_MARK = re.compile(r"cf-browser-verification|cf_chl_|cf-challenge|challenge-form|__ddg|ddos-guard\.net|_incapsula_|px-captcha|g-recaptcha|h-captcha|hcaptcha", re.I)
MISSING = re.compile(
    r"\b404\b|(?:page|article|content|post) (?:was |is |could )?not (?:be )?found|no longer (?:available|exists)|nothing (?:was )?found|page (?:does not|doesn.t) exist"
    r"|(?:страница|материал|статья|запись|публикация)(?: \w+)? не (?:найден|существует)|страницы не существует|sahifa topilmadi|саҳифа топилмади|барак(?:ча)? табылган жок|бет табылмады"
    r"|парақша табылмады|саҳифа (?:ёфт|пайдо) нашуд|sayfa bulunamadı|صفحه(?: مورد نظر)? (?:یافت|پیدا) نشد|الصفحة غير موجودة|لم يتم العثور|پاڼه ونه موندل شوه",
    re.I,
)
LOGIN = re.compile(
    r"(?:log|sign) ?in to (?:continue|read|view|access)|(?:log|sign) ?in required|please (?:log|sign) ?in|subscribers? only|to continue reading"
    r"|войдите,? чтобы|авторизуйтесь|требуется (?:вход|авторизация)|только для (?:подписчиков|зарегистрированных)|вход на сайт"
    r"|tizimga kiring|тизимга киринг|giriş yapın|кіріңіз|сайтка кириңиз|وارد شوید|تسجيل الدخول",
    re.I,
)
LISTING_TYPES = frozenset(("CollectionPage", "SearchResultsPage", "ItemList"))
GALLERY_TYPES = frozenset(("ImageGallery", "MediaGallery", "VideoGallery"))
FEW = 400
"""Characters of running text below which a page's own words (404, log in, checking your browser) are believed."""
LEAST, LEAST_STATED = 140, 30
"""Characters of text an article has at least: without and with data that calls the page an article."""
LINK_HEAVY = 0.5
"""Share of linked characters in what was extracted, above which it is a list of articles."""
TEASERS = 5
MANY_PICTURES = 6


def before_parsing(text: str, content_type: str | None, status: int | None) -> Verdict | None:
    """What the answer's head and first characters tell."""
    kind = (content_type or "").split(";")[0].strip().lower()
    if status is not None and status >= 400:
        challenge = len(text) < 60_000 and (CHALLENGE_MARK.search(text) or CHALLENGE.search(text[:START]))
        return ("challenge", f"HTTP {status} with a challenge") if challenge else ("error-status", f"HTTP {status}")
    if status is not None and not 200 <= status < 300:
        return "error-status", f"HTTP {status}"
    if kind not in HTML_TYPES:
        return "not-html", kind
    if not text.strip():
        return "empty", "no content"
    if not LOOKS_LIKE_HTML.search(text[:START]) and ("<" not in text or kind not in ("text/html", "application/xhtml+xml")):
        return "not-html", kind or "no markup"
    if any(len(QUOTED.sub("", tag[0]).split()) > MOST_ATTRIBUTES for tag in LONG_TAG.finditer(text)):
        return "poisoned", f"an element with more than {MOST_ATTRIBUTES} attributes"
    return None


def is_stated_article(page: Page) -> bool:
    """Whether the page's own data calls it an article."""
    return bool(page.article) or "article" in page.meta("og:type").lower() or bool(page.meta("article:published_time"))


def after_extraction(page: Page, tree: HtmlElement, raw: list[Paragraph], text: str) -> Verdict | None:
    """What the page's words, links and pictures tell; `raw` is what was extracted, `text` what is left of it as an article."""
    prose = sum(len(p.text) for p in raw if p.is_prose)
    if prose < FEW:
        heads = " ".join((page.title_tag, *page.headings[:2]))
        words = " ".join((heads, text or tree.text_content()[:3000]))
        if verdict := _wall(tree, heads, words):
            return verdict
    return _listing(page, tree, raw, prose) or _nothing(page, tree, text)


def _wall(tree: HtmlElement, heads: str, words: str) -> Verdict | None:
    marked = any(CHALLENGE_MARK.search(value) for value in _identities(tree))
    if CHALLENGE.search(heads) or (marked and CHALLENGE.search(words)):
        return "challenge", "checks the visitor"
    if MISSING.search(heads):
        return "soft-404", "says that the page is missing"
    if tree.find(".//input[@type='password']") is not None and (LOGIN.search(words) or len(words) < FEW * 2):
        return "login", "asks for a login"
    return ("login", "asks for a login") if LOGIN.search(heads) else None


def _identities(tree: HtmlElement) -> Iterator[str]:
    for element in tree.iter("form", "div", "script", "iframe", "input"):
        yield " ".join(element.get(name) or "" for name in ("id", "class", "src", "name"))[:500]


def _listing(page: Page, tree: HtmlElement, raw: list[Paragraph], prose: int) -> Verdict | None:
    if is_stated_article(page):
        return None
    kinds = {kind for item in page.items for kind in types_of(item)}
    if kinds & LISTING_TYPES:
        return "not-article", "a list of articles by its own data"
    if kinds & GALLERY_TYPES and prose < FEW:
        return "not-article", "a gallery by its own data"
    total = sum(len(p.text) for p in raw)
    linked = sum(len(p.text) * p.linked for p in raw)
    if total and linked > LINK_HEAVY * total:
        return "not-article", "mostly links"
    teasers = [h for h in tree.iter("h2", "h3", "h4") if h.find(".//a") is not None or h.getparent().tag == "a"]
    longest = max((len(p.text) for p in raw), default=0)
    if len(teasers) >= TEASERS and not page.headings and longest < FEW and prose < FEW * 2:
        return "not-article", "a list of headlines"
    return None


def _nothing(page: Page, tree: HtmlElement, text: str) -> Verdict | None:
    least = LEAST_STATED if is_stated_article(page) else LEAST
    if len(text) >= least:
        return None
    pictures = sum(1 for _ in tree.iter("img"))
    if pictures >= MANY_PICTURES:
        return "not-article", "pictures with little text"
    return "empty", "no running text"
