"""Lays the stories of a sample outlet out as pages, feeds and sitemaps: path → page."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from string import Template
from urllib.parse import quote

from convertdate import persian

from crawler.sample.content import FOLDER, Feed, Other, Outlet, Story

TRACKING = {"rss": "?utm_source=rss&utm_medium=feed&utm_campaign=latest", "atom": "?utm_source=atom&from=feed"}

PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a site; `modified` is None where it gets no validators."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: str = "200 OK"
    location: str | None = None
    modified: datetime | None = None
    compressible: bool = True


def build(outlet: Outlet, stage: int) -> dict[str, Page]:
    """All pages of an outlet as they stand at a stage; paths without percent-encoding."""
    pages = {"/robots.txt": Page(outlet.robots.encode(), "text/plain", compressible=False)}
    pages |= {f"/img/{name}": _file(name) for name in ("photo.jpg", "logo.png")}
    pages |= {old: _redirect(outlet.url(quote(new))) for old, new in outlet.redirects.items()}
    pages |= {story.path: _gone(outlet, story) for story in outlet.articles if story.removed <= stage}
    pages |= {other.path: _other(outlet, other, stage) for other in outlet.others}
    pages |= _listings(outlet, stage) | _feeds(outlet, stage)
    for story in outlet.listed_at(stage):
        pages[story.path] = _article(outlet, story, stage)
        pages[f"/print{story.path}"] = _print(outlet, story, stage)
    return pages | (_sitemaps(outlet, stage) if outlet.news_sitemap else {})


def visible_date(outlet: Outlet, story: Story) -> str:
    """The date as a reader of the outlet sees it in the byline."""
    at, form = story.published, outlet.dates[outlet.language_of(story)]
    year, month, day = (at.year, at.month, at.day)
    if form.solar:
        year, month, day = persian.from_gregorian(year, month, day)
    text = form.form.format(day=day, month=form.months[month - 1], year=year, time=f"{at:%H:%M}")
    return text.translate(PERSIAN_DIGITS) if form.solar else text


def _html(outlet: Outlet, text: str, language: str, **more: object) -> Page:
    charset = outlet.header_charset.get(language, outlet.charset)
    kind = f"text/html; charset={charset}" if charset else "text/html"
    return Page(text.encode(outlet.charset, "xmlcharrefreplace"), kind, **more)  # type: ignore[arg-type]


def _frame(outlet: Outlet, stage: int, language: str, title: str, main: str, head: str = "", meta: str = "") -> str:
    nav = "".join(f'<li><a href="{s.path}">{escape(s.name)}</a></li>' for s in outlet.sections.values())
    latest = [s for s in outlet.listed_at(stage) if outlet.language_of(s)[:2] == language[:2]][:5]
    return outlet.template("frame").substitute(
        _labels(outlet, language),
        lang=language,
        dir="rtl" if language == "fa" else "ltr",
        charset=meta or outlet.charset,
        title=escape(title),
        head=head,
        nav=nav,
        main=main,
        latest="".join(f'<li><a href="{quote(s.path)}">{escape(s.title)}</a></li>' for s in latest),
        feeds="".join(_feed_link(f) for f in outlet.feeds),
    )


def _labels(outlet: Outlet, language: str) -> dict[str, str]:
    return {f"label_{name}": escape(text) for name, text in outlet.labels[language[:2]].items()}


def _feed_link(feed: Feed) -> str:
    return f'<link rel="alternate" type="application/{feed.form}+xml" hreflang="{feed.language}" href="{feed.path}">\n'


def _article(outlet: Outlet, story: Story, stage: int) -> Page:
    language, section = outlet.language_of(story), outlet.sections[story.section]
    related = _related(outlet, story, stage)
    paragraphs = [
        f"<h2>{escape(p[3:])}</h2>" if p.startswith("## ") else f"<p>{escape(' '.join(p.split()), quote=False)}</p>"
        for p in story.text_at(stage).split("\n\n")
    ]
    main = outlet.template("article").substitute(
        _labels(outlet, language),
        title=escape(story.title, quote=False),
        section=escape(section.name),
        section_path=section.path,
        author=escape(story.author),
        date=visible_date(outlet, story),
        caption=escape(story.caption, quote=False),
        opening="\n".join(paragraphs[:2]),
        rest="\n".join(paragraphs[2:]),
        related="".join(f'<li><a href="{quote(s.path)}">{escape(s.title)}</a></li>' for s in related),
        first_related=f'<a href="{quote(related[0].path)}">{escape(related[0].title)}</a>' if related else "",
        tags=" ".join(f'<a rel="tag" href="/tag/{quote(t)}">{escape(t)}</a>' for t in story.tags),
        share_url=quote(outlet.url(quote(story.path)), safe=""),
        print_path="/print" + quote(story.path),
    )
    page = _frame(outlet, stage, language, story.title, main, _head(outlet, story), story.meta_charset)
    return _html(outlet, page, language, modified=story.modified_at(stage))


def _related(outlet: Outlet, story: Story, stage: int) -> list[Story]:
    """Three others in the same language, those of its own section first, newest first."""
    language = outlet.language_of(story)
    others = [s for s in outlet.listed_at(stage) if s != story and outlet.language_of(s) == language]
    return sorted(others, key=lambda s: s.section != story.section)[:3]


def _head(outlet: Outlet, story: Story) -> str:
    canonical = f'<link rel="canonical" href="{outlet.url(quote(story.path))}">\n'
    if story.markup == "none":
        return canonical
    return canonical + (_open_graph(outlet, story) if story.markup == "opengraph" else _json_ld(outlet, story))


def _open_graph(outlet: Outlet, story: Story) -> str:
    tags = {
        "og:type": "article",
        "og:title": story.title,
        "og:site_name": outlet.name,
        "og:url": outlet.url(quote(story.path)),
        "og:description": story.lead,
        "og:image": outlet.url("/img/photo.jpg"),
        "article:published_time": story.published.isoformat(),
        "article:author": story.author,
    }
    return "".join(f'<meta property="{name}" content="{escape(text)}">\n' for name, text in tags.items())


def _json_ld(outlet: Outlet, story: Story) -> str:
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.title,
        "description": story.lead,
        "datePublished": story.published.isoformat(),
        "dateModified": story.published.isoformat(),
        "inLanguage": outlet.language_of(story),
        "mainEntityOfPage": outlet.url(quote(story.path)),
        "image": [outlet.url("/img/photo.jpg")],
        "author": [{"@type": "Person", "name": story.author}],
        "publisher": {"@type": "Organization", "name": outlet.name},
    }
    text = json.dumps(data, ensure_ascii=False, indent=1)
    if story.markup == "json-ld-comma":
        text = text.removesuffix("\n}") + ",\n}"
    if story.markup == "json-ld-cut":
        text = text[: text.index('"publisher"')]
    return f'<script type="application/ld+json">{text}</script>\n'


def _print(outlet: Outlet, story: Story, stage: int) -> Page:
    text = "".join(f"<p>{escape(p, quote=False)}</p>" for p in story.text_at(stage).split("\n\n"))
    language = outlet.language_of(story)
    return _html(outlet, f"<title>{escape(story.title)}</title><h1>{escape(story.title)}</h1>{text}", language)


def _listings(outlet: Outlet, stage: int) -> dict[str, Page]:
    stories = outlet.listed_at(stage)
    home = next(iter(outlet.sections.values())).language
    pages = {"/": _listing(outlet, stage, outlet.name, home, stories, [o for o in outlet.others if o.section])}
    for key, section in outlet.sections.items():
        title, others = f"{section.name} - {outlet.name}", [o for o in outlet.others if o.section == key]
        mine = [s for s in stories if s.section == key]
        pages[section.path] = _listing(outlet, stage, title, section.language, mine, others)
    for tag in dict.fromkeys(tag for s in stories for tag in s.tags):
        mine = [s for s in stories if tag in s.tags]
        pages[f"/tag/{tag}"] = _listing(outlet, stage, f"{tag} - {outlet.name}", outlet.language_of(mine[0]), mine, [])
    return pages


def _listing(
    outlet: Outlet, stage: int, title: str, language: str, stories: Sequence[Story], others: Sequence[Other]
) -> Page:
    teaser = Template(outlet.teaser)
    parts = [
        teaser.substitute(
            path=quote(s.path),
            title=escape(s.title),
            lead=escape(s.lead),
            date=visible_date(outlet, s),
            author=escape(s.author),
        )
        for s in stories
    ]
    parts += [teaser.substitute(path=quote(o.path), title=escape(o.title), lead="", date="", author="") for o in others]
    if title == outlet.name:
        labels = outlet.labels[language]
        links = [(old, labels["pick"]) for old in outlet.redirects]
        links += [("/print" + quote(stories[-1].path), labels["print"])]
        parts += [f'<p class="more"><a href="{path}">{escape(label)}</a></p>' for path, label in links]
    main = f'<h1 class="listing">{escape(title)}</h1>\n' + "\n".join(parts)
    newest = max((s.modified_at(stage) for s in stories), default=None)
    return _html(outlet, _frame(outlet, stage, language, title, main), language, modified=newest)


def _feeds(outlet: Outlet, stage: int) -> dict[str, Page]:
    pages = {}
    for feed in outlet.feeds:
        stories = [s for s in outlet.listed_at(stage) if outlet.language_of(s)[:2] == feed.language]
        text = (_rss if feed.form == "rss" else _atom)(outlet, feed, stories[: feed.limit])
        declaration = f'<?xml version="1.0" encoding="{feed.charset}"?>\n'
        body = (declaration + text).encode(feed.charset, "xmlcharrefreplace")
        newest = max(s.modified_at(stage) for s in stories)
        pages[feed.path] = Page(body, f"application/{feed.form}+xml; charset={feed.charset}", modified=newest)
    return pages


def _rss(outlet: Outlet, feed: Feed, stories: Sequence[Story]) -> str:
    items = "".join(
        f"<item><title>{escape(s.title)}</title><link>{_tracked(outlet, s.path, feed)}</link>"
        f'<guid isPermaLink="false">{outlet.key}-{s.published:%Y%m%d%H%M}</guid>'
        f"<dc:creator>{escape(s.author)}</dc:creator><pubDate>{format_datetime(s.published)}</pubDate>"
        f"<description>{escape(s.lead)}</description></item>\n"
        for s in stories
    )
    items += "".join(
        f"<item><title>{escape(o.title)}</title><link>{_tracked(outlet, o.path, feed)}</link>"
        f"<pubDate>{format_datetime(o.in_feed)}</pubDate></item>\n"
        for o in outlet.others
        if o.in_feed
    )
    name = escape(outlet.name)
    return (
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>{name}</title><link>{outlet.url('/')}</link><description>{name}</description>"
        f'<atom:link rel="self" href="{outlet.url(feed.path)}"/><language>{feed.language}</language>\n'
        f"{items}</channel></rss>\n"
    )


def _atom(outlet: Outlet, feed: Feed, stories: Sequence[Story]) -> str:
    entries = "".join(
        f"<entry><id>tag:{outlet.host},2026:{s.path}</id><title>{escape(s.title)}</title>"
        f'<link href="{_tracked(outlet, s.path, feed)}"/><published>{s.published.isoformat()}</published>'
        f"<updated>{s.published.isoformat()}</updated><author><name>{escape(s.author)}</name></author>"
        f"<summary>{escape(s.lead)}</summary></entry>\n"
        for s in stories
    )
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{feed.language}"><id>{outlet.url("/")}</id>'
        f'<title>{escape(outlet.name)}</title><link rel="self" href="{outlet.url(feed.path)}"/>'
        f"<updated>{stories[0].published.isoformat()}</updated>\n{entries}</feed>\n"
    )


def _tracked(outlet: Outlet, path: str, feed: Feed) -> str:
    return escape(outlet.url(quote(path)) + TRACKING[feed.form])


def _sitemaps(outlet: Outlet, stage: int) -> dict[str, Page]:
    """A sitemap index that names a gzipped news sitemap and a sitemap of the section pages (sitemaps.org 0.9)."""
    declaration, schema = '<?xml version="1.0" encoding="UTF-8"?>\n', "http://www.sitemaps.org/schemas/sitemap/0.9"
    children = "".join(
        f"<sitemap><loc>{outlet.url(path)}</loc></sitemap>" for path in ("/sitemaps/news.xml.gz", "/sitemaps/pages.xml")
    )
    sections = "".join(f"<url><loc>{outlet.url(s.path)}</loc></url>" for s in outlet.sections.values())
    news = "".join(
        f"<url><loc>{outlet.url(quote(s.path))}</loc><news:news><news:publication><news:name>{escape(outlet.name)}</news:name>"
        f"<news:language>{outlet.language_of(s)}</news:language></news:publication>"
        f"<news:publication_date>{s.published.isoformat()}</news:publication_date>"
        f"<news:title>{escape(s.title)}</news:title></news:news></url>\n"
        for s in outlet.listed_at(stage)
    )
    namespaces = f'xmlns="{schema}" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    zipped = gzip.compress(f"{declaration}<urlset {namespaces}>\n{news}</urlset>\n".encode(), mtime=0)
    return {
        "/sitemap_index.xml": _xml(f'{declaration}<sitemapindex xmlns="{schema}">{children}</sitemapindex>\n'),
        "/sitemaps/pages.xml": _xml(f'{declaration}<urlset xmlns="{schema}">{sections}</urlset>\n'),
        "/sitemaps/news.xml.gz": Page(zipped, "application/x-gzip", compressible=False),
    }


def _xml(text: str) -> Page:
    return Page(text.encode(), "application/xml")


def _other(outlet: Outlet, other: Other, stage: int) -> Page:
    language = outlet.sections[other.section].language if other.section else next(iter(outlet.labels))
    page = _frame(outlet, stage, language, f"{other.title} - {outlet.name}", other.main)
    return _html(outlet, page, language)


def _gone(outlet: Outlet, story: Story) -> Page:
    language = outlet.language_of(story)
    text = escape(outlet.labels[language[:2]]["gone"])
    return _html(outlet, f"<title>410</title><h1>{text}</h1>", language, status="410 Gone")


def _redirect(url: str) -> Page:
    return Page(f'<p><a href="{url}">{url}</a>'.encode(), status="301 Moved Permanently", location=url)


def _file(name: str) -> Page:
    kind = "image/jpeg" if name.endswith("jpg") else "image/png"
    return Page((FOLDER / name).read_bytes(), kind, modified=datetime(2026, 3, 1, tzinfo=UTC), compressible=False)
