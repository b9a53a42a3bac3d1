"""Pages that try to run script or to open a connection, each in its own way; all of our own making."""
# ruff: noqa: E501  a payload is read in one piece

from __future__ import annotations

from dataclasses import dataclass
from html import escape

HOST = "http://hostile.example"
TRAP = "http://trap.example"
JS = "console.log('RAN');document.title='RAN';new Image().src='http://trap.example/js'"
TAG = f'<script>{JS}</script><img src=x onerror="{JS}"><svg onload="{JS}">'
WORDS = (
    "The ferry across the river was stopped on Monday after the water had risen by two metres within a day.",
    "Officials of the port said that lorries wait on both banks, and that nobody knows when it will go again.",
    "Traders at the bazaar fear for their fruit; a lorry with melons was turned back after it had waited a night.",
    "The weather service expects the water to fall from Thursday on, since no more rain is seen in the mountains.",
    "The last time that the ferry stood still for so long was eleven years ago, in a spring with much snow.",
)


@dataclass(frozen=True)
class Hostile:
    name: str
    body: str = ""
    head: str = ""
    title: str = "The ferry stands still"
    path: str = ""
    headers: tuple[bytes, ...] = ()
    content_type: bytes = b"text/html; charset=utf-8"
    charset: str = "utf-8"
    prologue: str = "<!DOCTYPE html>"
    body_attributes: str = ""
    words: str = ""
    """Further text of the article, markup as text."""

    @property
    def url(self) -> str:
        return f"{HOST}/{self.path or self.name.replace(' ', '-')}"

    def page(self) -> bytes:
        paragraphs = "".join(f"<p>{escape(text)} {self.name.capitalize()}.</p>" for text in (*WORDS, self.words))
        return (
            f"{self.prologue}<html lang=en><head>{self.head}<title>{escape(self.title)}</title>"
            f'<meta property="og:title" content="{escape(self.title)}"><meta property="og:type" content="article">'
            f'<meta property="article:published_time" content="2026-04-20T10:00:00Z"></head><body {self.body_attributes}>'
            f"<article><h1>{escape(self.title)}</h1>{paragraphs}</article>{self.body}</body></html>"
        ).encode(self.charset)

    def response(self) -> bytes:
        body = self.page()
        lines = [b"HTTP/1.1 200 OK", b"Content-Type: " + self.content_type, *self.headers]
        return b"\r\n".join([*lines, b"Content-Length: %d" % len(body)]) + b"\r\n\r\n" + body


UTF7 = f"<script>{JS}</script>".replace("<", "+ADw-").replace(">", "+AD4-")

