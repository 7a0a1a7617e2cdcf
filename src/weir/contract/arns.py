"""The resources of one call, as the ARNs that policies are matched against.

What enters: a declared action, the call's parameters as text, the caller's account. What leaves: one ARN per declared
resource (several for a list parameter). Rules: they are made before the parameters are parsed, since whoever may not
call an action hears nothing else about its call; a value cannot move to another part of the ARN, so a text with a
colon in it counts as ``*`` everywhere but at the end; what an action does not declare is not read at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from weir.contract.declare import ACCOUNT_ID, PLACEHOLDER, Resource, Spec, spec_of

ANY = "*"


def arns_of(spec: Spec, pairs: Mapping[str, str], account_id: str) -> tuple[str, ...]:
    """Every resource that the call needs the action on, in declared order; none only if none is declared."""
    declared = _declared(spec.command)
    said = {name: text for name, text in pairs.items() if name.partition(".")[0] in declared}
    said[ACCOUNT_ID] = account_id
    arns = tuple(arn for resource in spec.resources if _applies(resource, said) for arn in _filled(resource, said))
    if spec.resources and not arns:
        return (f"acs:{spec.product.name.lower()}:{ANY}:{account_id}:{ANY}",)
    return arns


@cache
def _declared(command: type) -> frozenset[str]:
    return frozenset(one.wire for one in spec_of(command).params)


@cache
def _lists(template: str) -> tuple[str, ...]:
    return tuple(name for name in PLACEHOLDER.findall(template) if name.endswith(".N"))


def _applies(resource: Resource, said: Mapping[str, str]) -> bool:
    if resource.when is None:
        return True
    name, value = resource.when
    return said.get(name, "").casefold() == value.casefold()


def _filled(resource: Resource, said: Mapping[str, str]) -> Iterator[str]:
    lists = _lists(resource.template)
    if not lists:
        yield _with(resource.template, said)
        return
    (name,) = lists
    prefix = name[:-1]
    elements = [value for key, value in said.items() if key.startswith(prefix) and "." not in key[len(prefix) :]]
    for element in elements or [ANY]:
        yield _with(resource.template, {**said, name: element})


def _with(template: str, said: Mapping[str, str]) -> str:
    whole, end = template, ""
    if template.count(":") >= 4:
        *head, end = template.split(":", 4)
        whole = ":".join(head) + ":"
    return _replaced(whole, said, colons=not end) + _replaced(end, said, colons=True)


def _replaced(text: str, said: Mapping[str, str], *, colons: bool) -> str:
    def value(name: str) -> str:
        given = said.get(name) or ANY
        return given if colons or ":" not in given else ANY

    return PLACEHOLDER.sub(lambda found: value(found[1]), text)
