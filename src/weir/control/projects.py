"""Projects, logstores and indexes: what the log service keeps in the catalog.

What enters: commands of ``contract.sls_commands`` and who calls. What leaves: results of ``contract.sls_answers``, or a
Refusal with nothing changed. Rules: a project belongs to the account that made it, and only agents write across
accounts; a logstore has no index until somebody gives it one, and a flow log that targets it gives it the flow fields'.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from weir.contract import sls_answers as answers
from weir.contract import sls_commands as say
from weir.control.access import Caller, Principal
from weir.control.catalog import Catalog
from weir.control.desk import Desk
from weir.control.prepared import Prepared
from weir.control.schema import indexes, logstores, projects, traffic_analyzers
from weir.model import sls_failures as failures
from weir.model.fields import EXTENDED_NAMES
from weir.query.index import DELIMITERS, Index

TTL_DAYS = 30
"""Days that a logstore keeps rows when its creator names no ``ttl``."""
SHARD_COUNT = 2
"""Shards of a logstore whose creator names no ``shardCount``."""

_KEPT: dict[str, tuple[str, Any]] = {
    "enable_tracking": ("enable_tracking", False),
    "append_meta": ("appendMeta", False),
    "auto_split": ("autoSplit", False),
    "max_split_shard": ("maxSplitShard", 64),
    "mode": ("mode", "standard"),
    "telemetry_type": ("telemetryType", ""),
    "hot_ttl": ("hot_ttl", None),
}
"""Property -> its name on the wire and its default, for those that are only kept."""

# It runs with every request of a writer.
_LOG_STORE = Prepared(
    select(logstores, projects.c.account_id)
    .join(projects)
    .where(logstores.c.project == bindparam("project"), logstores.c.name == bindparam("name"))
)

_Row = Row[tuple[Any, ...]]


def create_project(desk: Desk, caller: Caller, command: say.CreateProject) -> answers.Done:
    """A new project of the caller, in the server's own region."""
    now = int(desk.now())
    with desk.catalog.writing() as connection:
        if _project(connection, command.project) is not None:
            raise failures.refuse(failures.PROJECT_ALREADY_EXIST, command.project)
        add_project(connection, command, caller.account_id, desk.regions[0].region_id, now)
    return answers.Done()


def get_project(desk: Desk, caller: Caller, command: say.GetProject) -> answers.Project:
    """The project's properties."""
    with desk.catalog.reading() as connection:
        return _project_answer(own_project(connection, caller, command.project))


def list_projects(desk: Desk, caller: Caller, command: say.ListProject) -> answers.Projects:
    """The caller's projects whose name and description contain the given parts."""
    mine = (
        (projects.c.account_id == caller.account_id)
        & projects.c.name.contains(command.name, autoescape=True)
        & projects.c.description.contains(command.description, autoescape=True)
    )
    page = select(projects).where(mine).order_by(projects.c.name).offset(command.offset).limit(command.size)
    with desk.catalog.reading() as connection:
        total = connection.scalar(select(func.count()).select_from(projects).where(mine))
        found = tuple(_project_answer(row) for row in connection.execute(page))
    return answers.Projects(found, int(total or 0))


def update_project(desk: Desk, caller: Caller, command: say.UpdateProject) -> answers.Done:
    """Changes the description, if one is given."""
    now = int(desk.now())
    with desk.catalog.writing() as connection:
        row = own_project(connection, caller, command.project)
        description = row.description if command.description is None else command.description
        connection.execute(
            update(projects).where(projects.c.name == command.project).values(description=description, modified=now)
        )
    return answers.Done()


def delete_project(desk: Desk, caller: Caller, command: say.DeleteProject) -> answers.Done:
    """Deletes the project, its logstores and their rows."""
    with desk.catalog.writing() as connection:
        own_project(connection, caller, command.project)
        _check_free(connection, command.project)
        dropped = remove_project(connection, command.project)
    for store_id in dropped:
        desk.store.drop(store_id)
    return answers.Done()


