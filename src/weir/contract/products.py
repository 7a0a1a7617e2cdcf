"""Every product and action of the RPC gateway, in one visible list.

What enters: the declarations. What leaves: ``COMMANDS`` and ``find``. Rule: SDKs send Action and Version but no product
name, so the pair must be enough: no two products share a version.
"""

from __future__ import annotations

from weir.contract.declare import Product, Spec, spec_of
from weir.contract.ecs import ECS_COMMANDS
from weir.contract.ecs_attachments import ATTACHMENT_COMMANDS
from weir.contract.nis import NIS, NIS_COMMANDS
from weir.contract.ram import RAM_COMMANDS
from weir.contract.ram_terms import RAM
from weir.contract.resource_groups import RESOURCE_GROUP_COMMANDS, RESOURCE_MANAGER
from weir.contract.sts import STS, STS_COMMANDS
from weir.contract.terms import ECS, VPC, WEIR
from weir.contract.vpc import VPC_COMMANDS
from weir.contract.vpc_changes import CHANGE_COMMANDS
from weir.contract.vpc_tags import TAG_COMMANDS
from weir.contract.weir import WEIR_COMMANDS
from weir.contract.weir_routes import ROUTE_COMMANDS
from weir.contract.weir_world import WORLD_COMMANDS
from weir.model.failures import INVALID_API_NOT_FOUND, INVALID_VERSION, Refusal

PRODUCTS: tuple[Product, ...] = (VPC, ECS, RESOURCE_MANAGER, NIS, RAM, STS, WEIR)
COMMANDS: tuple[type, ...] = (
    *VPC_COMMANDS,
    *CHANGE_COMMANDS,
    *TAG_COMMANDS,
    *ECS_COMMANDS,
    *ATTACHMENT_COMMANDS,
    *RESOURCE_GROUP_COMMANDS,
    *RAM_COMMANDS,
    *STS_COMMANDS,
    *NIS_COMMANDS,
    *WEIR_COMMANDS,
    *WORLD_COMMANDS,
    *ROUTE_COMMANDS,
)
ACTIONS: dict[tuple[str, str, str], Spec] = {
    (spec.product.name, spec.product.version, spec.name): spec for spec in map(spec_of, COMMANDS)
}
"""(product, version, action) -> its declaration."""

_BY_VERSION = {product.version: product.name for product in PRODUCTS}


def find(version: str, action: str) -> Spec:
    """The action of that name in the product of that version. Raises InvalidVersion or InvalidApi.NotFound."""
    product = _BY_VERSION.get(version)
    if product is None:
        raise Refusal(INVALID_VERSION, version=version)
    spec = ACTIONS.get((product, version, action))
    if spec is None:
        raise Refusal(INVALID_API_NOT_FOUND, version=version, action=action)
    return spec
