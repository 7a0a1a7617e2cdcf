"""How an action is declared: ``@action`` on a frozen dataclass whose fields are ``param`` or ``answer``.

What enters: class declarations in ``vpc``, ``ecs``, ``weir``. What leaves: the class itself, frozen and typed for the
handlers, and its ``Spec``, from which parsing, rendering, manual, command line and tests derive. Rule: everything a
caller may say or hear about an action stands in its declaration, failures included; a declaration whose own
constraints can fail in a way that it does not list does not import.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass
from functools import cache
from typing import Any, TypeVar, dataclass_transform

from weir.contract.shapes import Malformed, Repeat, Shape
from weir.model.failures import INVALID_PARAMETER, MISSING_PARAMETER, PARAMETER_INVALID, Failure

T = TypeVar("T")

PARAM = "weir.param"
ANSWER = "weir.answer"
PLACEHOLDER = re.compile(r"\{([A-Za-z0-9.]+)\}")
ACCOUNT_ID = "AccountId"
"""The placeholder of a ``Resource`` that is no parameter."""
REGION_ID = "RegionId"
"""The placeholder that may be there without its parameter: such an action is about every region."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the RPC gateway. SDKs send its ``version``, never its name; ``title`` is for the manual."""

    name: str
    version: str
    title: str


@dataclass(frozen=True, slots=True)
class Param:
    """One request parameter. ``default`` is ``MISSING`` for a required one; ``unit`` is a plural noun.

    ``missing`` and ``invalid`` are the failures of an absent or an unacceptable value. ``ignored`` is empty, or says
    why Weir accepts the parameter without acting on it; ``refused`` is empty, or says which published values Weir
    always refuses.
    """

    name: str
    wire: str
    shape: Shape | Repeat
    doc: str
    example: str
    default: Any
    missing: Failure
    invalid: Failure
    unit: str
    ignored: str
    refused: str

    @property
    def required(self) -> bool:
        return self.default is MISSING


@dataclass(frozen=True, slots=True)
class Answer:
    """One field of an answer. ``item`` wraps a list as ``{"Name": {"Item": [...]}}``; ``as_text`` makes it a string."""

    name: str
    wire: str
    doc: str
    example: Any
    item: str
    as_text: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A check over several parameters (or one, after its shape): ``check`` returns why it is broken, or None.

    The names of ``check``'s arguments are the parameters it reads; it runs only when all of them are well-formed.
    ``regions`` as an argument gives it the configured ``Regions``. ``doc`` is the sentence for the manual.
    """

    failure: Failure
    doc: str
    check: Callable[..., str | None]

    @property
    def reads(self) -> tuple[str, ...]:
        return _arguments(self.check)


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that a caller's policies must let it do the action on, as a template of an ARN.

    ``{FlowLogId}`` stands for that parameter, ``{ResourceId.N}`` for each element of a list parameter, ``{AccountId}``
    for the caller's account; what is absent is ``*``. ``when``: only for calls in which this parameter has this value.
    """

    template: str
    when: tuple[str, str] | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """The parameters it names, without their ``.N``."""
        named = [name.partition(".")[0] for name in PLACEHOLDER.findall(self.template)]
        return (*named, self.when[0]) if self.when else tuple(named)


@dataclass(frozen=True, slots=True)
class Spec:
    """One declared action. ``fails`` holds every failure it answers with, in the order of the checks; ``resources``
    is its row of the authorisation table."""

    product: Product
    name: str
    command: type
    result: type
    summary: str
    doc: str
    writes: bool
    params: tuple[Param, ...]
    rules: tuple[Rule, ...]
    fails: tuple[Failure, ...]
    resources: tuple[Resource, ...]

    @property
    def ram_action(self) -> str:
        """The action's name in policies: ``vpc:CreateFlowLog``."""
        return f"{self.product.name.lower()}:{self.name}"


def param(
    shape: Shape | Repeat,
    doc: str,
    *,
    default: Any = MISSING,
    example: str = "",
    **facts: Any,
) -> Any:
    """Declares one request parameter; without ``default`` it is required.

    ``facts``: ``wire`` (its name on the wire where it does not follow from the Python name), ``missing``, ``invalid``,
    ``unit``, ``ignored``, ``refused``, as in ``Param``.
    """
    metadata = {PARAM: {"shape": shape, "doc": doc, "example": example, **facts}}
    return dataclasses.field(default=default, metadata=metadata)


