"""Weir's own actions, product Weir 2026-11-01: how agents learn what to capture, and which device an ENI is.

What enters: nothing. What leaves: one command and one answer class per operation. Rule: the agent has no private door;
it says what it has attached and hears what it should have (level-triggered: every answer is the whole truth, so a lost
one costs nothing), with the same signature and the same failures as any client.
"""

from __future__ import annotations

from weir.contract.declare import action, answer, param, structure
from weir.contract.shapes import OneOf, Pattern, Repeat, Text
from weir.contract.terms import IDENTIFIER, REGION_EXAMPLE, REGION_KNOWN, WEIR, Done, located
from weir.model.failures import (
    BINDING_NOT_FOUND,
    DEVICE_ALREADY_BOUND,
    INVALID_ENI_ID_NOT_FOUND,
    INVALID_PARAMETER,
    INVALID_REGION_ID_NOT_FOUND,
    MISSING_PARAMETER,
    PARAMETER_INVALID,
)
from weir.model.resources import Side

ENI_EXAMPLE = "eni-bp1d66qjxb3qoin3a2b4"
NODE_EXAMPLE = "host-a"
ATTACHED_MAX = 2000
"""Interfaces that one agent may report; above it the call is refused and the agent must split its devices."""
UNDELIVERED_MAX = 1000
"""Logstores that one agent may report as failing; an agent with more reports the first ones by name."""
NODE_NAME = Text(
    length=(1, 253),
    pattern=Pattern(
        r"[A-Za-z0-9][A-Za-z0-9._-]*",
        "letters, digits, dots, hyphens and underscores, the first a letter or digit",
        good=("a", "Host-1.example_x", "a" * 253),
        bad=("-a", "a b", "a/b", "ä", "a\n"),
    ),
)
DEVICE = Text(
    length=(1, 21),
    pattern=Pattern(
        r"(?!\.{1,2}$)[^/\s:]{1,15}|mac:[0-9a-f]{2}(:[0-9a-f]{2}){5}|ifindex:[1-9][0-9]{0,9}",
        "a Linux device name, `mac:` and a MAC address, or `ifindex:` and a number",
        good=("eth0", "veth-guest1", "a.100", "a" * 15, "mac:02:00:00:00:00:2a", "ifindex:7"),
        bad=("eth 0", "a/b", "eth0:1", ".", "..", "a\n", "a" * 16, "mac:2:0:0:0:0:2a", "ifindex:0"),
    ),
)
GENERATION = Text(length=(1, 64))
REVISION = Text(length=(0, 64))
ERROR_TEXT = Text(length=(0, 1024))


@structure
class AttachedItem:
    """One interface that the agent has attached, or tried to."""

    network_interface_id: str = param(IDENTIFIER, "The interface.", example=ENI_EXAMPLE)
    generation: str = param(GENERATION, "Generation of the target that was attached.", example="9f2c41aa07be31d5")
    error: str = param(
        ERROR_TEXT, "Why it could not be attached; empty: it is attached.", example="no such device", default=""
    )


@structure
class UndeliveredItem:
    """One logstore that did not take the agent's last batch."""

    project_name: str = param(IDENTIFIER, "Project of the batch.", example="flow-logs")
    log_store_name: str = param(IDENTIFIER, "Logstore of the batch.", example="vpc_flow_log")
    code: str = param(Text(length=(1, 128)), "Code of its refusal, or `Unreachable`.", example="ProjectNotExist")


@structure
class TargetFlowLog:
    """One flow log that covers a target."""

    flow_log_id: str = answer("The flow log.", example="fl-m5e8vhz2t21sel1nq5kzd")
    aggregation_interval: int = answer("Window in minutes.", example=10)
    traffic_type: str = answer("`All`, `Allow` or `Drop`.", example="All")
    project_name: str = answer("Project that receives the records.", example="flow-logs")
    log_store_name: str = answer("Logstore that receives the records.", example="vpc_flow_log")
    ip_version: str = answer("`IPv4` or `DualStack`.", example="IPv4")
    log_format: str = answer(
        "Fields of its records; empty: the published ones.", default="", example="${srcaddr}${dstaddr}"
    )
    traffic_path: tuple[str, ...] = answer("Paths captured.", item="TrafficPathList", example="all")
    since: int = answer("Unix time in seconds from which on its records count.", example=1795316930)