PAGES = (
    Hostile("a script", f"<script>{JS}</script>"),
    Hostile("a script from elsewhere", f'<script src="{TRAP}/s.js"></script><script type=module src="{TRAP}/m"></script>'),
    Hostile("an image that fails", f'<img src=x onerror="{JS}">'),
    Hostile("an svg that loads", f'<svg onload="{JS}"></svg>'),
    Hostile("a script in svg", f'<svg><script>{JS}</script><image href="{TRAP}/i"/><use href="{TRAP}/u#a"/></svg>'),
    Hostile("an svg that moves", f'<svg><animate onbegin="{JS}" attributeName=x dur=1s></svg>'),
    Hostile("an svg link", f'<svg><a><animate attributeName=href values="javascript:{JS}"/><text>x</text></a></svg>'),
    Hostile("an svg as image", f'<img src="data:image/svg+xml,{escape(f"<svg xmlns=%27http://www.w3.org/2000/svg%27 onload=%22{JS}%22><image href=%27{TRAP}/d%27/></svg>")}">'),
    Hostile("a javascript frame", f'<iframe src="javascript:{JS}"></iframe>'),
    Hostile("a frame with its own page", f"<iframe srcdoc='{escape(TAG)}'></iframe><iframe srcdoc=\"{escape(TAG)}\"></iframe>"),
    Hostile("a frame from elsewhere", f'<iframe src="{TRAP}/f"></iframe><iframe src="//trap.example:8080/g"></iframe>'),
    Hostile("an object", f'<object data="data:text/html,{escape(TAG)}"></object><object data="{TRAP}/o"></object>'),
    Hostile("an embed", f'<embed src="{TRAP}/e"><embed src="data:text/html,{escape(TAG)}"><applet code="{TRAP}/a">'),
    Hostile("a meta refresh", head=f'<meta http-equiv="refresh" content="0;url={TRAP}/r">'),
    Hostile("a meta refresh to script", head=f'<meta http-equiv="refresh" content="0;url=javascript:{JS}">'),
    Hostile("a meta refresh to data", head=f'<meta http-equiv="refresh" content="0;url=data:text/html,{escape(TAG)}">'),
    Hostile("a base", head=f'<base href="{TRAP}/">', body='<img src="relative.png"><script src="relative.js"></script>'),
    Hostile("a preconnect", head=f'<link rel=preconnect href="{TRAP}"><link rel=dns-prefetch href="//trap.example">'),
    Hostile("a preconnect in pieces", body=f'<li<link>nk rel=preconnect href="{TRAP}"><LINK/rel=preconnect\nhref="{TRAP}"><link title=">" rel=preconnect href="{TRAP}">'),
    Hostile("a prefetch", head=f'<link rel=prefetch href="{TRAP}/p"><link rel=preload as=image href="{TRAP}/q"><link rel=prerender href="{TRAP}/w"><link rel=modulepreload href="{TRAP}/x">'),
    Hostile("style sheets", f"<style>@import url({TRAP}/i.css);body{{background:url({TRAP}/b)}}@font-face{{font-family:x;src:url({TRAP}/f)}}p{{font-family:x;cursor:url({TRAP}/c),auto}}</style>", head=f'<link rel=stylesheet href="{TRAP}/s.css"><link rel=icon href="{TRAP}/i.ico"><link rel=manifest href="{TRAP}/m">'),
    Hostile("details that open", f'<details open ontoggle="{JS}"><summary>x</summary></details>'),
    Hostile("a field that is focused", f'<input autofocus onfocus="{JS}"><select autofocus onfocus="{JS}"></select>'),
    Hostile("media", f'<video src="{TRAP}/v" poster="{TRAP}/p" autoplay onerror="{JS}"></video><audio src="{TRAP}/a" autoplay></audio><video><track default src="{TRAP}/t"></video>'),
    Hostile("a form that sends itself", f'<form action="{TRAP}/f" id=f><input type=image src="{TRAP}/i"></form><script>f.submit()</script>'),
    Hostile("a body that loads", body_attributes=f'onload="{JS}" onpageshow="{JS}" background="{TRAP}/bg"'),
    Hostile("a marquee", f'<marquee onstart="{JS}">x</marquee><p style="animation:x 1s" onanimationstart="{JS}">y<style>@keyframes x{{}}</style>'),
    Hostile("a mutation", f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={escape(JS)}&gt;">'),
    Hostile("a noscript", f'<noscript><p title="</noscript>{escape(TAG, quote=False)}"><img src="{TRAP}/n"></noscript>'),
    Hostile("an end of everything", f"</pre></textarea></title></style></iframe></template></noscript>--></script>{TAG}"),
    Hostile("a template", f"{{{{ 7 * 7 }}}}{{% raw %}}<template><script>{JS}</script></template><portal src={TRAP}/z></portal>"),
    Hostile("images", f'<img srcset="{TRAP}/a 1x, {TRAP}/b 2x" src="{TRAP}/c"><picture><source srcset="{TRAP}/d"><img src="{TRAP}/e"></picture><img src="//trap.example:9/x" loading=eager>'),
    Hostile("speculation rules", f'<script type="speculationrules">{{"prerender":[{{"urls":["{TRAP}/s"]}}],"prefetch":[{{"urls":["{TRAP}/t"]}}]}}</script>'),
    Hostile("headers", headers=(f"Link: <{TRAP}/l>; rel=preload; as=script".encode(), f"Refresh: 0; url={TRAP}/h".encode(), b"Set-Cookie: a=1", b"Content-Security-Policy: default-src *", f"X-A: </pre>{TAG}".encode(), b"X-B: \xff\xfe</pre><script>")),
    Hostile("utf-7", UTF7, content_type=b"text/html; charset=utf-7", head='<meta charset="utf-7">', words=UTF7),
    Hostile("a charset that swallows quotes", f'<img alt="\x1b$B"> <p>\x1b(B <a title="{escape(TAG, quote=False)}">x</a>', content_type=b"text/html; charset=iso-2022-jp"),
    Hostile("two charsets", f"<p>\u0101 {TAG}", content_type=b"text/html; charset=windows-1251", head='<meta charset="utf-16">'),
    Hostile("utf-16", TAG, content_type=b"text/html; charset=utf-16", charset="utf-16"),
    Hostile("xhtml with a style sheet", TAG, content_type=b"application/xhtml+xml", prologue=f'<?xml version="1.0"?><?xml-stylesheet href="{TRAP}/x.xsl" type="text/xsl"?><!DOCTYPE html>'),
    Hostile("a title of script", title=f"</title>{TAG}", words=TAG),
    Hostile("a title that turns round", title="Ferry \u202e\u2066lliw \u202d [[x]] {{ 7 * 7 }}", words="[[<b>]] \u202e"),
    Hostile("an address of script", path=f'a"><svg/onload="{JS}">', head=f'<link rel="canonical" href="javascript:{JS}">'),
    Hostile("an author of script", head=f'<meta name="author" content="{escape(TAG)}"><meta name="date" content="{escape(TAG)}"><meta name="keywords" content="{escape(TAG)}">'),
)  # fmt: skip
