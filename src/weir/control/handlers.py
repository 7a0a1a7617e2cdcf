"""Every declared RPC action and the function that carries it out, in one visible table.

What enters: a parsed command of any product. What leaves: its answer. Rule: the table holds every command of
``contract.products`` and nothing else; a test compares the two. ``ADMISSIONS`` are the checks that an action makes
before its parameters are looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from weir.contract import (
    ecs,
    ecs_attachments,
    nis,
    resource_groups,
    vpc,
    vpc_changes,
    vpc_tags,
    weir,
    weir_routes,
    weir_world,
)
from weir.control import (
    analyzers,
    attachments,
    changes,
    describing,
    flowlogs,
    groups,
    interfaces,
    inventory,
    nodes,
    routes,
    sharing,
    tag_calls,
    traffic,
)
from weir.control.access import Caller
from weir.control.desk import Desk
from weir.control.ram_handlers import RAM_HANDLERS

HANDLERS: dict[type, Callable[[Desk, Caller, Any], Any]] = {
    vpc.OpenFlowLogService: flowlogs.open_flow_log_service,
    vpc.GetFlowLogServiceStatus: flowlogs.get_flow_log_service_status,
    vpc.CreateFlowLog: flowlogs.create_flow_log,
    vpc.DescribeFlowLogs: describing.describe_flow_logs,
    vpc.ModifyFlowLogAttribute: flowlogs.modify_flow_log_attribute,
    vpc.ActiveFlowLog: flowlogs.active_flow_log,
    vpc.DeactiveFlowLog: flowlogs.deactive_flow_log,
    vpc.DeleteFlowLog: flowlogs.delete_flow_log,
    vpc.DescribeRegions: inventory.describe_regions,
    vpc.CreateVpc: inventory.create_vpc,
    vpc.DescribeVpcs: inventory.describe_vpcs,
    vpc.DeleteVpc: inventory.delete_vpc,
    vpc.CreateVSwitch: inventory.create_vswitch,
    vpc.DescribeVSwitches: inventory.describe_vswitches,
    vpc.DeleteVSwitch: inventory.delete_vswitch,
    vpc_changes.ModifyVpcAttribute: changes.modify_vpc_attribute,
    vpc_changes.ModifyVSwitchAttribute: changes.modify_vswitch_attribute,
    vpc_tags.TagResources: tag_calls.tag_resources,
    vpc_tags.UnTagResources: tag_calls.untag_resources,
    vpc_tags.ListTagResources: tag_calls.list_tag_resources,
    vpc_tags.MoveResourceGroup: groups.move_resource_group,
    resource_groups.CreateResourceGroup: groups.create_resource_group,
    resource_groups.GetResourceGroup: groups.get_resource_group,
    resource_groups.ListResourceGroups: groups.list_resource_groups,
    ecs.CreateNetworkInterface: interfaces.create_network_interface,
    ecs.DescribeNetworkInterfaces: interfaces.describe_network_interfaces,
    ecs.DeleteNetworkInterface: interfaces.delete_network_interface,
    ecs_attachments.AttachNetworkInterface: attachments.attach_network_interface,
    ecs_attachments.DetachNetworkInterface: attachments.detach_network_interface,
    ecs_attachments.ModifyNetworkInterfaceAttribute: attachments.modify_network_interface_attribute,
    weir_world.RegisterInstance: attachments.register_instance,
    weir_world.DeregisterInstance: attachments.deregister_instance,
    weir_world.ShareVSwitch: sharing.share_vswitch,
    weir_world.UnshareVSwitch: sharing.unshare_vswitch,
    weir_world.SetVpcAdvancedFeatures: sharing.set_vpc_advanced_features,
    weir_world.SetDefaultVpc: sharing.set_default_vpc,
    weir_world.SetFlowLogServiceType: flowlogs.set_flow_log_service_type,
    weir_routes.SetTrafficRoute: routes.set_traffic_route,
    weir_routes.DeleteTrafficRoute: routes.delete_traffic_route,
    weir_routes.DescribeTrafficRoutes: routes.describe_traffic_routes,
    nis.CreateTrafficAnalyzer: analyzers.create_traffic_analyzer,
    nis.DescribeTrafficAnalyzers: analyzers.describe_traffic_analyzers,
    nis.ActiveTrafficAnalyzer: analyzers.active_traffic_analyzer,
    nis.DeactiveTrafficAnalyzer: analyzers.deactive_traffic_analyzer,
    nis.DeleteTrafficAnalyzer: analyzers.delete_traffic_analyzer,
    nis.StartNisTrafficRanking: traffic.start_nis_traffic_ranking,
    nis.DescribeNisTrafficRanking: traffic.describe_nis_traffic_ranking,
    nis.GetNisTrafficMetrics: traffic.get_nis_traffic_metrics,
    **RAM_HANDLERS,
    weir.SyncAgent: nodes.sync_agent,
    weir.BindNetworkInterface: nodes.bind_network_interface,
    weir.UnbindNetworkInterface: nodes.unbind_network_interface,
    weir.DescribeNetworkInterfaceBindings: nodes.describe_network_interface_bindings,
    weir.DescribeAgents: nodes.describe_agents,
}

ADMISSIONS: dict[type, Callable[[Desk, Caller], None]] = {
    vpc.CreateFlowLog: flowlogs.admit_creation,
    vpc.ModifyFlowLogAttribute: flowlogs.admit_change,
    vpc.ActiveFlowLog: flowlogs.admit_change,
    vpc.DeactiveFlowLog: flowlogs.admit_change,
    vpc.DeleteFlowLog: flowlogs.admit_change,
}
"""Command -> its checks of the account's state."""
