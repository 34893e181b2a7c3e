"""Compares policy statements with the service reference: what AWS does not know, it denies."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from cdk.policies.reference import ServiceReference
from cdk.policies.statements import PolicyStatement

GLOBAL_KEYS = {
    "aws:PrincipalArn",
    "aws:RequestedRegion",
    "aws:PrincipalTag/${TagKey}",
    "aws:PrincipalOrgID",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceVpce",
    "aws:CalledVia",
    "aws:ViaAWSService",
    "aws:PrincipalAccount",
    "aws:PrincipalIsAWSService",
}
"""Keys that AWS evaluates for every action ("AWS global condition context keys")."""

OIDC_CLAIMS = {"aud", "sub"}

_PATTERN = re.compile(r"\$\{[^}]*\}|.", re.DOTALL)
_ANY = "*"
_SEGMENT = "${}"
"""A placeholder of the reference that stands for one segment, such as a bucket's name."""


def unknown(statements: Iterable[PolicyStatement], reference: ServiceReference) -> list[str]:
    """Return a line for each action, resource or condition key that AWS does not know."""
    return sorted({line for each in statements for line in _unknown(each, reference)})


def _unknown(statement: PolicyStatement, reference: ServiceReference) -> Iterator[str]:
    matched: set[str] = set()
    for written in statement.actions:
        actions = reference.matching(written)
        if not actions:
            yield f"{statement.where}: {written}: not an action of the service reference"
        for action in actions:
            keys = {*GLOBAL_KEYS, *reference.condition_keys(action)}
            for key in statement.condition_keys:
                if not (_is_known(key, keys) or _is_claim(key, statement.federated)):
                    yield f"{statement.where}: {action}: has no condition key {key}"
            # A resource policy belongs to one resource, and names it by `*` or not at all.
            if statement.owner == "AWS::KMS::Key" or not statement.resources:
                continue
            patterns = reference.resource_types(action)
            fitting = {r for r in statement.resources if fits(r, patterns)}
            matched |= fitting
            # An action that is written with a wildcard may have others that fit.
            if not fitting and written == action:
                given = ", ".join(statement.resources)
                yield f"{statement.where}: {action}: not possible on {given}"
    if statement.owner != "AWS::KMS::Key" and matched:
        for resource in sorted({*statement.resources} - matched):
            yield f"{statement.where}: {resource}: none of the statement's actions knows it"


def _is_known(key: str, known: set[str]) -> bool:
    """Return whether a key is among known ones, some of which end in a placeholder."""
    return any(
        key.lower() == each.lower()
        or ("${" in each and key.lower().startswith(each.partition("${")[0].lower()))
        for each in known
    )


def _is_claim(key: str, providers: tuple[str, ...]) -> bool:
    """Return whether a key is a claim of the OIDC provider that the statement trusts."""
    issuer, _, claim = key.rpartition(":")
    return claim in OIDC_CLAIMS and any(
        arn.endswith(f"oidc-provider/{issuer}") for arn in providers
    )


def fits(resource: str, patterns: list[str]) -> bool:
    """Return whether a statement's resource can be an ARN of one of the reference's patterns."""
    # No wildcard spans two of an ARN's first parts.
    return resource == _ANY or any(
        len(resource.split(":", 5)) == len(pattern.split(":", 5))
        and all(map(_overlap, resource.split(":", 5), pattern.split(":", 5)))
        for pattern in patterns
    )


def _overlap(written: str, pattern: str) -> bool:
    """Return whether a text with wildcards and one with placeholders can be the same text."""
    left = tuple(written)
    right = tuple(
        (_SEGMENT if part == "${BucketName}" else _ANY) if len(part) > 1 else part
        for part in _PATTERN.findall(pattern)
    )

    @cache
    def meet(i: int, j: int) -> bool:
        if i == len(left) or j == len(right):
            return all(part in {_ANY, _SEGMENT} for part in left[i:] + right[j:])
        if left[i] == _ANY:
            return meet(i + 1, j) or meet(i, j + 1)
        if right[j] in {_ANY, _SEGMENT}:
            taken = right[j] == _ANY or left[i] != "/"
            return meet(i, j + 1) or (taken and meet(i + 1, j))
        return left[i] == right[j] and meet(i + 1, j + 1)

    return meet(0, 0)
