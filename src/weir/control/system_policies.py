"""System policies: those that every account has and nobody can change.

What enters: nothing. What leaves: ``SYSTEM_POLICIES`` by name. Names and scopes are Alibaba Cloud's (source: RAM,
"System policies"), as far as they are about what Weir serves; wildcards follow our own actions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

SYSTEM, CUSTOM = "System", "Custom"
"""The two values of PolicyType."""


@dataclass(frozen=True, slots=True)
class SystemPolicy:
    """``document`` is the policy's text."""

    description: str
    document: str


def _allow(description: str, *actions: str) -> SystemPolicy:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return SystemPolicy(description, json.dumps({"Version": "1", "Statement": [statement]}))


SYSTEM_POLICIES: Mapping[str, SystemPolicy] = {
    "AdministratorAccess": _allow("Full access to all services and resources.", "*"),
    "ReadOnlyAccess": _allow(
        "Read-only access to all services and resources.", "*:Describe*", "*:List*", "*:Get*", "log:GetCursorOrData"
    ),
    "AliyunVPCFullAccess": _allow("Full access to VPC.", "vpc:*", "ecs:DescribeNetworkInterfaces"),
    "AliyunVPCReadOnlyAccess": _allow("Read-only access to VPC.", "vpc:Describe*", "vpc:List*", "vpc:Get*"),
    "AliyunECSFullAccess": _allow("Full access to ECS.", "ecs:*", "vpc:DescribeVpcs", "vpc:DescribeVSwitches"),
    "AliyunECSReadOnlyAccess": _allow("Read-only access to ECS.", "ecs:Describe*", "ecs:List*"),
    "AliyunLogFullAccess": _allow("Full access to the log service.", "log:*"),
    "AliyunLogReadOnlyAccess": _allow("Read-only access to the log service.", "log:Get*", "log:List*"),
    "AliyunRAMFullAccess": _allow("Full access to RAM.", "ram:*"),
    "AliyunRAMReadOnlyAccess": _allow("Read-only access to RAM.", "ram:Get*", "ram:List*"),
    "AliyunSTSAssumeRoleAccess": _allow("May assume roles.", "sts:AssumeRole"),
    "AliyunVPCLogArchiveRolePolicy": _allow(
        "What the service role of flow logs may do.", "log:PostLogStoreLogs", "log:GetProject", "log:GetLogStore"
    ),
}
