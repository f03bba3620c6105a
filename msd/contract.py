"""What clients of msd know of it: bus name, interfaces, object paths, error names, limits.

msdctl imports this at each call, so it imports nothing that takes long.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from msd.models.ids import AccountId, JobId, LoginId, SourceId

BUS_NAME = "org.msd.Msd1"
ROOT_PATH = "/org/msd/Msd1"

SOURCE_COORDINATOR = "org.msd.Msd1.SourceCoordinator"
LIBRARY = "org.msd.Msd1.Library"
SOURCE = "org.msd.Msd1.Source"
ACCOUNT = "org.msd.Msd1.Account"
JOB = "org.msd.Msd1.Job"
LOGIN = "org.msd.Msd1.Login"
ARTWORK = "org.msd.Msd1.Artwork"
JSON = "org.msd.Msd1.Json"
INTERFACES = (SOURCE_COORDINATOR, LIBRARY, ARTWORK, JSON, SOURCE, ACCOUNT, JOB, LOGIN)

ERROR_PREFIX = "org.msd.Msd1.Error."

SOURCES_PATH = f"{ROOT_PATH}/source"
ACCOUNTS_PATH = f"{ROOT_PATH}/account"
JOBS_PATH = f"{ROOT_PATH}/job"
LOGINS_PATH = f"{ROOT_PATH}/login"

MAX_GET_ITEMS = 500
MAX_REFRESHED = 50  # of them, when their details are asked from the servers
MAX_PAGE = 500
DEFAULT_PAGE = 50

_ELEMENT = re.compile(r"[A-Za-z0-9_]+")


def source_path(source_id: SourceId) -> str:
    """Return the object path of a source."""
    return f"{SOURCES_PATH}/{_element(source_id)}"


def account_path(account_id: AccountId) -> str:
    """Return the object path of an account."""
    return f"{ACCOUNTS_PATH}/{_element(account_id)}"


def job_path(job_id: JobId | None) -> str:
    """Return the object path of a job, `/` for none."""
    return "/" if job_id is None else f"{JOBS_PATH}/{job_id}"


def login_path(login_id: LoginId) -> str:
    """Return the object path of a login."""
    return f"{LOGINS_PATH}/{login_id}"


def _element(text: str) -> str:
    if not _ELEMENT.fullmatch(text):
        raise ValueError("an id that is part of an object path must be of A-Z a-z 0-9 _")
    return text
