"""Elasticsearch as the search engine: an alias over a versioned index, written by bulk.

    articles                the alias that serves
    articles-v1-3           <name>-v<schema version>-<n>: an index
    articles-before         the alias of the index that served before the last swap

`search/elastic/articles.json` is the one mapping. A document's version is its capture time, so that an older one
replayed is refused by the engine itself (`external_gte`); the same one again replaces. There is no lock: who writes to
one index from two data folders has both in it.
"""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from types import TracebackType
from typing import Any, Self

from elasticsearch import ApiError, NotFoundError

from newswarc.items import Document, Hit
from newswarc.settings import ElasticSettings, elastic_name, node_address
from search.elastic_client import Engine, cause
from search.elastic_query import translate
from search.highlight import highlights
from search.index import (
    FACETS,
    FEWER_WORDS,
    UNKNOWN,
    Facets,
    Histogram,
    IndexAway,
    IndexFault,
    IndexOutdated,
    IndexRefused,
    Results,
)
from search.keys import divided_words, keys, milliseconds, registry_number, within
from search.names import named, names, term, terms
from search.query import Nothing, Query
from search.records import document_from, document_of, record_of, values_of

log = logging.getLogger(__name__)

TEMPLATE: dict[str, Any] = json.loads(files("search").joinpath("elastic/articles.json").read_text("utf-8"))
SCHEMA_VERSION: int = TEMPLATE["mappings"]["_meta"]["newswarc"]["schema"]
"""Raised with every change of the mapping or of the analysis: an index of another version is rebuilt, never read."""
CHUNK = 5_000_000
"""Bytes of a bulk request, about; the engine recommends 5 to 15 MB and refuses 100."""
MOST_AT_ONCE = 1_000
"""Documents of a request."""
MOST_VALUES = 1_000
"""Values of a facet that are counted."""
LARGEST_SEGMENT = 5_000_000_000
"""Bytes, about, to which a finished index is merged; the engine's own limit."""
REMEMBERS = 20
"""Tenths of a second that the engine may remember a deletion, and take it for a newer document."""
_YEAR_ONE = 62_135_596_800_000
"""Milliseconds from the year 1 to 1970: versions may not be negative."""

Action = tuple[int, bytes | None]
"""Version, and the document's JSON; None: delete."""

_FACET_FIELDS = {"actors": "actor_names", "places": "place_names"}


