"""What mypy does not know of `dataclasses.replace`: a struct passes its signature and fails at it.

A struct declares itself by `dataclass_transform`, so that mypy takes it for a dataclass; when the
call runs it is none. `msgspec.structs.replace` copies it.
"""

from collections.abc import Callable

from mypy.plugin import FunctionContext, Plugin
from mypy.types import Instance, Type, TypeVarType, get_proper_type


class CopyingStructs(Plugin):
    """Look at each call of `dataclasses.replace`."""

    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        """Take part where something is copied."""
        return _refuse_structs if fullname == "dataclasses.replace" else None


def _refuse_structs(call: FunctionContext) -> Type:
    [copied, *_] = call.arg_types[0]
    kind = get_proper_type(copied)
    if isinstance(kind, TypeVarType):  # Self
        kind = get_proper_type(kind.upper_bound)
    if isinstance(kind, Instance) and kind.type.has_base("msgspec.Struct"):
        call.api.fail(f"{kind.type.name} is a struct: use msgspec.structs.replace", call.context)
    return call.default_return_type


def plugin(_: str) -> type[Plugin]:
    """Return what mypy asks for."""
    return CopyingStructs