@structure
class TargetRoute:
    """One route of a target: where its traffic goes next."""

    cidr_block: str = answer("Addresses at the far end; empty for a device.", default="", example="0.0.0.0/0")
    device: str = answer("Everything behind this device of the node; empty for a block.", default="", example="wg0")
    path: str = answer("The path, as in SetTrafficRoute.", example="natGateway")


@structure
class Target:
    """One interface that the agent should have attached."""

    network_interface_id: str = answer("The interface.", example=ENI_EXAMPLE)
    generation: str = answer("Changes when the attachment must be made anew.", example="9f2c41aa07be31d5")
    device: str = answer("Its Linux device on this node.", example="veth-guest1")
    side: str = answer(
        "`behind`: the host end of a veth or tap; `self`: the device is the interface.", example="behind"
    )
    addresses: tuple[str, ...] = answer(
        "Its addresses, IPv4 before IPv6, the primary one first.", item="Address", example="10.0.1.7"
    )
    account_id: str = answer("Its account.", example="1234567890123456")
    instance_id: str = answer("Instance it is attached to; `-` if none.", example="-")
    v_switch_id: str = answer("Its VSwitch.", example="vsw-bp1s5fnvk4gn2tws03624")
    vpc_id: str = answer("Its VPC.", example="vpc-bp1nwd16gvo1wgs7v5m2t")
    flow_logs: tuple[TargetFlowLog, ...] = answer("Flow logs that cover it.", item="FlowLog")
    routes: tuple[TargetRoute, ...] = answer("Paths of its traffic.", item="Route", default=())


@structure
class SyncResult:
    """The answer of SyncAgent."""

    sync_interval_seconds: int = answer("How long to wait before the next call.", example=2)
    revision: str = answer(
        "Names exactly these targets; to be sent back once they are applied.", example="5d41402abc4b2a76"
    )
    targets: tuple[Target, ...] = answer("Everything this node should have attached.", item="Target")


@action(
    WEIR,
    returns=SyncResult,
    summary="An agent says what it has and hears what it should have.",
    fails=(MISSING_PARAMETER, INVALID_REGION_ID_NOT_FOUND, INVALID_PARAMETER, PARAMETER_INVALID),
    rules=(REGION_KNOWN,),
    resources=(located("agent/{NodeName}", "weir"),),
)
class SyncAgent:
    """To be repeated every SyncIntervalSeconds; an agent silent for long no longer holds up a flow log."""

    region_id: str = param(IDENTIFIER, "Region of the node.", example=REGION_EXAMPLE)
    node_name: str = param(NODE_NAME, "The node the agent runs on.", example=NODE_EXAMPLE)
    revision: str = param(
        REVISION,
        "Revision of the targets that are applied; empty before the first.",
        example="5d41402abc4b2a76",
        default="",
    )
    attached: tuple[AttachedItem, ...] = param(
        Repeat(AttachedItem, at_most=ATTACHED_MAX), "Every interface the agent has attached or tried to.", default=()
    )
    undelivered: tuple[UndeliveredItem, ...] = param(
        Repeat(UndeliveredItem, at_most=UNDELIVERED_MAX),
        "Every logstore that did not take the agent's last batch; one that is not listed took it.",
        default=(),
    )


