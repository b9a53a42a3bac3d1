"""A chart of Kibana's Dashboards API as a Lens chart: what servers before 9.5 import.

Of the API it knows what `search/kibana/*.yaml` uses: `xy`, `metric` and `data_table` over a data view, with the
operations below. Anything else is a KeyError here, and so a failing test, never a chart that is silently another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

Object = dict[str, Any]
NUMBER = {"count", "sum", "min", "max", "median", "unique_count"}
"""Operations that give one value of a bucket; of the same name in the API and in Lens."""
SERIES = {"bar", "bar_stacked", "bar_horizontal", "bar_horizontal_stacked", "line", "area"}


def _date_fields() -> set[str]:
    mappings = [json.loads(files("search").joinpath(f"elastic/{name}.json").read_text("utf-8"))
                for name in ("articles", "figures")]  # fmt: skip
    return {
        field for each in mappings for field, is_ in each["mappings"]["properties"].items() if is_.get("type") == "date"
    }


DATES = _date_fields()


def lens(config: Mapping[str, Any]) -> Object:
    """Attributes of the Lens saved object; references are named as Lens wants them, a layer each."""
    kind = {"xy": _xy, "metric": _metric, "data_table": _table}[config["type"]]
    name, layers, visualization, data_views = kind(config)
    return {
        "title": config["title"],
        "description": "",
        "type": "lens",
        "visualizationType": name,
        "references": [
            {"type": "index-pattern", "id": id, "name": f"indexpattern-datasource-layer-{layer}"}
            for layer, id in data_views.items()
        ],
        "state": {
            "query": {"query": "", "language": "kuery"},
            "filters": [],
            "internalReferences": [],
            "adHocDataViews": {},
            "datasourceStates": {"formBased": {"layers": layers}},
            "visualization": visualization,
        },
    }


Made = tuple[str, dict[str, Object], Object, dict[str, str]]
"""Name of the visualization, layers of data, the visualization's state, layer → data view."""


def _xy(config: Mapping[str, Any]) -> Made:
    layers, drawn, data_views = {}, [], {}
    for number, layer in enumerate(config["layers"]):
        id = f"layer{number}"
        if layer["type"] not in SERIES:
            raise KeyError(layer["type"])
        values = _named("y", layer["y"])
        buckets = {"x": layer["x"], "split": layer["breakdown_by"]} if "breakdown_by" in layer else {"x": layer["x"]}
        if layer["x"]["operation"] == "date_histogram":  # the most frequent of all the time, not of each day
            buckets = dict(reversed(buckets.items()))
        layers[id] = _layer(buckets, values)
        data_views[id] = layer["data_source"]["ref_id"]
        drawn.append(
            {
                "layerId": id,
                "layerType": "data",
                "seriesType": layer["type"],
                "position": "top",
                "showGridlines": False,
                "xAccessor": "x",
                "accessors": list(values),
                **({"splitAccessor": "split"} if "split" in buckets else {}),
            }
        )
    visualization = {
        "preferredSeriesType": drawn[0]["seriesType"],
        "legend": {"isVisible": True, "position": "right"},
        "valueLabels": "hide",
        "fittingFunction": "None",
        "layers": drawn,
    }
    return "lnsXY", layers, visualization, data_views


def _metric(config: Mapping[str, Any]) -> Made:
    (metric,) = config["metrics"]
    layers = {"layer0": _layer({}, {"value": metric})}
    state = {"layerId": "layer0", "layerType": "data", "metricAccessor": "value"}
    return "lnsMetric", layers, state, {"layer0": config["data_source"]["ref_id"]}


def _table(config: Mapping[str, Any]) -> Made:
    rows, values = _named("row", config["rows"]), _named("value", config["metrics"])
    state = {
        "layerId": "layer0",
        "layerType": "data",
        "columns": [{"columnId": id, "isTransposed": False} for id in (*rows, *values)],
    }
    return "lnsDatatable", {"layer0": _layer(rows, values)}, state, {"layer0": config["data_source"]["ref_id"]}


def _named(name: str, operations: Sequence[Object]) -> dict[str, Object]:
    return {f"{name}{number}": operation for number, operation in enumerate(operations)}


def _layer(buckets: Mapping[str, Object], values: Mapping[str, Object]) -> Object:
    ids = list(values)
    columns = {id: _bucket(operation, ids) for id, operation in buckets.items()}
    columns |= {id: _value(operation) for id, operation in values.items()}
    return {
        "columnOrder": list(columns),
        "columns": columns,
        "incompleteColumns": {},
        "sampling": 1,
        "ignoreGlobalFilters": False,
    }


def _bucket(operation: Mapping[str, Any], values: Sequence[str]) -> Object:
    shared = {"label": operation["label"], "customLabel": True, "isBucketed": True}
    if operation["operation"] == "date_histogram":
        interval = operation.get("suggested_interval", "auto")
        return shared | {
            "operationType": "date_histogram",
            "dataType": "date",
            "scale": "interval",
            "sourceField": operation["field"],
            "params": {"interval": interval, "includeEmptyRows": True, "dropPartials": False},
        }
    return shared | {
        "operationType": {"terms": "terms"}[operation["operation"]],
        "dataType": "string",
        "scale": "ordinal",
        "sourceField": _only(operation["fields"]),
        "params": _terms(operation, values),
    }


def _terms(operation: Mapping[str, Any], values: Sequence[str]) -> Object:
    rank, other = operation["rank_by"], operation.get("other_bucket")
    by_metric = rank["type"] == "metric"
    return {
        "size": operation["limit"],
        "orderBy": {"type": "column", "columnId": values[rank["metric_index"]]}
        if by_metric
        else {"type": {"alphabetical": "alphabetical"}[rank["type"]], "fallback": False},
        "orderDirection": rank["direction"],
        "otherBucket": other is not None,
        "missingBucket": bool(other and other["include_documents_without_field"]),
        "parentFormat": {"id": "terms"},
        "include": [],
        "exclude": [],
        "includeIsRegex": False,
        "excludeIsRegex": False,
    }


def _only(fields: Sequence[str]) -> str:
    (field,) = fields
    return field


def _value(operation: Mapping[str, Any]) -> Object:
    name = operation["operation"]
    if name not in NUMBER:
        raise KeyError(name)
    field = operation["field"] if name != "count" else "___records___"
    empty = {"emptyAsNull": True} if name in ("count", "sum", "unique_count") else {}
    return {
        "label": operation["label"],
        "customLabel": True,
        "isBucketed": False,
        "operationType": name,
        "dataType": "date" if name in ("min", "max") and field in DATES else "number",
        "scale": "ratio",
        "sourceField": field,
        "params": empty,
    }
