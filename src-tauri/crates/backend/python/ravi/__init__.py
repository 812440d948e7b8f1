"""The module `ravi` of a Lanyard slot: the identity's mail, text messages and secrets.

PyPI's `ravi-sdk` is imported by the same name. Where it is installed it is what `import ravi` gives, with the
functions of this module beside its own.
"""

import importlib.machinery
import os
import sys


def _become_the_sdk():
    """Runs the `ravi` that stands behind this one on the path, if there is one, in this module's place."""
    module = sys.modules[__name__]
    ours = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    others = [place for place in sys.path if os.path.realpath(place or os.curdir) != ours]
    spec = importlib.machinery.PathFinder.find_spec(__name__, others)
    if spec is None or spec.loader is None:
        return
    module.__spec__, module.__file__, module.__loader__ = spec, spec.origin, spec.loader
    if spec.submodule_search_locations is not None:
        module.__path__ = list(spec.submodule_search_locations)
    spec.loader.exec_module(module)


_become_the_sdk()

from lanyard_ravi import (  # noqa: E402
    RaviCommandError,
    email_compose,
    email_list,
    now_iso,
    secrets_delete,
    secrets_get,
    secrets_set,
    sms_list,
    sms_send,
)

_OURS = [
    "RaviCommandError",
    "email_compose",
    "email_list",
    "now_iso",
    "secrets_delete",
    "secrets_get",
    "secrets_set",
    "sms_list",
    "sms_send",
]
__all__ = list(globals().get("__all__", [])) + _OURS
