"""A Hub on this machine."""

from hub_server.client import ClientError, ClientProcess, client_environment
from hub_server.faults import (
    Answer,
    Delay,
    Drop,
    Fault,
    FlipByte,
    Hangup,
    LostAnswer,
    Redirect,
    Run,
    Truncate,
    WrongETag,
)
from hub_server.hub import Hub
from hub_server.server import serve

__all__ = [
    "Answer",
    "ClientError",
    "ClientProcess",
    "Delay",
    "Drop",
    "Fault",
    "FlipByte",
    "Hangup",
    "Hub",
    "LostAnswer",
    "Redirect",
    "Run",
    "Truncate",
    "WrongETag",
    "client_environment",
    "serve",
]