@action(
    WEIR,
    returns=Done,
    summary="Say which device of which node a network interface is.",
    fails=(MISSING_PARAMETER, PARAMETER_INVALID, INVALID_ENI_ID_NOT_FOUND, DEVICE_ALREADY_BOUND),
    resources=(located("binding/{NetworkInterfaceId}", "weir"),),
)
class BindNetworkInterface:
    """The interface is then `InUse`. Binding it again moves it; the same call twice changes nothing."""

    network_interface_id: str = param(IDENTIFIER, "The interface.", example=ENI_EXAMPLE)
    node_name: str = param(NODE_NAME, "Node that has the device.", example=NODE_EXAMPLE)
    device: str = param(
        DEVICE,
        "The Linux device: its name, `mac:02:00:00:00:00:2a` (where one device alone has that address) or `ifindex:7`.",
        example="veth-guest1",
    )
    side: Side = param(
        OneOf(Side),
        "`behind`: the device is the host end of a veth or tap and the guest is the interface; `self`: the device is"
        " the interface itself.",
        example="behind",
        default=Side.BEHIND,
    )


@action(
    WEIR,
    returns=Done,
    summary="Release a network interface from its device.",
    fails=(MISSING_PARAMETER, PARAMETER_INVALID, INVALID_ENI_ID_NOT_FOUND, BINDING_NOT_FOUND),
    resources=(located("binding/{NetworkInterfaceId}", "weir"),),
)
class UnbindNetworkInterface:
    """The interface is then `Available`; flow logs over it go on without it."""

    network_interface_id: str = param(IDENTIFIER, "The interface.", example=ENI_EXAMPLE)


@structure
class Binding:
    """One binding."""

    network_interface_id: str = answer("The interface.", example=ENI_EXAMPLE)
    node_name: str = answer("Node that has the device.", example=NODE_EXAMPLE)
    device: str = answer("Name of the Linux device.", example="veth-guest1")
    side: str = answer("`behind` or `self`.", example="behind")
    bound_time: str = answer("When it was bound, `YYYY-MM-DDThh:mm:ssZ`.", example="2026-11-22T03:08:50Z")


@structure
class BindingList:
    """The answer of DescribeNetworkInterfaceBindings."""

    bindings: tuple[Binding, ...] = answer("The bindings, by interface.", item="Binding")


@action(
    WEIR,
    returns=BindingList,
    summary="List which device of which node the network interfaces are.",
    writes=False,
    fails=(PARAMETER_INVALID,),
    resources=(located("binding/*", "weir"),),
)
class DescribeNetworkInterfaceBindings:
    """Every filter must match, each exactly."""

    node_name: str | None = param(IDENTIFIER, "The node.", example=NODE_EXAMPLE, default=None)
    network_interface_id: str | None = param(IDENTIFIER, "The interface.", example=ENI_EXAMPLE, default=None)


@structure
class AgentAttachment:
    """One interface as its agent last reported it."""

    network_interface_id: str = answer("The interface.", example=ENI_EXAMPLE)
    generation: str = answer("Generation that is attached.", example="9f2c41aa07be31d5")
    error: str = answer("Why it could not be attached; empty: it is attached.", default="")


@structure
class Agent:
    """One agent as last heard of."""

    node_name: str = answer("The node it runs on.", example=NODE_EXAMPLE)
    region_id: str = answer("Its region.", example=REGION_EXAMPLE)
    status: str = answer("`Live`, or `Silent` when it has not called for too long.", example="Live")
    first_seen_time: str = answer("When it first called, `YYYY-MM-DDThh:mm:ssZ`.", example="2026-11-22T03:00:00Z")
    last_seen_time: str = answer("When it last called, `YYYY-MM-DDThh:mm:ssZ`.", example="2026-11-22T03:08:50Z")
    attachments: tuple[AgentAttachment, ...] = answer("What it has attached or tried to.", item="Attachment")


@structure
class AgentList:
    """The answer of DescribeAgents."""

    agents: tuple[Agent, ...] = answer("Every agent ever heard of, by node.", item="Agent")


@action(WEIR, returns=AgentList, summary="List the agents.", writes=False, resources=(located("agent/*", "weir"),))
class DescribeAgents:
    """Agents that fell silent stay in the list."""


WEIR_COMMANDS: tuple[type, ...] = (
    SyncAgent,
    BindNetworkInterface,
    UnbindNetworkInterface,
    DescribeNetworkInterfaceBindings,
    DescribeAgents,
)