def answer(doc: str, *, default: Any = MISSING, example: Any = "", **facts: Any) -> Any:
    """Declares one field of an answer; a value of None is left out of the answer.

    ``facts``: ``wire``, ``item``, ``as_text``, as in ``Answer``.
    """
    return dataclasses.field(default=default, metadata={ANSWER: {"doc": doc, "example": example, **facts}})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(param, answer))
def structure(cls: type[T]) -> type[T]:
    """Makes a part of a request (fields are ``param``) or an answer (fields are ``answer``)."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(param,))
def action(
    product: Product,
    *,
    returns: type,
    summary: str,
    fails: tuple[Failure, ...] = (),
    **facts: Any,
) -> Callable[[type[T]], type[T]]:
    """Makes a command of the class and attaches its ``Spec``; the class name is the action's name.

    ``fails``: every failure in the order of the checks. ``facts``: ``rules`` (tuple of ``Rule``), ``writes`` (False
    for a call that changes nothing), ``resources`` (tuple of ``Resource``; everything of the product unless given).
    The class docstring is the manual's text.
    """

    def make(cls: type[T]) -> type[T]:
        made = dataclass(frozen=True, slots=True, kw_only=True)(cls)
        spec = Spec(
            product=product,
            name=cls.__name__,
            command=made,
            result=returns,
            summary=summary,
            doc=inspect.cleandoc(cls.__doc__ or ""),
            writes=facts.pop("writes", True),
            params=params_of(made),
            rules=facts.pop("rules", ()),
            fails=fails,
            resources=facts.pop("resources", (Resource(f"acs:{product.name.lower()}:*:{{AccountId}}:*"),)),
        )
        assert not facts, f"{cls.__name__}: unknown facts {sorted(facts)}"
        _check(spec)
        made.SPEC = spec  # type: ignore[attr-defined]
        return made

    return make


def spec_of(command: type) -> Spec:
    """The declaration of a command class."""
    spec = command.__dict__["SPEC"]
    assert isinstance(spec, Spec)
    return spec


def params_of(cls: type) -> tuple[Param, ...]:
    """The request parameters of an action or of a structure, in declared order."""
    return _params(cls)


def answers_of(cls: type) -> tuple[Answer, ...]:
    """The answer fields of a structure, in declared order. A ``param`` counts too: a tag comes and goes alike."""
    return _answers(cls)


@cache
def _params(cls: type) -> tuple[Param, ...]:
    return tuple(_param(field.name, field.default, field.metadata[PARAM]) for field in dataclasses.fields(cls))


@cache
def _answers(cls: type) -> tuple[Answer, ...]:
    return tuple(_answer(field.name, field.metadata) for field in dataclasses.fields(cls))


def wire(name: str) -> str:
    """``flow_log_id`` -> ``FlowLogId``."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def own_failures(params: tuple[Param, ...]) -> set[Failure]:
    """What parsing these parameters can answer, rules left aside."""
    found: set[Failure] = set()
    for one in params:
        if one.required:
            found.add(one.missing)
        if isinstance(one.shape, Repeat):
            found |= {INVALID_PARAMETER, one.invalid}
            if isinstance(one.shape.of, type):
                found |= own_failures(params_of(one.shape.of))
        elif one.shape.bad():
            found.add(one.invalid)
            if any(kind is Malformed for _, kind in one.shape.bad()):
                found.add(INVALID_PARAMETER)
    return found


@cache
def _arguments(function: Callable[..., str | None]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def _param(name: str, default: Any, facts: Mapping[str, Any]) -> Param:
    given = {"wire": wire(name), "missing": MISSING_PARAMETER, "invalid": PARAMETER_INVALID}
    texts = {"unit": "", "ignored": "", "refused": ""}
    return Param(name=name, default=default, **{**given, **texts, **facts})


def _answer(name: str, metadata: Mapping[str, Any]) -> Answer:
    facts = metadata[ANSWER] if ANSWER in metadata else {key: metadata[PARAM][key] for key in ("doc", "example")}
    return Answer(name=name, **{"wire": wire(name), "item": "", "as_text": False, **facts})


def _check(spec: Spec) -> None:
    possible = own_failures(spec.params) | {rule.failure for rule in spec.rules}
    unlisted = sorted(failure.code for failure in possible - set(spec.fails))
    assert not unlisted, f"{spec.name} can fail with {unlisted} but does not list it"
    names = {one.name for one in spec.params} | {"regions"}
    for rule in spec.rules:
        assert names >= set(rule.reads), f"{spec.name}: a rule reads {set(rule.reads) - names}"
    said = {one.wire for one in spec.params} | {ACCOUNT_ID, REGION_ID}
    for resource in spec.resources:
        assert said >= set(resource.reads), f"{spec.name}: a resource names {set(resource.reads) - said}"
