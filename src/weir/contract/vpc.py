"""Product Vpc 2016-04-28 in one name space: everything a handler or a client says and hears.

What enters: the declarations of the three files beside it. What leaves: the same names, and ``VPC_COMMANDS``.
"""

from __future__ import annotations

from weir.contract.terms import Done, Tag, TagFilter
from weir.contract.vpc_flow_log_life import (
    ActiveFlowLog,
    DeactiveFlowLog,
    DeleteFlowLog,
    GetFlowLogServiceStatus,
    ModifyFlowLogAttribute,
    OpenFlowLogService,
    ServiceOpened,
    ServiceStatus,
    Succeeded,
)
from weir.contract.vpc_flow_logs import (
    CreateFlowLog,
    DescribeFlowLogs,
    FlowLog,
    FlowLogCreated,
    FlowLogPage,
    IpVersion,
    TrafficPath,
)
from weir.contract.vpc_networks import (
    CreateVpc,
    DeleteVpc,
    DescribeRegions,
    DescribeVpcs,
    Region,
    RegionList,
    Vpc,
    VpcCreated,
    VpcPage,
)
from weir.contract.vpc_vswitches import (
    CreateVSwitch,
    DeleteVSwitch,
    DescribeVSwitches,
    RouteTable,
    VSwitch,
    VSwitchCreated,
    VSwitchPage,
)

VPC_COMMANDS: tuple[type, ...] = (
    OpenFlowLogService,
    GetFlowLogServiceStatus,
    CreateFlowLog,
    DescribeFlowLogs,
    ModifyFlowLogAttribute,
    ActiveFlowLog,
    DeactiveFlowLog,
    DeleteFlowLog,
    DescribeRegions,
    CreateVpc,
    DescribeVpcs,
    DeleteVpc,
    CreateVSwitch,
    DescribeVSwitches,
    DeleteVSwitch,
)

__all__ = [
    "VPC_COMMANDS",
    "ActiveFlowLog",
    "CreateFlowLog",
    "CreateVSwitch",
    "CreateVpc",
    "DeactiveFlowLog",
    "DeleteFlowLog",
    "DeleteVSwitch",
    "DeleteVpc",
    "DescribeFlowLogs",
    "DescribeRegions",
    "DescribeVSwitches",
    "DescribeVpcs",
    "Done",
    "FlowLog",
    "FlowLogCreated",
    "FlowLogPage",
    "GetFlowLogServiceStatus",
    "IpVersion",
    "ModifyFlowLogAttribute",
    "OpenFlowLogService",
    "Region",
    "RegionList",
    "RouteTable",
    "ServiceOpened",
    "ServiceStatus",
    "Succeeded",
    "Tag",
    "TagFilter",
    "TrafficPath",
    "VSwitch",
    "VSwitchCreated",
    "VSwitchPage",
    "Vpc",
    "VpcCreated",
    "VpcPage",
]
