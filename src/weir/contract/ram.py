"""Product Ram 2015-05-01 in one list.

What enters: the declarations of the four files beside it. What leaves: ``RAM_COMMANDS``.
"""

from __future__ import annotations

from weir.contract import ram_groups as groups
from weir.contract import ram_policies as policies
from weir.contract import ram_roles as roles
from weir.contract import ram_users as users

RAM_COMMANDS: tuple[type, ...] = (
    users.CreateUser,
    users.GetUser,
    users.ListUsers,
    users.DeleteUser,
    users.CreateAccessKey,
    users.UpdateAccessKey,
    users.DeleteAccessKey,
    users.ListAccessKeys,
    groups.CreateGroup,
    groups.GetGroup,
    groups.ListGroups,
    groups.DeleteGroup,
    groups.AddUserToGroup,
    groups.RemoveUserFromGroup,
    groups.ListUsersForGroup,
    groups.ListGroupsForUser,
    policies.CreatePolicy,
    policies.GetPolicy,
    policies.ListPolicies,
    policies.DeletePolicy,
    policies.AttachPolicyToUser,
    policies.AttachPolicyToGroup,
    policies.AttachPolicyToRole,
    policies.DetachPolicyFromUser,
    policies.DetachPolicyFromGroup,
    policies.DetachPolicyFromRole,
    policies.ListPoliciesForUser,
    policies.ListPoliciesForGroup,
    policies.ListPoliciesForRole,
    roles.CreateRole,
    roles.GetRole,
    roles.UpdateRole,
    roles.ListRoles,
    roles.DeleteRole,
)
