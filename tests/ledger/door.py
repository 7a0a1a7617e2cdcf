"""A whole control plane behind the real gateway, spoken to by signed requests; and the ledger of what it answered.

Every scene gets an account of its own, so scenes do not disturb each other though they share one catalog. What the API
itself cannot set (quotas, the white list, a locked account) is set as the operator does, through ``control.accounts``.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection

from weir.contract import examples
from weir.contract.declare import Spec
from weir.contract.nonces import Nonces
from weir.contract.products import ACTIONS
from weir.contract.sign import v1_signature, v1_text
from weir.contract.sls_commands import CreateLogStore, CreateProject
from weir.control import projects
from weir.control.access import Caller, Principal
from weir.control.accounts import create_account
from weir.control.catalog import Catalog
from weir.control.desk import Desk
from weir.control.handlers import ADMISSIONS, HANDLERS
from weir.control.keys import AccessKey, KeyRing
from weir.control.permits import Permits
from weir.control.regions import Region, spoken_of
from weir.control.sessions import Sessions
from weir.doors.reply import Reply
from weir.doors.rpc import Arrived, Gateway
from weir.logstore.manifest import Manifest
from weir.logstore.store import Store
from weir.model.failures import GATEWAY

HERE, ELSEWHERE, BARE = "cn-hangzhou", "cn-beijing", "cn-shanghai"
"""The regions; the last one has no flow logs."""
NOW = 1_800_000_000.0
NUMBERS = itertools.count(1)
FORM = {"host": "weir.test", "content-type": "application/x-www-form-urlencoded"}
SPECS = {spec.name: spec for spec in ACTIONS.values()}
assert len(SPECS) == len(ACTIONS), "no two products have an action of the same name"


@dataclass
class Ledger:
    """(action, code) of every refusal, how often; and what was answered that is not declared."""

    refused: dict[tuple[str, str], int] = field(default_factory=dict)
    undeclared: list[str] = field(default_factory=list)

    def note(self, spec: Spec, reply: Reply) -> None:
        if reply.status == 200:
            return
        code = reply.document["Code"]
        self.refused[spec.name, code] = self.refused.get((spec.name, code), 0) + 1
        declared = {failure.code: failure.status for failure in (*spec.fails, *GATEWAY)}
        if declared.get(code) != reply.status:
            self.undeclared.append(f"{spec.name}: {code} ({reply.status})")


class Door:
    """The gateway with everything behind it. ``now`` is its clock, moved by hand."""

    def __init__(self, directory: Path) -> None:
        self.now = NOW
        self.ledger = Ledger()
        self.catalog = Catalog(f"sqlite:///{directory / 'catalog.db'}")
        self.keys = KeyRing(self.catalog, directory / "secret.key", lambda: self.now)
        self.store = Store(directory / "logs", Manifest(self.catalog.engine), lambda: self.now)
        regions = (Region(HERE, "weir.test"), Region(ELSEWHERE, "weir.test"), Region(BARE, "weir.test", False))
        self.desk = Desk(self.catalog, regions, self.store, lambda: self.now, started=NOW, keys=self.keys)
        self.gateway = self.gate()
        self.store.start()

    def gate(self, **parts: Any) -> Gateway[Desk]:
        """A gateway before the same desk; ``parts`` in place of the usual ones."""
        usual: dict[str, Any] = {
            "handlers": HANDLERS,
            "desk": self.desk,
            "key_of": self.keys.secret_of,
            "nonces": Nonces(),
            "clock": lambda: self.now,
            "regions": spoken_of(self.desk.regions),
            "admissions": ADMISSIONS,
            "session_of": Sessions(self.keys, lambda: self.now).key_of,
            "permit": Permits(self.catalog).check,
        }
        return Gateway(**usual | parts)

    def close(self) -> None:
        self.store.stop()
        self.catalog.close()

    def writing(self) -> Any:
        """A writing transaction, for what only the operator may set."""
        return self.catalog.writing()

    def tenant(self, *, opened: bool = True) -> Tenant:
        """A new account; ``opened``: it has called OpenFlowLogService and has the logstore ``vpc`` of a project."""
        number = next(NUMBERS)
        with self.catalog.writing() as connection:
            account_id = create_account(connection, name=f"tenant {number}", now=self.now)
            key = self.issue(connection, account_id, Principal.ACCOUNT)
        tenant = Tenant(self, account_id, key, f"flows-{number}")
        if opened:
            tenant.ok("OpenFlowLogService")
            tenant.log_store()
        return tenant

    def issue(self, connection: Connection, account_id: str, principal: Principal) -> AccessKey:
        return self.keys.issue(connection, account_id, principal, name=principal.value, now=self.now)

    def say(self, spec: Spec, key: AccessKey, pairs: Mapping[str, str], token: str = "") -> Reply:
        """One signed call; its outcome is in the ledger."""
        said = self.signable(spec, key, pairs, token)
        said["Signature"] = v1_signature(key.secret, v1_text("POST", said))
        reply = self.gateway.answer(Arrived("POST", "/", b"", FORM, urlencode(said).encode()))
        self.ledger.note(spec, reply)
        return reply

    def nonce(self) -> str:
        """Never the same twice."""
        return f"nonce-{next(NUMBERS)}"

    def signable(self, spec: Spec, key: AccessKey, pairs: Mapping[str, str], token: str = "") -> dict[str, str]:
        """All parameters of a version 1 call but its signature."""
        return {
            "Action": spec.name,
            "Version": spec.product.version,
            "Format": "JSON",
            "AccessKeyId": key.access_key_id,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": self.nonce(),
            "Timestamp": datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **({"SecurityToken": token} if token else {}),
            **pairs,
        }


@dataclass
class Tenant:
    """One account and its world, built through the door. ``A_1_B=x`` stands for the parameter ``A.1.B``."""

    door: Door
    account_id: str
    key: AccessKey
    project: str

    def call(self, action: str, **pairs: str) -> Reply:
        """The action with the example of every required parameter, and ``pairs``; RegionId is the first region."""
        spec = SPECS[action]
        required = examples.least_call(spec)
        said = {name: text for name, text in required.items() if name.partition(".")[0] not in _tops(pairs)}
        if "RegionId" in required:
            said["RegionId"] = HERE
        said |= {name.replace("_", "."): text for name, text in pairs.items()}
        return self.door.say(spec, self.key, said)

    def ok(self, action: str, **pairs: str) -> dict[str, Any]:
        """The answer of a call that must succeed."""
        reply = self.call(action, **pairs)
        assert reply.status == 200, (action, pairs, reply.document)
        return reply.document

    def log_store(self, region: str = HERE, name: str = "vpc") -> str:
        """Makes the account's project in the region, and a logstore in it; returns the project's name."""
        project = self.project if region == HERE else f"{self.project}-{region}"
        caller = Caller(self.account_id, Principal.ACCOUNT, self.key.access_key_id, "tenant")
        made = CreateProject(project=project, description="")
        projects.create_project(self._desk(region), caller, made)
        store = CreateLogStore(project=project, log_store=name, ttl_days=1, shard_count=1)
        projects.create_log_store(self.door.desk, caller, store)
        return project

    def _desk(self, region: str) -> Desk:
        """The desk of a server whose own region is ``region``: projects are made there."""
        desk = self.door.desk
        first = [each for each in desk.regions if each.region_id == region]
        others = tuple(each for each in desk.regions if each.region_id != region)
        return Desk(desk.catalog, (*first, *others), desk.store, desk.clock, desk.started, keys=desk.keys)

    def vpc(self, **pairs: str) -> str:
        return str(self.ok("CreateVpc", **{"CidrBlock": "10.0.0.0/16"} | pairs)["VpcId"])

    def vswitch(self, vpc_id: str = "", block: str = "10.0.1.0/24", **pairs: str) -> str:
        made = self.ok("CreateVSwitch", VpcId=vpc_id or self.vpc(), ZoneId=f"{HERE}-b", CidrBlock=block, **pairs)
        return str(made["VSwitchId"])

    def eni(self, v_switch_id: str = "", **pairs: str) -> str:
        made = self.ok("CreateNetworkInterface", VSwitchId=v_switch_id or self.vswitch(), **pairs)
        return str(made["NetworkInterfaceId"])

    def instance(self, **pairs: str) -> str:
        return str(self.ok("RegisterInstance", **pairs)["InstanceId"]) if pairs else self.instance(InstanceType=MODERN)

    def flow_log_of(self, kind: str, resource_id: str, **pairs: str) -> dict[str, str]:
        """The parameters of a flow log into the account's logstore."""
        target = {"ProjectName": self.project, "LogStoreName": "vpc"}
        return {"ResourceType": kind, "ResourceId": resource_id, **target} | pairs

    def flow_log(self, vpc_id: str = "", **pairs: str) -> str:
        """Makes a flow log of a VPC; its id."""
        return str(self.ok("CreateFlowLog", **self.flow_log_of("VPC", vpc_id or self.vpc(), **pairs))["FlowLogId"])


MODERN = "ecs.g7.xlarge"


def _tops(pairs: Mapping[str, str]) -> set[str]:
    return {name.partition("_")[0] for name in pairs}