class ElasticIndex:
    """See `search.index.SearchIndex` for what the methods promise."""

    def __init__(self, engine: Engine, name: str, fresh: str | None = None) -> None:
        """`name` is the alias; `fresh` an index beside the one that serves, which this one is to write and read."""
        self.engine = engine
        self.name = name
        self._fresh = fresh
        self._pending: dict[str, Action] = {}
        self._deletions: dict[str, Action] = {}
        """Sent before those."""
        self._deleted: set[str] = set()
        self._conflicts: set[str] = set()
        """Documents of the last bulks that the engine has in a newer form."""
        self._unseen = False
        """Whether something was written that searches may not see yet."""
        self._checked = fresh is not None

    @classmethod
    def open(cls, place: str, *, write: bool = False) -> ElasticIndex:
        """`http://host:port/name`, several nodes with commas between them, or a name alone: the settings' nodes.

        For writing it is opened though the engine is away, since the ledger keeps what it cannot take yet.
        """
        index = cls(*_connection(place))
        try:
            index._check()
        except IndexAway as fault:
            if not write:
                index.engine.client.close()
                raise
            log.warning("%s", fault)
        except BaseException:
            index.engine.client.close()
            raise
        return index

    @classmethod
    def fresh(cls, place: str) -> ElasticIndex:
        """A new, empty index beside the one that serves, for a rebuild; earlier ones that never came to serve go."""
        engine, name = _connection(place)
        try:
            outline = cls(engine, name)
            outline._put_template()
            outline._sweep()
            return cls(engine, name, outline._make({"index": {"refresh_interval": "-1"}}))
        except BaseException:
            engine.client.close()
            raise

    @property
    def _target(self) -> str:
        return self._fresh or self.name

    # ---- setting up

    def setup(self) -> None:
        """Template, index and alias. Doing it any number of times is doing it once."""
        self._put_template()
        if not self.standing():
            with contextlib.suppress(IndexFault):  # another process has just made it: the check below says whether
                self._make({}, alias=True)
        self._check(anew=True)

    def _put_template(self) -> None:
        with self.engine.faults("be set up") as client:
            name = f"newswarc-{self.name}"
            client.cluster.put_component_template(name=name, template=TEMPLATE, meta={"managed_by": "newswarc"})
            client.indices.put_index_template(
                name=name,
                index_patterns=[f"{self.name}-v*"],
                priority=500,
                composed_of=[name],
                meta={"managed_by": "newswarc"},
            )

    def _make(self, settings: Mapping[str, Any], *, alias: bool = False) -> str:
        """An index of the next number; returns its name."""
        index = self.next_name()
        aliases = {self.name: {"is_write_index": True}} if alias else {}
        with self.engine.faults("be made") as client:
            client.indices.create(index=index, settings=settings, aliases=aliases)
        return index

    def next_name(self) -> str:
        """Of an index of this name that is not there yet."""
        number = max((_number(index) for index in self._every()), default=0) + 1
        return f"{self.name}-v{SCHEMA_VERSION}-{number}"

    def _every(self) -> dict[str, Any]:
        """All indices of this name, with aliases and schema: `{index: {"aliases": …, "mappings": {"_meta": …}}}`."""
        with self.engine.faults("be looked at") as client:
            found = client.indices.get(
                index=f"{self.name}-v*", filter_path=["*.aliases", "*.mappings._meta"], expand_wildcards="open"
            )
        return {index: about for index, about in dict(found).items() if _number(index)}

    def standing(self, alias: str | None = None) -> dict[str, Any]:
        """The index behind the alias and what is known of it; {} where there is none."""
        with self.engine.faults("be opened") as client:
            try:
                found = client.indices.get(
                    index=alias or self.name, filter_path=["*.aliases", "*.mappings._meta"], expand_wildcards="open"
                )
            except NotFoundError as fault:
                if cause(fault.body)[0] != "index_not_found_exception":
                    raise
                return {}
        return dict(found)

    def _check(self, *, anew: bool = False) -> None:
        """That the alias is there, made where it is not, and that its index has the schema this program writes."""
        if self._checked and not anew:
            return
        found = self.standing()
        if not found:
            if anew:
                raise IndexFault(f"the index {self.name} could not be made at {self.engine.nodes}")
            self.setup()
            return
        if self.name in found:
            raise IndexFault(f"{self.name} at {self.engine.nodes} is an index, not an alias: name another")
        (index, about), *others = found.items()
        if others:
            raise IndexFault(f"{self.name} at {self.engine.nodes} stands for several indices: leave it one")
        schema = about.get("mappings", {}).get("_meta", {}).get("newswarc", {}).get("schema")
        if schema != SCHEMA_VERSION:
            raise IndexOutdated(
                f"the index {index} has schema {schema}, not {SCHEMA_VERSION}: run `newswarc rebuild`, which makes it "
                "anew from the archive"
            )
        self._checked = True

    def put_in_place(self) -> None:
        self.commit()
        if self._fresh is None:
            return
        serving = TEMPLATE["settings"]["index"]["refresh_interval"]
        with self.engine.faults("be put in place") as client:
            client.indices.put_settings(index=self._fresh, settings={"index": {"refresh_interval": serving}})
            client.indices.refresh(index=self._fresh)
        self._point(self._fresh)
        self._fresh, self._unseen = None, False
        self._sweep()
        try:
            self._merge()
        except IndexFault as fault:  # it serves as it is, only slower
            log.warning("%s", fault)

    def _merge(self) -> None:
        """Has the engine merge what a rebuild wrote, while it serves already: each segment costs every question."""
        with self.engine.faults("be merged") as client:
            store = client.indices.stats(index=self.name, metric="store")["_all"]["primaries"]["store"]
            segments = max(1, store["size_in_bytes"] // LARGEST_SEGMENT)
            client.indices.forcemerge(index=self.name, max_num_segments=segments, wait_for_completion=False)

    def swap_back(self) -> str:
        """Lets the index that served before serve again, and the other way round; returns its name."""
        before = next(iter(self.standing(f"{self.name}-before")), None)
        if before is None:
            raise IndexFault(f"there is no index that served before {self.name}: nothing to swap with")
        self._point(before)
        return before

    def _point(self, index: str) -> None:
        """Turns the alias to that index in one step, and the other alias to the one that served."""
        every, before = self._every(), f"{self.name}-before"
        removed = [
            {"remove": {"index": other, "alias": alias}}
            for other, about in every.items()
            for alias in (self.name, before)
            if alias in about.get("aliases", {})
        ]
        served = next((other for other, about in every.items() if self.name in about.get("aliases", {})), None)
        added: list[dict[str, Any]] = [{"add": {"index": index, "alias": self.name, "is_write_index": True}}]
        if served and served != index:
            added.append({"add": {"index": served, "alias": before}})
        with self.engine.faults("be put in place") as client:
            client.indices.update_aliases(actions=[*removed, *added])

    def _sweep(self) -> None:
        """Removes the indices that neither serve nor served before: what a broken-off rebuild left."""
        left = [index for index, about in self._every().items() if not about.get("aliases")]
        if left:
            with self.engine.faults("be swept") as client:
                client.indices.delete(index=left, ignore_unavailable=True)

    # ---- writing

    def upsert(self, documents: Sequence[Document]) -> int:
        self._check()
        known = self._versions([document.id for document in documents])
        written = 0
        for document in documents:
            version = version_of(document)
            if version < known.get(document.id, 0):
                continue
            self._pending[document.id] = version, source_of(document)
            known[document.id] = version
            written += 1
        return written

    def _versions(self, ids: Sequence[str]) -> dict[str, int]:
        """Versions of those documents that are there already, sent or not."""
        here = {id: self._pending[id][0] for id in ids if id in self._pending}
        asked = [id for id in dict.fromkeys(ids) if id not in here and id not in self._deletions]
        return here | self._kept_versions(asked)

    def _kept_versions(self, ids: Sequence[str]) -> dict[str, int]:
        versions: dict[str, int] = {}
        for start in range(0, len(ids), MOST_AT_ONCE):
            with self.engine.faults("be written") as client:
                found = client.mget(index=self._target, ids=ids[start : start + MOST_AT_ONCE], source=False)
            for each in found["docs"]:
                if "error" in each:
                    raise self.engine.item_fault(404, *cause(each), "be written")
                if each["found"]:
                    versions[each["_id"]] = each["_version"]
        return versions

    def delete(self, ids: Iterable[str]) -> None:
        self._check()
        ids = list(ids)
        for id, version in self._kept_versions(ids).items():
            self._deletions[id] = version, None
            self._deleted.add(id)
        for id in ids:
            self._pending.pop(id, None)

    def commit(self) -> None:
        deletions, pending = self._deletions, self._pending
        self._deletions, self._pending = {}, {}
        refused = self._send_all(deletions) | self._send_all(pending)
        for _ in range(REMEMBERS):
            again = {id: pending[id] for id in self._conflicts & self._deleted & pending.keys()}
            if not again:
                break
            time.sleep(0.1)
            refused |= self._send_all(again)
        if refused:
            raise IndexRefused(refused)

    def _send_all(self, actions: Mapping[str, Action]) -> dict[str, str]:
        self._conflicts.clear()
        refused: dict[str, str] = {}
        for chunk in _chunks(actions):
            self._unseen = True
            refused |= self._send(chunk)
        return refused

    def _send(self, chunk: Sequence[tuple[str, Action]]) -> dict[str, str]:
        """Sends a bulk; returns the documents refused for themselves, and why."""
        lines: Any = [line for id, action in chunk for line in _lines(id, action)]
        with self.engine.faults("be written") as client:
            try:
                answer = client.bulk(
                    operations=lines,
                    index=self._target,
                    require_alias=self._fresh is None,
                    filter_path=["errors", "items.*._id", "items.*.status", "items.*.error"],
                )
            except ApiError as fault:
                if fault.status_code not in (400, 413):
                    raise
                return self._send_parted(chunk, fault)
        return self._refused(answer["items"]) if answer["errors"] else {}

    def _send_parted(self, chunk: Sequence[tuple[str, Action]], fault: ApiError) -> dict[str, str]:
        """A bulk that was refused as a whole, in halves: one document may be why."""
        if len(chunk) == 1:
            return {chunk[0][0]: f"{fault.status_code} {': '.join(cause(fault.body))}"}
        half = len(chunk) // 2
        return self._send(chunk[:half]) | self._send(chunk[half:])

    def _refused(self, items: Iterable[Mapping[str, Mapping[str, Any]]]) -> dict[str, str]:
        refused = {}
        for item in items:
            (result,) = item.values()
            status = result["status"]
            if status == 409:
                self._conflicts.add(str(result["_id"]))
            if status < 300 or status == 409 or (status == 404 and "error" not in result):
                continue  # written; a newer one is there; deleted already
            kind, reason = cause(result)
            if status != 400:
                raise self.engine.item_fault(status, kind, reason, "be written")
            refused[str(result["_id"])] = f"{kind}: {reason}"
        return refused

    def refresh(self) -> None:
        with self.engine.faults("be refreshed") as client:
            try:
                client.indices.refresh(index=self._target)
            except ApiError as fault:
                # A reader may lack the right; what others wrote is seen within the index's refresh interval anyway.
                if fault.status_code != 403:
                    raise
        self._unseen = False

    def _reading(self) -> None:
        self._check()
        if self._unseen:
            self.refresh()

    # ---- reading

    def get(self, document_id: str) -> Document | None:
        self._reading()
        if not document_id:
            return None
        with self.engine.faults("be read") as client:
            try:
                found = client.get(index=self._target, id=document_id)
            except NotFoundError as fault:
                if "error" in fault.body:
                    raise
                return None
        return _document(found["_source"])

    def search(self, query: Query) -> Results:
        found, notes = self.answer(query)
        hits = tuple(self._hit(query, hit) for hit in found["hits"]["hits"])
        return Results(found["hits"]["total"]["value"], hits, notes)

    def answer(self, query: Query) -> tuple[Any, tuple[str, ...]]:
        """What the engine says to a search, before hits are made of it; and notes."""
        self._reading()
        order = {"date": "desc"} if query.sort == "date" else {"_score": "desc"}
        return self._asked(
            query,
            size=query.limit,
            from_=query.offset,
            sort=[order, {"id": "asc"}],
            track_total_hits=True,
        )

    def _asked(self, query: Query, **options: Any) -> tuple[Any, tuple[str, ...]]:
        """The answer; where the query has more parts than the engine takes, that of a simpler one, and a note."""
        refused: Any = None
        with self.engine.faults("be searched") as client:
            for asked, notes in _ways(query):
                if asked == refused:
                    continue
                try:
                    return client.search(index=self._target, query=asked, **options), notes
                except ApiError as fault:
                    if not re.search("too[_ ]many", json.dumps(fault.body)):
                        raise
                refused = asked
            nothing = replace(query, tree=Nothing())
            answer = client.search(index=self._target, query=translate(nothing), **options)
        return answer, ("the query is too large for the engine: nothing was searched",)

    def _hit(self, query: Query, hit: Mapping[str, Any]) -> Hit:
        document = _document(hit["_source"])
        return Hit(document, None if query.sort == "date" else hit["_score"], highlights(document, query))

    def aggregate(self, query: Query, facets: Sequence[str] = FACETS, histogram: Histogram | None = None) -> Facets:
        self._reading()
        asked: dict[str, Any] = {
            facet: {"terms": {"field": _FACET_FIELDS.get(facet, facet), "size": MOST_VALUES, "missing": UNKNOWN}}
            for facet in facets
        }
        if histogram:
            asked["dates"] = {
                "date_histogram": {
                    "field": "date", "calendar_interval": histogram, "min_doc_count": 1, "format": "yyyy-MM-dd",
                }
            }  # fmt: skip
        found, _ = self._asked(query, size=0, track_total_hits=True, aggregations=asked or None)
        buckets = {name: about["buckets"] for name, about in found.get("aggregations", {}).items()}
        counts = {facet: {b["key"]: b["doc_count"] for b in buckets[facet]} for facet in facets}
        dates = {bucket["key_as_string"]: bucket["doc_count"] for bucket in buckets.get("dates", ())}
        return Facets(found["hits"]["total"]["value"], counts, dates)

    def ids(self) -> Iterator[str]:
        self._reading()
        with self.engine.faults("be read") as client:
            pit = client.open_point_in_time(index=self._target, keep_alive="2m")["id"]
        try:
            after: list[str] | None = None
            while after is None or after:
                with self.engine.faults("be read") as client:
                    hits = client.search(
                        pit={"id": pit, "keep_alive": "2m"},
                        size=5_000,
                        sort=[{"id": "asc"}],
                        source=False,
                        search_after=after,
                        track_total_hits=False,
                    )["hits"]["hits"]
                yield from (hit["sort"][0] for hit in hits)
                after = hits[-1]["sort"] if hits else []
        finally:
            with self.engine.faults("be read") as client:
                client.close_point_in_time(id=pit)

    def count(self) -> int:
        self._reading()
        with self.engine.faults("be read") as client:
            return int(client.count(index=self._target)["count"])

    # ---- closing

    def close(self) -> None:
        self._pending.clear()
        self._deletions.clear()
        try:
            if self._unseen and self._fresh is None:
                self.refresh()
        except IndexFault as fault:  # what was written is kept, and seen as soon as the engine can
            log.warning("%s", fault)
        finally:
            self.engine.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


# ---- places


def _connection(place: str) -> tuple[Engine, str]:
    settings = ElasticSettings.from_environment()
    addresses, name = place.rpartition("/")[0], elastic_name(place)
    if addresses:
        nodes = tuple(node_address("the index", part) for part in addresses.split(","))
        settings = replace(settings, nodes=nodes)
    return Engine(settings), name


def _number(index: str) -> int:
    """The number at the end of an index name of ours; 0 of any other."""
    named = re.fullmatch(r".+-v[0-9]+-([0-9]+)", index)
    return int(named[1]) if named else 0


# ---- questions


def _ways(query: Query) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """The query as the engine may take it: the quickest form, those with less parts, and what is said of these."""
    strict = replace(query, strict=True)
    yield translate(query, listed=True), ()
    yield translate(query), ()
    yield translate(query, few=True), (FEWER_WORDS,)
    yield translate(strict, few=True), ("the query is too large: it was searched without other endings",)


# ---- documents


def version_of(document: Document) -> int:
    """Capture time in milliseconds since the year 1."""
    return max(0, milliseconds(document.captured_at) + _YEAR_ONE)


def source_of(document: Document) -> bytes:
    """JSON in UTF-8 for the mapping: the document as it is, and the words, keys and date that it is found by."""
    title, text, title_stems, text_stems = divided_words(document)
    source = values_of(document)
    source["date"] = within(document.published or document.captured_at).isoformat(timespec="milliseconds")
    source["keys"] = keys(document)
    source["names"] = terms(document)
    source["registry"] = registry_number(document.annotator) if document.annotator else 0
    source |= _named(document)
    # The mark between title and text keeps a phrase from beginning in one and ending in the other.
    source["folded"] = {"title": title, "text": f"{title} . {text}"}
    source["stems"] = {"title": title_stems, "text": f"{title_stems} . {text_stems}"}
    try:
        return _json(source).encode()
    except UnicodeEncodeError:  # half of a surrogate pair: searched as a question mark, kept as it is
        source["exact"] = base64.b64encode(record_of(document)).decode()
        return _json(source).encode(errors="replace")


def _named(document: Document) -> dict[str, Any]:
    """Actors and places as Kibana shows and counts them; each once, without nested queries."""
    actors, places = named(document, "actor"), named(document, "place")
    return {
        "actors": [{"id": term(m), "name": m.canonical, "type": m.type} for m in actors],
        "places": [
            {"id": term(m), "name": m.canonical, "type": m.type, "country": m.country, "role": m.role} for m in places
        ],
        "actor_names": names(document, "actor"),
        "place_names": names(document, "place"),
        "place_countries": list(dict.fromkeys(m.country for m in places if m.country)),
        "geo_point": [{"lat": m.lat, "lon": m.lon} for m in places if m.lat is not None and m.lon is not None],
    }


def _json(source: Mapping[str, Any]) -> str:
    return json.dumps(source, ensure_ascii=False, default=datetime.isoformat, separators=(",", ":"))


def _document(source: Mapping[str, Any]) -> Document:
    exact = source.get("exact")
    return document_of(base64.b64decode(exact)) if exact else document_from(source)


def _chunks(pending: Mapping[str, Action]) -> Iterator[list[tuple[str, Action]]]:
    """Bulks of at most CHUNK bytes and MOST_AT_ONCE documents; a larger document goes alone."""
    chunk: list[tuple[str, Action]] = []
    size = 0
    for id, action in pending.items():
        length = len(action[1] or b"") + 200
        if chunk and (size + length > CHUNK or len(chunk) >= MOST_AT_ONCE):
            yield chunk
            chunk, size = [], 0
        chunk.append((id, action))
        size += length
    if chunk:
        yield chunk


def _lines(id: str, action: Action) -> Iterator[bytes]:
    version, source = action
    about = {"_id": id, "version": version, "version_type": "external_gte"}
    yield json.dumps({"delete" if source is None else "index": about}).encode(errors="replace")
    if source is not None:
        yield source
