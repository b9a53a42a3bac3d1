"""The object files: of Kibana's published forms, and of one meaning in both of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kibana_asks import of_api, of_lens
from kibana_shapes import SAVED, DashboardBody, DashboardFile, DataViewBody
from pydantic import ValidationError

from newswarc.settings import KibanaSettings
from search.kibana_install import plan
from search.kibana_lens import lens
from search.kibana_objects import KINDS, dashboard_body, in_api, ndjson, objects, saved

FOUND = objects("articles", "http://127.0.0.1:8765/")
DASHBOARDS = {each["id"]: each for each in FOUND["dashboard"]}
SAVED_OBJECTS = [saved(kind, each) for kind in KINDS[1:] for each in FOUND[kind]]
IDS = {(kind, each["id"]) for kind in KINDS for each in FOUND[kind]}


def test_what_the_issue_names_is_there() -> None:
    assert set(DASHBOARDS) == {"newswarc-coverage", "newswarc-source-health", "newswarc-archive-growth"}
    assert [len(FOUND[kind]) for kind in KINDS] == [2, 1, 1, 3]
    assert len({id for _, id in IDS}) == len(IDS)


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)
def test_dashboards_are_of_the_published_form(dashboard: dict[str, Any]) -> None:
    DashboardFile.model_validate(dashboard)
    if in_api(dashboard):
        DashboardBody.model_validate(dashboard_body(dashboard))
    else:
        with pytest.raises(ValidationError):
            DashboardBody.model_validate(dashboard_body(dashboard))


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)
def test_panels_lie_on_the_grid_side_by_side(dashboard: dict[str, Any]) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard["panels"]:
        grid = panel["grid"]
        assert grid["x"] + grid["w"] <= 48
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                assert (x, y) not in taken, (panel["uid"], taken[x, y])
                taken[x, y] = panel["uid"]
    bottom = max(y for _, y in taken) + 1
    assert len(taken) == 48 * bottom, "there are holes"
    assert len({panel["uid"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)
def test_both_forms_ask_the_same(dashboard: dict[str, Any]) -> None:
    asks = of_api(dashboard)
    assert asks
    assert of_lens(saved("dashboard", dashboard)) == asks


@pytest.mark.parametrize("each", SAVED_OBJECTS, ids=lambda each: each["id"])
def test_saved_objects_are_of_the_form_that_kibana_exports(each: dict[str, Any]) -> None:
    SAVED[each["type"]].model_validate(each)
    names = [reference["name"] for reference in each["references"]]
    assert len(set(names)) == len(names)


def strings_of_json(value: Any, name: str = "") -> list[Any]:
    """What the strings hold that are JSON by their name."""
    if isinstance(value, dict):
        return [found for key, each in value.items() for found in strings_of_json(each, key)]
    if isinstance(value, list):
        return [found for each in value for found in strings_of_json(each)]
    return [json.loads(value)] if name.endswith("JSON") else []


@pytest.mark.parametrize("each", SAVED_OBJECTS, ids=lambda each: each["id"])
def test_json_within_is_a_string_and_json(each: dict[str, Any]) -> None:
    assert strings_of_json(each["attributes"])


@pytest.mark.parametrize("each", SAVED_OBJECTS, ids=lambda each: each["id"])
def test_every_reference_leads_somewhere_and_is_used(each: dict[str, Any]) -> None:
    kinds = {"index-pattern": "data-view", "search": "discover", "map": "map"}
    text = json.dumps(strings_of_json(each["attributes"]))
    for reference in each["references"]:
        assert (kinds[reference["type"]], reference["id"]) in IDS
        panel, _, name = reference["name"].rpartition(":")
        if name == "optionsListDataView":
            assert f'"{panel.removeprefix("controlGroup_")}": {{"type": "optionsListControl"' in text
        elif each["type"] == "dashboard":
            assert f'"panelIndex": "{panel}"' in text
            assert f'"panelRefName": "{name}"' in text or f'"name": "{name}"' in text
        else:
            assert f'RefName": "{name}"' in text


def test_lens_charts_are_whole() -> None:
    for dashboard in DASHBOARDS.values():
        for panel in json.loads(saved("dashboard", dashboard)["attributes"]["panelsJSON"]):
            if panel["type"] != "lens":
                continue
            attributes = panel["embeddableConfig"]["attributes"]
            layers = attributes["state"]["datasourceStates"]["formBased"]["layers"]
            assert {r["name"] for r in attributes["references"]} == {
                f"indexpattern-datasource-layer-{id}" for id in layers
            }
            drawn = json.dumps(attributes["state"]["visualization"])
            for layer in layers.values():
                assert list(layer["columns"]) == layer["columnOrder"]
                bucketed = [layer["columns"][id]["isBucketed"] for id in layer["columnOrder"]]
                assert bucketed == sorted(bucketed, reverse=True), "buckets come first"
                assert all(f'"{id}"' in drawn for id in layer["columns"]), "a column that is not drawn"


def test_last_seen_is_drawn_as_a_date() -> None:
    table = next(p for p in DASHBOARDS["newswarc-source-health"]["panels"] if p["uid"] == "standing")
    columns = lens(table["config"])["state"]["datasourceStates"]["formBased"]["layers"]["layer0"]["columns"]
    assert {c["label"]: c["dataType"] for c in columns.values()}["Last seen"] == "date"
    assert {c["label"]: c["dataType"] for c in columns.values()}["Lag"] == "number"


@pytest.mark.parametrize("part", ["pie", "terms", "operation"])
def test_what_is_not_known_is_an_error_and_never_another_chart(part: str) -> None:
    chart = {
        "type": "metric",
        "title": "",
        "data_source": {"ref_id": "x"},
        "metrics": [{"operation": "count", "label": ""}],
    }
    assert lens(chart)["visualizationType"] == "lnsMetric"
    row = {
        "operation": "terms",
        "fields": ["a"],
        "limit": 1,
        "label": "",
        "rank_by": {"type": "rare", "direction": "asc"},
    }
    wrong = {
        "pie": chart | {"type": "pie"},
        "terms": chart | {"type": "data_table", "rows": [row]},
        "operation": chart | {"metrics": [{"operation": "formula", "label": ""}]},
    }
    with pytest.raises(KeyError):
        lens(wrong[part])


def test_a_file_for_import_is_one_object_a_line() -> None:
    lines = ndjson(SAVED_OBJECTS).decode().split("\n")
    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == SAVED_OBJECTS


def test_the_data_views_are_of_the_published_form() -> None:
    for view in FOUND["data-view"]:
        DataViewBody.model_validate({"override": True, "data_view": view})
        assert view["timeFieldName"]


@pytest.mark.parametrize("version", [(9, 0), (9, 4), (9, 5), (10, 0)])
def test_every_object_has_one_step_and_none_comes_before_what_it_needs(version: tuple[int, int]) -> None:
    steps = plan(KibanaSettings(), "articles", version)
    placed = [each for step in steps for each in step.objects]
    assert len(placed) == len(set(placed)) == len(IDS)
    assert [kind for kind, _ in placed[:2]] == ["data-view", "data-view"]
    by_api = {id for step in steps if step.method == "PUT" for _, id in step.objects}
    assert by_api == (set() if version < (9, 5) else {"newswarc-source-health", "newswarc-archive-growth"})
    assert placed.index(("discover", "newswarc-articles-session")) < placed.index(("dashboard", "newswarc-coverage"))