def create_log_store(desk: Desk, caller: Caller, command: say.CreateLogStore) -> answers.Done:
    """A new logstore, empty and without an index."""
    now = int(desk.now())
    with desk.catalog.writing() as connection:
        own_project(connection, caller, command.project)
        if _log_store(connection, command.project, command.log_store) is not None:
            raise failures.refuse(failures.LOG_STORE_ALREADY_EXIST, command.log_store)
        store_id = add_log_store(connection, command, now)
    desk.store.create(store_id, command.shard_count or SHARD_COUNT)
    return answers.Done()


def get_log_store(desk: Desk, caller: Caller, command: say.GetLogStore) -> answers.LogStore:
    """The logstore's properties."""
    with desk.catalog.reading() as connection:
        row = own_log_store(connection, caller, command.project, command.log_store)
    shard_count = desk.store.shard_count(row.id) or row.shard_count  # splits and merges are the store's to know
    return answers.LogStore(row.name, row.ttl_days, shard_count, row.extra, row.created, row.modified)


def update_log_store(desk: Desk, caller: Caller, command: say.UpdateLogStore) -> answers.Done:
    """Changes the given properties. ``shard_count`` is taken and left as it is: clients send back what they read."""
    now = int(desk.now())
    with desk.catalog.writing() as connection:
        row = own_log_store(connection, caller, command.project, command.log_store)
        connection.execute(
            update(logstores)
            .where(logstores.c.id == row.id)
            .values(ttl_days=command.ttl_days or row.ttl_days, extra=_kept(command, row.extra), modified=now)
        )
    return answers.Done()


def list_log_stores(desk: Desk, caller: Caller, command: say.ListLogStores) -> answers.LogStores:
    """Names of the project's logstores that contain the given part. Every logstore here is of the plain kind."""
    inside = (logstores.c.project == command.project) & logstores.c.name.contains(command.name, autoescape=True)
    names = select(logstores.c.name, logstores.c.extra).where(inside).order_by(logstores.c.name)
    with desk.catalog.reading() as connection:
        own_project(connection, caller, command.project)
        found = [row.name for row in connection.execute(names) if _is_of_kind(row.extra, command.telemetry_type)]
    return answers.LogStores(tuple(found[command.offset : command.offset + command.size]), len(found))


def delete_log_store(desk: Desk, caller: Caller, command: say.DeleteLogStore) -> answers.Done:
    """Deletes the logstore, its index and its rows."""
    with desk.catalog.writing() as connection:
        row = own_log_store(connection, caller, command.project, command.log_store)
        _check_free(connection, command.project)
        connection.execute(delete(indexes).where(indexes.c.logstore_id == row.id))
        connection.execute(delete(logstores).where(logstores.c.id == row.id))
    desk.store.drop(row.id)
    return answers.Done()


def create_index(desk: Desk, caller: Caller, command: say.CreateIndex) -> answers.Done:
    """Gives the logstore an index. Refuses with IndexAlreadyExist or IndexInfoInvalid."""
    body = _index_body(command)
    with desk.catalog.writing() as connection:
        row = own_log_store(connection, caller, command.project, command.log_store)
        if _index(connection, row.id) is not None:
            raise failures.refuse(failures.INDEX_ALREADY_EXIST)
        _insert_index(connection, row.id, body, int(desk.now()))
    return answers.Done()


def update_index(desk: Desk, caller: Caller, command: say.UpdateIndex) -> answers.Done:
    """Replaces the logstore's index. Refuses with IndexConfigNotExist or IndexInfoInvalid."""
    body = _index_body(command)
    now = int(desk.now())
    with desk.catalog.writing() as connection:
        row = own_log_store(connection, caller, command.project, command.log_store)
        changed = connection.execute(
            update(indexes).where(indexes.c.logstore_id == row.id).values(body=body, modified=now)
        )
        if changed.rowcount == 0:
            raise failures.refuse(failures.INDEX_CONFIG_NOT_EXIST)
    return answers.Done()


def get_index(desk: Desk, caller: Caller, command: say.GetIndex) -> answers.Index:
    """The logstore's index. Refuses with IndexConfigNotExist."""
    with desk.catalog.reading() as connection:
        row = own_log_store(connection, caller, command.project, command.log_store)
        found = _index(connection, row.id)
    if found is None:
        raise failures.refuse(failures.INDEX_CONFIG_NOT_EXIST)
    return answers.Index(found.body, row.ttl_days, found.modified)


