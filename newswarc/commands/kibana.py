"""`newswarc kibana install`."""

from __future__ import annotations

from pathlib import Path

from newswarc.commands.faults import UserError, WorkFault
from newswarc.commands.printing import console, print_json, table
from newswarc.settings import DataFolder, KibanaSettings, elastic_name


def install(kibana: str | None, space: str | None, evidence: str | None, dry: bool, data: Path, json: bool) -> int:
    from search.kibana_install import KibanaFault
    from search.kibana_install import install as put

    settings = KibanaSettings.from_environment(url=kibana, space=space, evidence=evidence)
    try:
        done = put(settings, _index_name(DataFolder(data)), dry=dry)
    except KibanaFault as fault:
        raise WorkFault(str(fault)) from fault
    if json:
        told = {"kibana": done.kibana, "version": done.version, "space": done.space, "dry_run": dry}
        steps = [
            {"method": step.method, "path": step.path, "objects": [id for _, id in step.objects]}
            | ({"body": step.body.decode()} if dry else {})
            for step in done.steps
        ]
        print_json(told | {"steps": steps})
        return 0
    rows = [[kind, id, f"{step.method} {step.path}"] for step in done.steps for kind, id in step.objects]
    out = console()
    out.print(table(["object", "id", "would be put in place by" if dry else "put in place by"], rows))
    out.print(f"Kibana {done.version} at {done.kibana}, space {done.space}; archived originals: {settings.evidence}",
              markup=False)  # fmt: skip
    return 0


def _index_name(folder: DataFolder) -> str:
    """Of the index on Elasticsearch; Kibana sees no other."""
    if not folder.on_elasticsearch:
        raise UserError(
            "Kibana reads an index on Elasticsearch: name it with --index elasticsearch:http://HOST:9200/NAME"
        )
    return elastic_name(folder.index_url.removeprefix("elasticsearch:"))
