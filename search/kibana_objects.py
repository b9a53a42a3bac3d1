"""The Kibana objects of `search/kibana/*.yaml`, in the two forms that Kibana takes: API bodies, and lines for import.

A dashboard is written as Kibana's own Dashboards API has it (9.5 and later). For older servers it is turned into a
saved object: charts become Lens charts, by value. Discover sessions and maps have no API; they are always imported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import yaml

from search.kibana_lens import lens

Object = dict[str, Any]
CORE_VERSION = "8.8.0"
VERSIONS = {"search": "10.5.0", "map": "8.4.0", "dashboard": "10.2.0"}
"""The lowest version of each type that has all we write: Kibana brings older objects up to date, never newer ones."""
IN_API = ("vis", "discover_session")
"""Panels of ours that the Dashboards API has; a dashboard with another is imported, whatever the server's version."""
SAVED_PANEL = {"discover_session": "search", "map": "map"}
KINDS = ("data-view", "discover", "map", "dashboard")


def objects(index: str, evidence: str) -> dict[str, list[Object]]:
    """Kind (see KINDS) → objects as in their files, for the index of that name and the evidence page's address."""
    found: dict[str, list[Object]] = {kind: [] for kind in KINDS}
    folder = files("search").joinpath("kibana")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        kind = file.name.removesuffix(".yaml").rpartition(".")[2]
        if kind in KINDS:
            found[kind].append(_filled(yaml.safe_load(file.read_text("utf-8")), index, evidence))
    return found


def _filled(value: Any, index: str, evidence: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, index, evidence) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, index, evidence) for each in value]
    if isinstance(value, str):
        return value.replace("{index}", index).replace("{evidence}", evidence.rstrip("/"))
    return value


def in_api(dashboard: Mapping[str, Any]) -> bool:
    """Whether the Dashboards API can take it."""
    return all(panel["type"] in IN_API for panel in dashboard["panels"])


def dashboard_body(dashboard: Mapping[str, Any]) -> Object:
    """For `PUT /api/dashboards/<id>`, where the id stands in the path."""
    return {name: value for name, value in dashboard.items() if name != "id"}


def saved(kind: str, described: Mapping[str, Any]) -> Object:
    """The saved object for import, of a kind but `data-view`."""
    return {"discover": saved_session, "map": saved_map, "dashboard": saved_dashboard}[kind](described)


def ndjson(saved_objects: list[Object]) -> bytes:
    """A file for import: one object a line, UTF-8."""
    return b"".join(_json(each).encode() + b"\n" for each in saved_objects)


def saved_session(described: Mapping[str, Any]) -> Object:
    name = "kibanaSavedObjectMeta.searchSourceJSON.index"
    attributes = {
        "title": described["title"],
        "description": described["description"],
        "columns": described["columns"],
        "sort": described["sort"],
        "grid": {"columns": {column: {"width": width} for column, width in described["widths"].items()}},
        "hideChart": False,
        "isTextBasedQuery": False,
        "timeRestore": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": _source(described["query"], indexRefName=name)},
    }
    return _object("search", described["id"], attributes, [_data_view(described["data_view"], name)])


def saved_map(described: Mapping[str, Any]) -> Object:
    layers, references = [], []
    for number, layer in enumerate(described["layers"]):
        source = {"id": f"{layer['id']}-source", **layer["source"]}
        if "data_view" in layer:
            name = f"layer_{number}_source_index_pattern"
            source |= {
                "indexPatternRefName": name,
                "applyGlobalQuery": True,
                "applyGlobalTime": True,
                "applyForceRefresh": True,
            }
            references.append(_data_view(layer["data_view"], name))
        drawn = {name: layer[name] for name in ("id", "label", "type", "visible", "style")}
        layers.append(drawn | {"sourceDescriptor": source, "alpha": 1, "minZoom": 0, "maxZoom": 24,
                               "includeInFitToBounds": True, "joins": []})  # fmt: skip
    view, times = described["view"], described["time_range"]
    state = {
        "zoom": view["zoom"],
        "center": {"lat": view["lat"], "lon": view["lon"]},
        "timeFilters": dict(times),
        "refreshConfig": {"isPaused": True, "interval": 0},
        "query": _query(described["query"]),
        "filters": [],
    }
    attributes = {
        "title": described["title"],
        "description": described["description"],
        "layerListJSON": _json(layers),
        "mapStateJSON": _json(state),
        "uiStateJSON": _json({"isLayerTOCOpen": True, "openTOCDetails": []}),
    }
    return _object("map", described["id"], attributes, references)


