"""Who the user is, and what the administrator lets the user see.

The server sends no message when rights change; they are read with the user, at `/Users/Me`
(docs/protocols/jellyfin.md, Rights).
"""

import msgspec
import xxhash

from msd.backend_api.http.json import decode
from msd.backend_api.lenient import lenient
from msd.backends.jellyfin.client.client import JellyfinClient
from msd.backends.jellyfin.parse.wire import User, UserPolicy
from msd.errors import BadResponseError
from msd.models import Rights


async def read_user(client: JellyfinClient, path: str) -> User:
    """Return the user at a path; an odd value in it costs itself alone.

    Raises:
        BadResponseError: the answer has no usable user.
        AuthRequiredError, ForbiddenError, UnreachableError: as `JellyfinClient.get` says.
    """
    answer = await client.answer(path)
    await client.raise_for_status(answer, path)
    raw = bytes(decode(answer, msgspec.Raw))
    try:
        return msgspec.json.decode(raw, type=User)
    except msgspec.ValidationError:
        try:
            user = lenient(raw, User)
        except ValueError as error:
            raise BadResponseError("the server does not say who the user is") from error
    user.policy = None  # it may be the policy that is odd: rights are not told then
    return user


def rights_of(user: User) -> Rights | None:
    """Return what a user may see; None when the server does not say, or says it oddly."""
    policy = user.policy
    if policy is None or policy.enable_all_folders is None:
        return None
    folders = () if policy.enable_all_folders else policy.enabled_folders or ()
    grouped = (user.configuration and user.configuration.grouped_folders) or ()
    facts = (
        policy.enable_all_folders,
        *map(_sorted, (folders, policy.blocked_media_folders)),
        policy.max_parental_rating,
        policy.max_parental_sub_rating,
        *map(
            _sorted,
            (policy.block_unrated_items, policy.blocked_tags, policy.allowed_tags, grouped),
        ),
    )
    return Rights(
        digest=xxhash.xxh3_128_hexdigest(msgspec.json.encode(facts)),
        restrictions=", ".join(_restrictions(policy)),
    )


def _sorted(values: tuple[str, ...] | list[str] | None) -> list[str]:
    return sorted(values or ())


def _restrictions(policy: UserPolicy) -> list[str]:
    """Return what limits the user, for people."""
    limits = []
    if not policy.enable_all_folders:
        limits.append(f"{_count(policy.enabled_folders, 'library', 'libraries')} allowed")
    if policy.max_parental_rating is not None:
        limits.append(f"parental rating up to {policy.max_parental_rating}")
    if policy.block_unrated_items:
        limits.append("unrated items blocked")
    if policy.blocked_tags:
        limits.append(f"{_count(policy.blocked_tags, 'tag', 'tags')} blocked")
    if policy.allowed_tags:
        limits.append(f"only {_count(policy.allowed_tags, 'tag', 'tags')} allowed")
    return limits


def _count(values: list[str] | None, one: str, many: str) -> str:
    number = len(values or ())
    return f"{number} {one if number == 1 else many}"
