"""The forms that Kibana publishes, as far as our objects use them: everything that is not named here is refused.

Dashboards API: the reference of the Dashboards and Visualizations APIs for 9.5, and the same in Kibana's own sources.
Saved objects: what Kibana 9 exports.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


# ---- Dashboards API


class Rank(Strict):
    type: Literal["metric", "alphabetical"]
    metric_index: Annotated[int, Field(ge=0)] | None = None
    direction: Literal["asc", "desc"]


class OtherBucket(Strict):
    include_documents_without_field: bool


class Terms(Strict):
    operation: Literal["terms"]
    fields: Annotated[list[str], Field(min_length=1, max_length=4)]
    limit: Annotated[int, Field(ge=1, le=1000)]
    label: str
    other_bucket: OtherBucket | None = None
    rank_by: Rank


class DateHistogram(Strict):
    operation: Literal["date_histogram"]
    field: str
    label: str
    suggested_interval: str = "auto"


Bucket = Annotated[Terms | DateHistogram, Field(discriminator="operation")]


class Value(Strict):
    operation: Literal["count", "sum", "min", "max", "median", "unique_count"]
    field: str | None = None
    label: str

    @model_validator(mode="after")
    def field_where_it_needs_one(self) -> Value:
        assert (self.field is None) == (self.operation == "count")
        return self


class PrimaryValue(Value):
    type: Literal["primary"]


class DataViewReference(Strict):
    type: Literal["data_view_reference"]
    ref_id: str


class XyLayer(Strict):
    type: Literal["bar", "bar_stacked", "bar_horizontal", "bar_horizontal_stacked", "line", "area"]
    data_source: DataViewReference
    x: Bucket
    y: Annotated[list[Value], Field(min_length=1, max_length=100)]
    breakdown_by: Bucket | None = None


class Xy(Strict):
    type: Literal["xy"]
    title: str
    layers: Annotated[list[XyLayer], Field(min_length=1)]


class Metric(Strict):
    type: Literal["metric"]
    title: str
    data_source: DataViewReference
    metrics: Annotated[list[PrimaryValue], Field(min_length=1, max_length=1)]


class DataTable(Strict):
    type: Literal["data_table"]
    title: str
    data_source: DataViewReference
    rows: Annotated[list[Bucket], Field(min_length=1, max_length=50)]
    metrics: Annotated[list[Value], Field(min_length=1)]


class Grid(Strict):
    x: Annotated[int, Field(ge=0, le=47)]
    y: Annotated[int, Field(ge=0)]
    w: Annotated[int, Field(ge=1, le=48)]
    h: Annotated[int, Field(ge=1)]


class ByReference(Strict):
    ref_id: str
    overrides: dict[str, Any] = {}


class VisPanel(Strict):
    uid: str
    type: Literal["vis"]
    grid: Grid
    config: Annotated[Xy | Metric | DataTable, Field(discriminator="type")]


class SessionPanel(Strict):
    uid: str
    type: Literal["discover_session"]
    grid: Grid
    config: ByReference


class MapPanel(Strict):
    """Ours: the API of 9.5 has none."""

    uid: str
    type: Literal["map"]
    grid: Grid
    config: ByReference


class ControlConfig(Strict):
    title: str
    data_view_id: str
    field_name: str


class Control(Strict):
    type: Literal["options_list_control"]
    width: Literal["small", "medium", "large"]
    grow: bool
    config: ControlConfig


class TimeRange(Strict):
    from_: str = Field(alias="from")
    to: str


class Expression(Strict):
    expression: str
    language: Literal["kql", "lucene"]


class DashboardBody(Strict):
    """Of `PUT /api/dashboards/<id>`."""

    title: Annotated[str, Field(min_length=1)]
    description: str
    time_range: TimeRange
    query: Expression | None = None
    pinned_panels: list[Control] = []
    panels: Annotated[list[Annotated[VisPanel | SessionPanel, Field(discriminator="type")]], Field(max_length=100)]


class DashboardFile(DashboardBody):
    """With what our files have beside it."""

    id: str
    panels: Annotated[  # type: ignore[assignment]
        list[Annotated[VisPanel | SessionPanel | MapPanel, Field(discriminator="type")]], Field(max_length=100)
    ]


# ---- Data views API


class FieldFormat(Strict):
    id: Literal["url", "bytes", "duration"]
    params: dict[str, Any]


class DataView(Strict):
    id: str
    name: str
    title: str
    timeFieldName: str
    fieldFormats: dict[str, FieldFormat]


class DataViewBody(Strict):
    """Of `POST /api/data_views/data_view`."""

    override: Literal[True]
    data_view: DataView


# ---- saved objects


class Reference(Strict):
    type: Literal["index-pattern", "search", "map"]
    id: str
    name: str


class Meta(Strict):
    searchSourceJSON: str


class SessionAttributes(Strict):
    title: str
    description: str
    columns: list[str]
    sort: list[tuple[str, Literal["asc", "desc"]]]
    grid: dict[str, Any]
    hideChart: bool
    isTextBasedQuery: Literal[False]
    timeRestore: bool
    kibanaSavedObjectMeta: Meta


class MapAttributes(Strict):
    title: str
    description: str
    layerListJSON: str
    mapStateJSON: str
    uiStateJSON: str


class ControlGroup(Strict):
    chainingSystem: Literal["HIERARCHICAL", "NONE"]
    controlStyle: Literal["oneLine", "twoLine"]
    ignoreParentSettingsJSON: str
    panelsJSON: str
    showApplySelections: bool


class DashboardAttributes(Strict):
    title: str
    description: str
    version: int
    timeRestore: Literal[True]
    timeFrom: str
    timeTo: str
    optionsJSON: str
    panelsJSON: str
    kibanaSavedObjectMeta: Meta
    controlGroupInput: ControlGroup | None = None


class Saved(Strict):
    id: str
    coreMigrationVersion: Literal["8.8.0"]
    managed: Literal[False]
    references: list[Reference]


class SavedSession(Saved):
    type: Literal["search"]
    typeMigrationVersion: Literal["10.5.0"]
    attributes: SessionAttributes


class SavedMap(Saved):
    type: Literal["map"]
    typeMigrationVersion: Literal["8.4.0"]
    attributes: MapAttributes


class SavedDashboard(Saved):
    type: Literal["dashboard"]
    typeMigrationVersion: Literal["10.2.0"]
    attributes: DashboardAttributes


SAVED: dict[str, type[Saved]] = {"search": SavedSession, "map": SavedMap, "dashboard": SavedDashboard}