def delete_index(desk: Desk, caller: Caller, command: say.DeleteIndex) -> answers.Done:
    """Takes the index away. Refuses with IndexConfigNotExist."""
    with desk.catalog.writing() as connection:
        row = own_log_store(connection, caller, command.project, command.log_store)
        gone = connection.execute(delete(indexes).where(indexes.c.logstore_id == row.id))
        if gone.rowcount == 0:
            raise failures.refuse(failures.INDEX_CONFIG_NOT_EXIST)
    return answers.Done()


def add_project(connection: Connection, command: say.CreateProject, account_id: str, region_id: str, now: int) -> None:
    """Writes the row of a new project; that the name is free is the caller's to check."""
    connection.execute(
        insert(projects).values(
            name=command.project,
            account_id=account_id,
            region_id=region_id,
            description=command.description,
            created=now,
            modified=now,
        )
    )


def add_log_store(connection: Connection, command: say.CreateLogStore, now: int) -> int:
    """Writes the row of a new logstore; returns its id, under which the store must create it after the commit."""
    written = connection.execute(
        insert(logstores).values(
            project=command.project,
            name=command.log_store,
            ttl_days=command.ttl_days or TTL_DAYS,
            shard_count=command.shard_count or SHARD_COUNT,
            extra=_kept(command, {}),
            created=now,
            modified=now,
        )
    )
    store_id: int = written.inserted_primary_key[0]  # type: ignore[index]
    return store_id


def remove_project(connection: Connection, name: str) -> list[int]:
    """Deletes the rows of a project and of what is in it; returns the logstores that the store must drop."""
    inside = logstores.c.project == name
    dropped = list(connection.scalars(select(logstores.c.id).where(inside)))
    connection.execute(delete(indexes).where(indexes.c.logstore_id.in_(dropped)))
    connection.execute(delete(logstores).where(inside))
    connection.execute(delete(projects).where(projects.c.name == name))
    return dropped


def own_project(connection: Connection, caller: Caller, name: str) -> _Row:
    """The project's row. Refuses with ProjectNotExist, or Unauthorized where it is another account's."""
    row = _project(connection, name)
    if row is None:
        raise failures.refuse(failures.PROJECT_NOT_EXIST, name)
    _check_owner(caller, row.account_id)
    return row


def own_log_store(connection: Connection, caller: Caller, project: str, name: str) -> Any:
    """The logstore's row, under the rule of ``own_project``; also LogStoreNotExist."""
    row = _log_store(connection, project, name)
    if row is None:
        own_project(connection, caller, project)
        raise failures.refuse(failures.LOG_STORE_NOT_EXIST, name)
    _check_owner(caller, row.account_id)
    return row


def names(catalog: Catalog) -> dict[int, tuple[str, str]]:
    """Project and name of every logstore, by its id."""
    with catalog.reading() as connection:
        rows = connection.execute(select(logstores.c.id, logstores.c.project, logstores.c.name)).all()
    return {row.id: (row.project, row.name) for row in rows}


def _check_owner(caller: Caller, account_id: str) -> None:
    """An agent delivers for every account, so its calls (PutLogs is the only one it may make) pass."""
    if account_id != caller.account_id and caller.principal is not Principal.AGENT:
        raise failures.refuse(failures.UNAUTHORIZED)


def _check_free(connection: Connection, project: str) -> None:
    """A traffic analyzer's project goes with the analyzer. Raises Unauthorized."""
    holder = select(traffic_analyzers.c.status).where(traffic_analyzers.c.traffic_analyzer_id == project)
    if connection.execute(holder).first() is not None:
        raise failures.refuse(failures.UNAUTHORIZED, why="the project of a traffic analyzer")


def index_of(connection: Connection, store_id: int) -> Index:
    """The index for queries. Refuses with IndexConfigNotExist."""
    row = _index(connection, store_id)
    if row is None:
        raise failures.refuse(failures.INDEX_CONFIG_NOT_EXIST)
    return Index.from_document(row.body)


