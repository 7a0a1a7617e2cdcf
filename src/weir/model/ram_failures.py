"""Failures of products Ram and Sts: code, HTTP status, message, trigger.

What enters: nothing. What leaves: one ``Failure`` constant per code, named after it as in ``failures``. Messages are
the published ones (sources: RAM's page "Error codes", the error tables of AssumeRole).
"""

from __future__ import annotations

from weir.model.failures import Failure


def _absent(code: str, message: str, trigger: str) -> Failure:
    return Failure(f"EntityNotExist.{code}", 404, message, trigger=trigger)


def _exists(code: str, message: str, trigger: str) -> Failure:
    return Failure(f"EntityAlreadyExists.{code}", 409, message, trigger=trigger)


def _in_use(code: str, message: str, trigger: str) -> Failure:
    return Failure(f"DeleteConflict.{code}", 409, message, trigger=trigger)


def _too_many(code: str, message: str, trigger: str) -> Failure:
    return Failure(f"LimitExceeded.{code}", 409, message, trigger=trigger)


ENTITY_NOT_EXIST_USER = _absent("User", "The user does not exist.", "No RAM user of that name.")
ENTITY_NOT_EXIST_GROUP = _absent("Group", "The group does not exist.", "No group of that name.")
ENTITY_NOT_EXIST_ROLE = _absent("Role", "The specified Role not exists.", "No role of that name, or of that ARN.")
ENTITY_NOT_EXIST_POLICY = _absent("Policy", "The policy does not exist.", "No policy of that type and name.")
ENTITY_NOT_EXIST_USER_ACCESS_KEY = _absent(
    "User.AccessKey", "The user access key does not exist.", "The user, or the account, has no such AccessKey."
)
ENTITY_NOT_EXIST_USER_GROUP = _absent(
    "User.Group", "The user has not joined the group.", "The user is no member of the group."
)
ENTITY_NOT_EXIST_USER_POLICY = _absent(
    "User.Policy", "The indicate policy of the user does not exist.", "The policy is not attached to the user."
)
ENTITY_NOT_EXIST_GROUP_POLICY = _absent(
    "Group.Policy",
    "The indicate policy attached to the group does not exist.",
    "The policy is not attached to the group.",
)
ENTITY_NOT_EXIST_ROLE_POLICY = _absent(
    "Role.Policy",
    "The indicate policy attached to the role does not exist.",
    "The policy is not attached to the role.",
)

ENTITY_ALREADY_EXISTS_USER = _exists("User", "The user does already EXIST.", "A RAM user has that name.")
ENTITY_ALREADY_EXISTS_GROUP = _exists("Group", "The group does already EXIST.", "A group has that name.")
ENTITY_ALREADY_EXISTS_ROLE = _exists("Role", "The role does already EXIST.", "A role has that name.")
ENTITY_ALREADY_EXISTS_POLICY = _exists("Policy", "The policy does already EXIST.", "A policy has that name.")
ENTITY_ALREADY_EXISTS_USER_GROUP = _exists(
    "User.Group", "The user has already joined the group.", "The user is a member of the group."
)
ENTITY_ALREADY_EXISTS_USER_POLICY = _exists(
    "User.Policy", "The user has already been attached this policy.", "The policy is attached to the user."
)
ENTITY_ALREADY_EXISTS_GROUP_POLICY = _exists(
    "Group.Policy", "The group has already been attached this policy.", "The policy is attached to the group."
)
ENTITY_ALREADY_EXISTS_ROLE_POLICY = _exists(
    "Role.Policy", "The role has already been attached this policy.", "The policy is attached to the role."
)

DELETE_CONFLICT_USER_GROUP = _in_use(
    "User.Group", "The user CAN NOT be in any group while deleting the user.", "The user is a member of a group."
)
DELETE_CONFLICT_USER_ACCESS_KEY = _in_use(
    "User.AccessKey", "The user CAN NOT has any access key while deleting the user.", "The user has an AccessKey."
)
DELETE_CONFLICT_USER_POLICY = _in_use(
    "User.Policy",
    "The user CAN NOT has any attached policy while deleting the user.",
    "A policy is attached to the user.",
)
DELETE_CONFLICT_GROUP_USER = _in_use(
    "Group.User", "The group CAN NOT has any user member while deleting the group.", "The group has a member."
)
DELETE_CONFLICT_GROUP_POLICY = _in_use(
    "Group.Policy",
    "The entity CAN NOT has any attached policy while deleting the group.",
    "A policy is attached to the group.",
)
DELETE_CONFLICT_ROLE_POLICY = _in_use(
    "Role.Policy",
    "The role CAN NOT has any attached policy while deleting the role.",
    "A policy is attached to the role.",
)
DELETE_CONFLICT_POLICY_USER = _in_use(
    "Policy.User",
    "The policy CAN NOT been attached to any user while deleting the policy.",
    "The policy is attached to a user.",
)
DELETE_CONFLICT_POLICY_GROUP = _in_use(
    "Policy.Group",
    "The policy CAN NOT been attached to any group while deleting the policy.",
    "The policy is attached to a group.",
)
DELETE_CONFLICT_POLICY_ROLE = _in_use(
    "Policy.Role",
    "The policy CAN NOT been attached to any role while deleting the policy.",
    "The policy is attached to a role.",
)

LIMIT_EXCEEDED_USER_ACCESS_KEY = _too_many(
    "User.AccessKey",
    "The access key count of the user access keys beyond the current limits.",
    "The user, or the account, has as many AccessKeys as it may have.",
)
LIMIT_EXCEEDED_USER = _too_many("User", "The count of users beyond the current limits.", "As many users as allowed.")
LIMIT_EXCEEDED_GROUP = _too_many(
    "Group", "The count of groups beyond the current limits.", "As many groups as allowed."
)
LIMIT_EXCEEDED_ROLE = _too_many("Role", "The count of roles beyond the current limits.", "As many roles as allowed.")
LIMIT_EXCEEDED_POLICY = _too_many(
    "Policy", "The count of policy beyond the current limits.", "As many custom policies as allowed."
)

MALFORMED_POLICY_DOCUMENT = Failure(
    "MalformedPolicyDocument",
    400,
    "The policy document is malformed.",
    trigger="The document is not of the policy language; the message says where.",
)
INVALID_PARAMETER_POLICY_GRAMMAR = Failure(
    "InvalidParameter.PolicyGrammar",
    400,
    "The parameter Policy has not passed grammar check.",
    trigger="The session policy is not of the policy language.",
)
INVALID_PARAMETER_ROLE_ARN = Failure(
    "InvalidParameter.RoleArn",
    400,
    "The parameter RoleArn is wrongly formed.",
    trigger="RoleArn is not of the form acs:ram::ACCOUNT:role/NAME.",
)
INVALID_PARAMETER_ROLE_SESSION_NAME = Failure(
    "InvalidParameter.RoleSessionName",
    400,
    "The parameter RoleSessionName is wrongly formed.",
    trigger="RoleSessionName is not 2 to 64 letters, digits or any of . @ - _ characters.",
)
INVALID_PARAMETER_DURATION_SECONDS = Failure(
    "InvalidParameter.DurationSeconds",
    400,
    "The Min/Max value of DurationSeconds is 15min/1hr.",
    trigger="DurationSeconds is under 900 or over the role's MaxSessionDuration.",
)
NO_PERMISSION = Failure(
    "NoPermission",
    403,
    "You are not authorized to do this action. You should be authorized by RAM.",
    trigger="The account itself assumes a role, or the role's trust policy does not let the caller assume it.",
)
