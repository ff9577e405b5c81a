"""Who may do what, where: roles, scopes and the people who hold them. What no rule allows is refused."""

from store.domain.roles.grants import ROLES, checked_grant, parse_grant
from store.domain.roles.permissions import PERMISSIONS, able, holds, is_before, may, require, why_not
from store.domain.roles.principals import (
    KINDS,
    RESERVED,
    Principal,
    Principals,
    Suspension,
    checked_handle,
    fold,
    shown,
    step,
    vouched,
)

__all__ = [
    "KINDS",
    "PERMISSIONS",
    "RESERVED",
    "ROLES",
    "Principal",
    "Principals",
    "Suspension",
    "able",
    "checked_grant",
    "checked_handle",
    "fold",
    "holds",
    "is_before",
    "may",
    "parse_grant",
    "require",
    "shown",
    "step",
    "vouched",
    "why_not",
]
