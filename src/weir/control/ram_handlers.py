"""Every action of Ram and Sts and the function that carries it out; ``control.handlers`` takes the table over.

What enters: a parsed command. What leaves: its answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from weir.contract import ram_groups as say_groups
from weir.contract import ram_policies as say_policies
from weir.contract import ram_roles as say_roles
from weir.contract import ram_users as say_users
from weir.contract import sts as say_sts
from weir.control import ram_groups as groups
from weir.control import ram_policies as policies
from weir.control import ram_roles as roles
from weir.control import ram_users as users
from weir.control import sts
from weir.control.access import Caller
from weir.control.desk import Desk

RAM_HANDLERS: dict[type, Callable[[Desk, Caller, Any], Any]] = {
    say_users.CreateUser: users.create_user,
    say_users.GetUser: users.get_user,
    say_users.ListUsers: users.list_users,
    say_users.DeleteUser: users.delete_user,
    say_users.CreateAccessKey: users.create_access_key,
    say_users.UpdateAccessKey: users.update_access_key,
    say_users.DeleteAccessKey: users.delete_access_key,
    say_users.ListAccessKeys: users.list_access_keys,
    say_groups.CreateGroup: groups.create_group,
    say_groups.GetGroup: groups.get_group,
    say_groups.ListGroups: groups.list_groups,
    say_groups.DeleteGroup: groups.delete_group,
    say_groups.AddUserToGroup: groups.add_user_to_group,
    say_groups.RemoveUserFromGroup: groups.remove_user_from_group,
    say_groups.ListUsersForGroup: groups.list_users_for_group,
    say_groups.ListGroupsForUser: groups.list_groups_for_user,
    say_policies.CreatePolicy: policies.create_policy,
    say_policies.GetPolicy: policies.get_policy,
    say_policies.ListPolicies: policies.list_policies,
    say_policies.DeletePolicy: policies.delete_policy,
    say_policies.AttachPolicyToUser: policies.attach_policy_to_user,
    say_policies.AttachPolicyToGroup: policies.attach_policy_to_group,
    say_policies.AttachPolicyToRole: policies.attach_policy_to_role,
    say_policies.DetachPolicyFromUser: policies.detach_policy_from_user,
    say_policies.DetachPolicyFromGroup: policies.detach_policy_from_group,
    say_policies.DetachPolicyFromRole: policies.detach_policy_from_role,
    say_policies.ListPoliciesForUser: policies.list_policies_for_user,
    say_policies.ListPoliciesForGroup: policies.list_policies_for_group,
    say_policies.ListPoliciesForRole: policies.list_policies_for_role,
    say_roles.CreateRole: roles.create_role,
    say_roles.GetRole: roles.get_role,
    say_roles.UpdateRole: roles.update_role,
    say_roles.ListRoles: roles.list_roles,
    say_roles.DeleteRole: roles.delete_role,
    say_sts.AssumeRole: sts.assume_role,
    say_sts.GetCallerIdentity: sts.get_caller_identity,
}