def ensure_flow_index(
    connection: Connection, store: tuple[str, str], now: float, extended: Collection[str] = ()
) -> None:
    """Gives the logstore (project, name) the flow fields' index; part of what makes a flow log that targets it.

    ``extended``: the extended fields that the flow log names; they join an index that was made here. One that its owner
    made is left as it is, as the console does. Unknown logstores are the caller's to refuse.
    """
    row = _log_store(connection, *store)
    if row is None:
        return
    index = _index(connection, row.id)
    if index is None:
        _insert_index(connection, row.id, Index.for_flow_logs(extended).to_document(), int(now))
        return
    held = set(index.body.get("keys") or ()).intersection(EXTENDED_NAMES)
    if not held.issuperset(extended) and index.body == Index.for_flow_logs(held).to_document():
        wider = Index.for_flow_logs(held.union(extended)).to_document()
        this = indexes.c.logstore_id == row.id
        connection.execute(update(indexes).where(this).values(body=wider, modified=int(now)))


def _project(connection: Connection, name: str) -> _Row | None:
    return connection.execute(select(projects).where(projects.c.name == name)).one_or_none()


def _log_store(connection: Connection, project: str, name: str) -> Any:
    """With its project's ``account_id``; None if there is none."""
    return _LOG_STORE.first(connection, {"project": project, "name": name})


def _index(connection: Connection, store_id: int) -> _Row | None:
    return connection.execute(select(indexes).where(indexes.c.logstore_id == store_id)).one_or_none()


def _insert_index(connection: Connection, store_id: int, body: dict[str, Any], now: int) -> None:
    connection.execute(insert(indexes).values(logstore_id=store_id, body=body, created=now, modified=now))


def _project_answer(row: _Row) -> answers.Project:
    return answers.Project(row.name, row.description, row.region_id, row.account_id, row.created, row.modified)


def _kept(command: say.LogStoreProperties, before: dict[str, Any]) -> dict[str, Any]:
    """The properties that are only kept: as given, else as before, else the default."""
    kept = {}
    for name, (wire, default) in _KEPT.items():
        given = getattr(command, name)
        value = before.get(wire, default) if given is None else given
        if value is not None:
            kept[wire] = value
    return kept


def _is_of_kind(extra: dict[str, Any], telemetry_type: str) -> bool:
    """``None`` is what some clients send for the plain kind."""
    return telemetry_type in ("", "None", extra.get("telemetryType", ""))


def _index_body(command: say.CreateIndex) -> dict[str, Any]:
    """The index as it is kept. A text without delimiters gets the usual ones: clients do not read it without."""
    if command.line is None and command.keys is None:
        raise failures.refuse(failures.INDEX_INFO_INVALID, "Required field keys or line is lacking.")
    body: dict[str, Any] = {}
    if command.line is not None:
        body["line"] = {"token": list(DELIMITERS), **command.line}
    if command.keys is not None:
        body["keys"] = {name: _with_tokens(entry) for name, entry in command.keys.items()}
    for name in ("max_text_len", "log_reduce"):
        if getattr(command, name) is not None:
            body[name] = getattr(command, name)
    try:
        Index.from_document(body)
    except ValueError as error:
        raise failures.refuse(failures.INDEX_INFO_INVALID, error) from error
    return body


def _with_tokens(entry: object) -> object:
    if isinstance(entry, dict) and entry.get("type", "text") == "text":
        return {"type": "text", "token": list(DELIMITERS), **entry}
    return entry


HANDLERS: dict[type, Callable[[Desk, Caller, Any], object]] = {
    say.CreateProject: create_project,
    say.GetProject: get_project,
    say.ListProject: list_projects,
    say.UpdateProject: update_project,
    say.DeleteProject: delete_project,
    say.CreateLogStore: create_log_store,
    say.GetLogStore: get_log_store,
    say.UpdateLogStore: update_log_store,
    say.ListLogStores: list_log_stores,
    say.DeleteLogStore: delete_log_store,
    say.CreateIndex: create_index,
    say.UpdateIndex: update_index,
    say.GetIndex: get_index,
    say.DeleteIndex: delete_index,
}
"""Command -> what answers it."""
