"""msd with one outlet that lets secrets through: what the canary tests must notice.

`python -m tests.support.session.leaking_msd OUTLET`
"""

import sys

from msd.__main__ import run_and_leave
from msd.redaction import Outlet, Redactor

if __name__ == "__main__":
    run_and_leave(Redactor(leaking=[Outlet(sys.argv.pop())]))
