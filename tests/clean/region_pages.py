"""Lays an article out as a page, in three ways that outlets of the region use; and fills it with what is no article."""

from __future__ import annotations

import html
import json
from typing import Any

Case = dict[str, Any]


def page_of(case: Case) -> str:
    return LAYOUTS[case["layout"]]({k: _escaped(v) for k, v in case.items()}, case)


def _escaped(value: Any) -> Any:
    return html.escape(value) if isinstance(value, str) else value


def _paragraphs(case: Case) -> list[str]:
    return [f"<p>{html.escape(text, quote=False)}</p>" for text in case["body"]]


def _teasers(case: Case) -> str:
    """The block of other articles every page ends with: headline, link, date."""
    words = case["also"].partition(":")[2].strip()
    row = '<div class="item"><a href="/news/{n}"><b>{words} {n}</b></a> <i>20.04.2022</i></div>'
    return '<div class="last-news">' + "".join(row.format(n=n, words=words) for n in range(1, 9)) + "</div>"


def _menu(case: Case) -> str:
    links = "".join(f'<li><a href="/s/{n}">{case["site"]} {n}</a></li>' for n in range(1, 7))
    logo = f'<a href="/"><img src="/logo.png" alt="{case["site"]}"></a>'
    return f'<div class="top">{logo}<ul class="menu">{links}</ul></div>'


def wordpress(case: Case, _: Case) -> str:
    first, *rest = _paragraphs(case)
    return f"""<!DOCTYPE html><html lang="{case["language"][:2]}"><head><meta charset="utf-8">
<title>{case["title"]} - {case["site"]}</title><link rel="canonical" href="https://{case["host"]}/2022/termez/">
<meta property="og:type" content="article"><meta property="og:title" content="{case["title"]} - {case["site"]}">
<meta property="og:site_name" content="{case["site"]}"></head><body class="single-post">{_menu(case)}
<main><article class="post type-post"><header class="entry-header"><h1 class="entry-title">{case["title"]}</h1>
<div class="entry-meta"><span class="posted-on">{case["printed"]}</span>
<span class="byline"><span class="author vcard"><a href="/author/1">{case["author"]}</a></span></span></div></header>
<figure><img src="/a.jpg"><figcaption>{case["caption"]}</figcaption></figure>
<div class="entry-content">{first}<p><strong><a href="/2022/other/">{case["also"]}</a></strong></p>{"".join(rest)}
<div class="sharedaddy"><h3>Share</h3><ul><li><a href="#">Facebook</a></li><li><a href="#">Telegram</a></li></ul></div>
</div>
</article><div id="comments">
<p>Comment of a reader who has much to say about this and says it at length, with a full stop.</p>
</div></main><aside>{_teasers(case)}</aside><footer><p>© {case["site"]}</p></footer></body></html>"""


def json_ld(case: Case, plain: Case) -> str:
    data = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": plain["site"]},
            {
                "@type": "NewsArticle",
                "headline": plain["title"],
                "datePublished": "2022-04-21T14:05:00+06:00",
                "author": [{"@type": "Person", "name": plain["author"]}],
                "publisher": {"@type": "Organization", "name": plain["site"]},
                "mainEntityOfPage": f"https://{plain['host']}/news/17",
                "image": ["/a.jpg"],
            },
        ],
    }
    first, *rest = _paragraphs(case)
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{case["title"]} | {case["site"]}</title>
<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)[:-1]},}}</script></head><body>{_menu(case)}
<div class="wrap"><h1>{case["title"]}</h1><div class="info">{case["printed"]} &nbsp; {case["author"]}</div>
<div class="text"><img src="/a.jpg"><p class="cap">{case["caption"]}</p>{first}{"".join(rest)}
<p>{case["also"]}</p></div>{_teasers(case)}</div><div class="foot">© {case["site"]} 2022</div></body></html>"""


def plain(case: Case, _: Case) -> str:
    text = "<br><br>".join(html.escape(paragraph, quote=False) for paragraph in case["body"])
    return f"""<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<title>{case["title"]} — {case["site"]}</title></head><body>
<table width="100%"><tr><td colspan="2">{_menu(case)}</td></tr>
<tr><td class="main"><h1>{case["title"]}</h1><div class="date">{case["printed"]}</div>
<div class="autor"><span class="author">{case["author"]}</span></div>
<div class="news-text"><h2>{case["title"]}</h2><div>{case["caption"]}</div>{text}<br><br>
<a href="/news/3">{case["also"]}</a></div></td><td class="side">{_teasers(case)}</td></tr></table></body></html>"""


LAYOUTS = {"wordpress": wordpress, "json_ld": json_ld, "plain": plain}