def saved_dashboard(described: Mapping[str, Any]) -> Object:
    panels, references = [], []
    for panel in described["panels"]:
        made, needs = _panel(panel)
        panels.append(made)
        references += needs
    query = described.get("query", {}).get("expression", "")
    options = {
        "useMargins": True,
        "syncColors": True,
        "syncCursor": True,
        "syncTooltips": False,
        "hidePanelTitles": False,
    }
    attributes = {
        "title": described["title"],
        "description": described["description"],
        "version": 1,
        "timeRestore": True,
        "timeFrom": described["time_range"]["from"],
        "timeTo": described["time_range"]["to"],
        "optionsJSON": _json(options),
        "panelsJSON": _json(panels),
        "kibanaSavedObjectMeta": {"searchSourceJSON": _source(query)},
    }
    controls = described.get("pinned_panels", [])
    if controls:
        attributes["controlGroupInput"] = _controls(controls)
        references += [_data_view(control["config"]["data_view_id"], f"controlGroup_{id}:optionsListDataView")
                       for id, control in _numbered(controls)]  # fmt: skip
    return _object("dashboard", described["id"], attributes, references)


def _panel(panel: Mapping[str, Any]) -> tuple[Object, list[Object]]:
    """The panel as a dashboard keeps it, and the dashboard's references for it."""
    id = panel["uid"]
    made: Object = {"panelIndex": id, "gridData": {**panel["grid"], "i": id}}
    if panel["type"] == "vis":
        attributes = lens(panel["config"])
        made |= {"type": "lens", "embeddableConfig": {"attributes": attributes, "enhancements": {}}}
        title = panel["config"]["title"]
        if title:
            made["title"] = title
        else:
            made["embeddableConfig"]["hidePanelTitles"] = True
        return made, [{**each, "name": f"{id}:{each['name']}"} for each in attributes["references"]]
    kind = SAVED_PANEL[panel["type"]]
    made |= {"type": kind, "panelRefName": f"panel_{id}", "embeddableConfig": {"enhancements": {}}}
    return made, [{"type": kind, "id": panel["config"]["ref_id"], "name": f"{id}:panel_{id}"}]


def _controls(controls: list[Object]) -> Object:
    panels = {
        id: {
            "type": "optionsListControl",
            "order": order,
            "grow": control["grow"],
            "width": control["width"],
            "explicitInput": {
                "id": id,
                "dataViewId": control["config"]["data_view_id"],
                "fieldName": control["config"]["field_name"],
                "title": control["config"]["title"],
                "searchTechnique": "prefix",
                "selectedOptions": [],
                "sort": {"by": "_count", "direction": "desc"},
            },
        }
        for order, (id, control) in enumerate(_numbered(controls))
    }
    ignored = dict.fromkeys(("ignoreFilters", "ignoreQuery", "ignoreTimerange", "ignoreValidations"), False)
    return {
        "chainingSystem": "HIERARCHICAL",
        "controlStyle": "oneLine",
        "ignoreParentSettingsJSON": _json(ignored),
        "panelsJSON": _json(panels),
        "showApplySelections": False,
    }


def _numbered(controls: list[Object]) -> Iterator[tuple[str, Object]]:
    return ((f"control-{number}", control) for number, control in enumerate(controls))


def _object(kind: str, id: str, attributes: Object, references: list[Object]) -> Object:
    return {
        "type": kind,
        "id": id,
        "coreMigrationVersion": CORE_VERSION,
        "typeMigrationVersion": VERSIONS[kind],
        "managed": False,
        "references": references,
        "attributes": attributes,
    }


def _data_view(id: str, name: str) -> Object:
    return {"type": "index-pattern", "id": id, "name": name}


def _query(text: str) -> Object:
    return {"query": text, "language": "kuery"}


def _source(query: str, **more: str) -> str:
    return _json({"query": _query(query), "filter": [], **more})


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
