"""What the module `ravi` of a Lanyard slot can do. Each function runs the slot's command `ravi`; nothing secret
stands in its arguments."""

import datetime
import json
import os
import subprocess

_COMMAND = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "ravi")


class RaviCommandError(RuntimeError):
    """The command said no, or could not do it."""


def now_iso():
    """The time now, in UTC, as ISO 8601 text."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def secrets_get(key, default=None, identity=None):
    """The value of a secret, or `default` where there is none of that key."""
    try:
        return _json(["secrets", "get", key, "--json"], identity)["value"]
    except RaviCommandError as error:
        if str(error).startswith("secret not found: "):
            return default
        raise


def secrets_set(key, value, notes=None, identity=None):
    """Sets a secret, and gives what is kept of it."""
    more = [] if notes is None else ["--notes", notes]
    return _json(["secrets", "set", key, "-"] + more, identity, str(value))


def secrets_delete(key, identity=None):
    """Deletes a secret, by its key or its id."""
    return _json(["secrets", "delete", key], identity)


def email_list(unread=False, identity=None):
    """The mails, newest first, each a dictionary with its text, codes and links. They stay unread."""
    return _json(["email", "list"] + (["--unread"] if unread else []), identity)


def email_compose(to, subject, body, cc=None, bcc=None, identity=None):
    """Sends a mail; `to`, `cc` and `bcc` are addresses with commas between, or lists of them."""
    words = ["email", "compose", "--to", _joined(to), "--subject", subject, "--body", "-"]
    for flag, addresses in (("--cc", cc), ("--bcc", bcc)):
        if addresses:
            words += [flag, _joined(addresses)]
    return _json(words, identity, body)


def sms_list(unread=False, identity=None):
    """The text messages, newest first, each a dictionary with its text and codes. They stay unread."""
    return _json(["sms", "list"] + (["--unread"] if unread else []), identity)


def sms_send(to, body, identity=None):
    """Sends a text message."""
    return _json(["sms", "send", "--to", to, "--body", "-"], identity, body)


def _joined(addresses):
    return addresses if isinstance(addresses, str) else ",".join(addresses)


def _json(words, identity, given=""):
    named = [] if identity is None else ["--identity", identity]
    done = subprocess.run(
        [_COMMAND] + named + words,
        input=given.encode("utf-8"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        raise RaviCommandError(_told(done.stderr.decode("utf-8", "replace")))
    return json.loads(done.stdout.decode("utf-8"))


def _told(text):
    try:
        return json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        return text.strip() or "the command ravi has failed"
