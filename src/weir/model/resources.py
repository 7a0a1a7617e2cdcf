"""What the service manages, and the life of a flow log as a table.

Pure vocabulary: the enums are Alibaba's own words; ``TRANSITIONS`` is the whole state machine (source: the pages of
CreateFlowLog, ActiveFlowLog, DeactiveFlowLog, ModifyFlowLogAttribute, DeleteFlowLog). A pair that is not in the table
is a wrong state for that event.
"""

from __future__ import annotations

from enum import StrEnum


class ResourceType(StrEnum):
    """What a flow log captures."""

    ENI = "NetworkInterface"
    VSWITCH = "VSwitch"
    VPC = "VPC"


class TrafficType(StrEnum):
    """Which verdicts a flow log keeps."""

    ALL = "All"
    ALLOW = "Allow"
    DROP = "Drop"


class Side(StrEnum):
    """Where the device stands: ``behind`` = host end of a veth or tap, ``self`` = the device is the ENI itself."""

    BEHIND = "behind"
    SELF = "self"


class FlowLogStatus(StrEnum):
    """States of a flow log."""

    ACTIVATING = "Activating"
    ACTIVE = "Active"
    MODIFYING = "Modifying"
    DEACTIVATING = "Deactivating"
    INACTIVE = "Inactive"
    DELETING = "Deleting"


class Event(StrEnum):
    """What moves a flow log. The first four are calls, ``SETTLED`` is every live agent's report that it is done."""

    ACTIVATE = "ActiveFlowLog"
    DEACTIVATE = "DeactiveFlowLog"
    MODIFY = "ModifyFlowLogAttribute"
    DELETE = "DeleteFlowLog"
    SETTLED = "settled"


S, E = FlowLogStatus, Event
TRANSITIONS: dict[tuple[FlowLogStatus, Event], FlowLogStatus] = {
    (S.ACTIVATING, E.SETTLED): S.ACTIVE,
    (S.ACTIVATING, E.DELETE): S.DELETING,
    (S.ACTIVE, E.DEACTIVATE): S.DEACTIVATING,
    (S.ACTIVE, E.MODIFY): S.MODIFYING,
    (S.ACTIVE, E.DELETE): S.DELETING,
    (S.DEACTIVATING, E.SETTLED): S.INACTIVE,
    (S.DEACTIVATING, E.DELETE): S.DELETING,
    (S.INACTIVE, E.ACTIVATE): S.ACTIVATING,
    (S.INACTIVE, E.MODIFY): S.INACTIVE,
    (S.INACTIVE, E.DELETE): S.DELETING,
    (S.MODIFYING, E.SETTLED): S.ACTIVE,
    (S.MODIFYING, E.DELETE): S.DELETING,
}
"""(state, event) -> next state. ``DELETING`` leaves the table: once settled the flow log is gone.

Alibaba documents Delete from Active and Inactive only; Weir also takes it from the transient states, so that a flow log
whose agent never answers can be removed. Modifying an inactive log touches no agent and settles at once.
"""

CAPTURING: frozenset[FlowLogStatus] = frozenset({S.ACTIVATING, S.ACTIVE, S.MODIFYING})
"""States in which agents are asked to capture for the flow log."""
