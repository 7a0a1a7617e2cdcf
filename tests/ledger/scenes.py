"""What a scene is: an action, a failure, and how to get there.

A scene's ``prepare`` builds what it needs through the door and returns the parameters of the call that is refused.
Several files hold scenes; ``test_ledger`` puts them together. Failures of parameters alone need no scene, they are
drawn from the declarations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.ledger.door import Tenant
from weir.control.desk import Desk

Pairs = dict[str, str]


@dataclass(frozen=True)
class Scene:
    """``opened``: the account has opened the flow log service before; ``desk``: what stands behind the door in place of
    the usual desk when the call is made."""

    action: str
    code: str
    prepare: Callable[[Tenant], Pairs]
    opened: bool = True
    desk: Callable[[Desk], Desk] | None = None


def same(
    actions: str, code: str, prepare: Callable[[Tenant], Pairs], desk: Callable[[Desk], Desk] | None = None
) -> tuple[Scene, ...]:
    """One scene for several actions, their names divided by blanks."""
    return tuple(Scene(action, code, prepare, desk=desk) for action in actions.split())


def with_pairs(**pairs: str) -> Callable[[Tenant], Pairs]:
    """Nothing to prepare: the parameters are the same for everybody."""
    return lambda tenant: pairs
