"""What the objects ask of Elasticsearch, derived from the objects themselves, and what documents answer to it.

`of_api` reads the charts in the Dashboards API's form, `of_lens` in the saved form; `body` is the search that Kibana
makes of them, `answered` reads its answer, and `held` works out the same from the documents in plain Python.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any

NONE = "(none)"
Key = tuple[str, ...]
Number = float | None


@dataclass(frozen=True)
class Bucket:
    kind: str
    field: str
    size: int = 0
    missing: bool = False
    rank: tuple[str, str] = ("", "")
    """Label of the value that ranks, or "alphabetical"; direction."""


@dataclass(frozen=True)
class Value:
    kind: str
    field: str
    label: str


@dataclass(frozen=True)
class Ask:
    name: str
    data_view: str
    buckets: tuple[Bucket, ...]
    """Outermost first."""
    values: tuple[Value, ...]

    def fields(self) -> set[str]:
        return {b.field for b in self.buckets} | {v.field for v in self.values if v.field}


# ---- from the objects


def of_api(dashboard: Mapping[str, Any]) -> list[Ask]:
    asks = []
    for panel in dashboard["panels"]:
        config = panel["config"]
        for number, layer in enumerate(config.get("layers", [config]) if panel["type"] == "vis" else []):
            buckets = [*layer.get("rows", ()), *(layer[name] for name in ("x", "breakdown_by") if name in layer)]
            if buckets and buckets[0]["operation"] == "date_histogram":
                buckets.reverse()
            values = layer.get("y") or layer["metrics"]
            made = tuple(Value(v["operation"], v.get("field", ""), v["label"]) for v in values)
            source = layer["data_source"]["ref_id"]
            asks.append(Ask(f"{panel['uid']}-{number}", source, tuple(_api_bucket(b, made) for b in buckets), made))
    return asks


def _api_bucket(bucket: Mapping[str, Any], values: Sequence[Value]) -> Bucket:
    if bucket["operation"] == "date_histogram":
        return Bucket("date_histogram", bucket["field"])
    rank = bucket["rank_by"]
    by = values[rank["metric_index"]].label if rank["type"] == "metric" else rank["type"]
    missing = bucket.get("other_bucket", {}).get("include_documents_without_field", False)
    return Bucket("terms", bucket["fields"][0], bucket["limit"], missing, (by, rank["direction"]))


def of_lens(saved: Mapping[str, Any]) -> list[Ask]:
    """Of a saved dashboard."""
    asks = []
    references = {each["name"]: each["id"] for each in saved["references"]}
    for panel in json.loads(saved["attributes"]["panelsJSON"]):
        if panel["type"] != "lens":
            continue
        state = panel["embeddableConfig"]["attributes"]["state"]
        for number, (layer, about) in enumerate(state["datasourceStates"]["formBased"]["layers"].items()):
            columns = [about["columns"][id] | {"id": id} for id in about["columnOrder"]]
            values = {c["id"]: _lens_value(c) for c in columns if not c["isBucketed"]}
            view = references[f"{panel['panelIndex']}:indexpattern-datasource-layer-{layer}"]
            buckets = tuple(_lens_bucket(c, values) for c in columns if c["isBucketed"])
            asks.append(Ask(f"{panel['panelIndex']}-{number}", view, buckets, tuple(values.values())))
    return asks


def _lens_value(column: Mapping[str, Any]) -> Value:
    field = column["sourceField"]
    return Value(column["operationType"], "" if field == "___records___" else field, column["label"])


def _lens_bucket(column: Mapping[str, Any], values: Mapping[str, Value]) -> Bucket:
    if column["operationType"] == "date_histogram":
        return Bucket("date_histogram", column["sourceField"])
    params = column["params"]
    order = params["orderBy"]
    by = values[order["columnId"]].label if order["type"] == "column" else order["type"]
    return Bucket(
        "terms", column["sourceField"], params["size"], params["missingBucket"], (by, params["orderDirection"])
    )


def kql(text: str) -> dict[str, Any]:
    """The query of `field : value` and `not field : value`, joined by `and`; nothing else is understood."""
    query: dict[str, Any] = {"filter": [], "must_not": []}
    for part in filter(None, text.split(" and ")):
        found = re.fullmatch(r"(not )?([\w.]+) : (\w+)", part)
        assert found, f"the tests do not understand {part!r}"
        query["must_not" if found[1] else "filter"].append({"term": {found[2]: found[3]}})
    return {"bool": query}


# ---- to Elasticsearch and back


def body(ask: Ask, query: Mapping[str, Any]) -> dict[str, Any]:
    return {"size": 0, "track_total_hits": True, "query": query, "aggs": _aggregations(ask, ask.buckets)}


def _aggregations(ask: Ask, buckets: Sequence[Bucket]) -> dict[str, Any]:
    named = {f"v{number}": _value(value) for number, value in enumerate(ask.values)}
    values = {name: value for name, value in named.items() if value}
    if not buckets:
        return values
    first, *rest = buckets
    if first.kind == "date_histogram":
        is_ = {"date_histogram": {"field": first.field, "calendar_interval": "day", "min_doc_count": 1,
                                  "format": "yyyy-MM-dd"}}  # fmt: skip
        return {"b": is_ | {"aggs": _aggregations(ask, rest)}}
    terms: dict[str, Any] = {"field": first.field, "size": first.size, "order": _order(ask, first)}
    if first.missing:
        terms["missing"] = NONE
    return {"b": {"terms": terms, "aggs": values | _aggregations(ask, rest)}}


def _order(ask: Ask, bucket: Bucket) -> dict[str, str]:
    by, direction = bucket.rank
    if by == "alphabetical":
        return {"_key": direction}
    number = next(number for number, value in enumerate(ask.values) if value.label == by)
    return {"_count" if ask.values[number].kind == "count" else f"v{number}": direction}


def _value(value: Value) -> dict[str, Any] | None:
    if value.kind == "count":
        return None
    if value.kind == "median":
        return {"percentiles": {"field": value.field, "percents": [50], "keyed": False}}
    return {{"unique_count": "cardinality"}.get(value.kind, value.kind): {"field": value.field}}


def answered(ask: Ask, answer: Mapping[str, Any]) -> dict[Key, tuple[Number, ...]]:
    top = answer.get("aggregations", {}) | {"doc_count": answer["hits"]["total"]["value"]}
    return dict(_answers(ask, len(ask.buckets), top, ()))


def _answers(ask: Ask, deep: int, at: Mapping[str, Any], key: Key) -> Iterator[tuple[Key, tuple[Number, ...]]]:
    if deep == 0:
        yield key, tuple(_read(value, at, number) for number, value in enumerate(ask.values))
        return
    for bucket in at["b"]["buckets"]:
        yield from _answers(ask, deep - 1, bucket, (*key, str(bucket.get("key_as_string", bucket["key"]))))


def _read(value: Value, at: Mapping[str, Any], number: int) -> Number:
    if value.kind == "count":
        return float(at["doc_count"])
    told = at[f"v{number}"]
    got = told["values"][0]["value"] if value.kind == "median" else told["value"]
    return None if got is None else float(got)


# ---- from the documents


def values_at(document: Any, path: str) -> list[Any]:
    """The values of a field, through lists and objects, as Elasticsearch sees them."""
    if path == "":
        return [] if document is None else document if isinstance(document, list) else [document]
    if isinstance(document, list):
        return [value for each in document for value in values_at(each, path)]
    name, _, rest = path.partition(".")
    return values_at(document.get(name), rest) if isinstance(document, Mapping) else []


def held(ask: Ask, documents: Sequence[Mapping[str, Any]]) -> dict[Key, tuple[Number | tuple[float, float], ...]]:
    """As `answered`; a median as the two values that it lies between."""
    groups: dict[Key, list[Mapping[str, Any]]] = defaultdict(list)
    for document in documents:
        for key in product(*(_keys(document, bucket) for bucket in ask.buckets)):
            groups[key].append(document)
    return {key: tuple(_held(value, group) for value in ask.values) for key, group in groups.items()}


def _keys(document: Mapping[str, Any], bucket: Bucket) -> set[str]:
    found = set(values_at(document, bucket.field))
    if bucket.kind == "date_histogram":
        return {moment(value).astimezone(UTC).date().isoformat() for value in found}
    return found or ({NONE} if bucket.missing else set())


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _held(value: Value, group: Sequence[Mapping[str, Any]]) -> Number | tuple[float, float]:
    if value.kind == "count":
        return float(len(group))
    found = [each for document in group for each in values_at(document, value.field)]
    if value.kind == "unique_count":
        return float(len(set(found)))
    numbers = sorted(float(f) if isinstance(f, int | float) else moment(f).timestamp() * 1000 for f in found)
    if value.kind == "sum":
        return float(sum(numbers))
    if not numbers:
        return None
    if value.kind == "median":
        return numbers[(len(numbers) - 1) // 2], numbers[len(numbers) // 2]
    return {"max": max, "min": min}[value.kind](numbers)
