"""From the name of a device to the device: ours by one lazy line each, others' by entry point or module.

Nothing of a vendor is imported before a device of his is connected; no Qiskit, for a name alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from qcoord_hw.errors import InputError, TargetError
from qcoord_hw.execution.devices import typed
from qcoord_hw.execution.devices.base import KIND, Device
from qcoord_hw.execution.foreign.guard import provider
from qcoord_hw.spec import short_repr

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "qcoord_hw.devices"
"""Entry points of vendors: name -> a function that takes the name of a device and returns it."""

SIMULATED = ("properties",)
"""What stands before a colon and is no vendor: a snapshot of a file."""


class NoDeviceError(InputError):
    """There is no device under a name, and there will not be one when it is asked again."""


@dataclass(frozen=True)
class Vendor:
    """A vendor whose devices have names of their own.

    Attributes:
        kind: of runs on his devices, as a record keeps it.
        prefix: of the names of his devices, which are letters, digits and underscores.
        home: module with `connect(name)`, and with `wrap(backend)` for a backend of his client.
        backends: the module of his client's backends.
        snapshots: module with `backends()` and `is_snapshot(target)`, of snapshots that are simulated; empty
            where the vendor has none.
    """

    kind: str
    prefix: str
    home: str
    backends: str
    snapshots: str = ""


_IBM = "qcoord_hw.execution.devices.ibm"
OURS = (Vendor("ibm", "ibm_", f"{_IBM}.client", "qiskit_ibm_runtime.ibm_backend", f"{_IBM}.snapshots"),)

FORMS = (*(f"{vendor.prefix}NAME" for vendor in OURS), "VENDOR:DEVICE", "MODULE:CALLABLE")
ALLOWED = " and ".join([", ".join(FORMS[:-1]), FORMS[-1]])
"""How a device is named, in words for a person."""

_COLON = re.compile(r"([A-Za-z_][\w.-]{0,99}):([A-Za-z_0-9][\w.:/-]{0,99})", re.ASCII)


def device_name(target: Any) -> str | None:
    """Return the name of the device that a target is; None if it is none, or cannot be by its name.

    Raises:
        InputError: when it has the beginning of such a name, and not the rest.
    """
    if isinstance(target, Device):
        return str(target.name)
    if not isinstance(target, str):
        vendor = _vendor_of(target)
        return None if vendor is None else str(target.name)
    for vendor in OURS:
        if target.startswith(vendor.prefix):
            if not re.fullmatch(r"\w{1,60}", target.removeprefix(vendor.prefix), re.ASCII):
                raise InputError(
                    f"target: {short_repr(target)}; allowed are {vendor.prefix} and letters, "
                    "digits or underscores"
                )
            return target
    first, colon, _ = target.partition(":")
    if not colon or first in SIMULATED:
        return None
    if not _COLON.fullmatch(target):
        raise InputError(f"target: {short_repr(target)}; allowed are {', '.join(FORMS[-2:])}")
    return target


def kind_of(name: str) -> str:
    """Return the kind of runs on a device, by its name alone."""
    return next((vendor.kind for vendor in OURS if name.startswith(vendor.prefix)), KIND)


def snapshots() -> list[Any]:
    """Return the modules that know snapshots of devices, by which a target is simulated."""
    return [import_module(vendor.snapshots) for vendor in OURS if vendor.snapshots]


def is_ours(name: str) -> bool:
    """Return whether a name is one of a vendor whom this package knows, so that it is a device for sure."""
    return any(name.startswith(vendor.prefix) for vendor in OURS)


def is_by_module(name: str) -> bool:
    """Return whether a device is named by a module, whose code anybody may have written."""
    return ":" in name and _entry_point(name.partition(":")[0]) is None


def open_typed(name: str) -> Any:
    """Return what stands under a name that somebody typed: a device, or a backend or sampler that is none.

    Args:
        name: as `device_name` returned it.

    Raises:
        NoDeviceError: when nobody knows the vendor, or the module has no such callable.
        TargetError: when it cannot be reached.
    """
    if is_by_module(name):
        typed.remember(name)
    found = _load(name)
    return device_of(found, name) or found


def open_recorded(name: str) -> Any:
    """Return what stands under a name in a record, as `open_typed` does.

    Raises:
        TargetError: when it cannot be reached, nobody here knows its vendor any more, or it would be the
            first time that this module is called here.
    """
    if is_by_module(name) and not typed.is_known(name):
        raise TargetError(
            f"target {name!r} would call a module that nobody typed as --target on this machine: if you mean "
            f"it, `qcoord submit RUN --target {name}` says so once; the run is kept"
        )
    try:
        found = _load(name)
    except NoDeviceError as error:
        raise TargetError(f"{error}; the run was begun there, and is kept") from None
    return device_of(found, name) or found


def connect(name: str, target: Any = None) -> Device:
    """Return the device of a name that somebody typed, or that which he handed in.

    Args:
        name: of the device.
        target: a device, or a backend whose jobs can be found again; None or a name to connect by it.

    Raises:
        NoDeviceError: when it is no device.
        TargetError: when it cannot be reached.
    """
    by_name = target is None or isinstance(target, str)
    return _checked(name, open_typed(name) if by_name else device_of(target, name) or target)


def reconnect(name: str) -> Device:
    """Return the device on which a run was begun, by the name in its record.

    Raises:
        NoDeviceError: when what stands under the name now is no device any more.
        TargetError: as `open_recorded`.
    """
    return _checked(name, open_recorded(name))


def _checked(name: str, found: Any) -> Device:
    if isinstance(found, Device):
        return found
    raise NoDeviceError(
        f"target: {name} is a {type(found).__name__} whose jobs cannot be found again by their ids (it has "
        "no retrieve_job, restore_job or job), so that nothing can be submitted; use run, which waits"
    )


def _load(name: str) -> Any:
    for vendor in OURS:
        if name.startswith(vendor.prefix):
            return import_module(vendor.home).connect(name)
    first, _, rest = name.partition(":")
    entry = _entry_point(first)
    with provider(name):
        if entry is not None:
            return entry.load()(rest)
        return _callable(name, first, rest)()


def device_of(found: Any, name: str) -> Device | None:
    """Return what was found under a name as a device; None if it is none."""
    if isinstance(found, Device):
        found.name = name
        return found
    vendor = _vendor_of(found)
    if vendor is not None:
        return _named(import_module(vendor.home).wrap(found), name)
    from qcoord_hw.execution.devices.backends import BackendDevice

    return BackendDevice.of(found, name)


def _named(device: Device, name: str) -> Device:
    device.name = name
    return device


def _vendor_of(target: Any) -> Vendor | None:
    """Return the vendor of whose client an object is a backend; None if there is none."""
    module = type(target).__module__
    return next((vendor for vendor in OURS if module.startswith(vendor.backends)), None)


def _entry_point(name: str) -> EntryPoint | None:
    """Return the entry point of a vendor; None if there is none.

    Raises:
        NoDeviceError: when there are several.
    """
    from importlib.metadata import entry_points

    found = {(one.value, one): one for one in entry_points(group=GROUP, name=name)}
    values = sorted({one.value for one in found.values()})
    if len(values) > 1:
        raise NoDeviceError(f"target: several packages call a vendor {name!r} ({', '.join(values)})")
    return next(iter(found.values()), None)


def _callable(name: str, module: str, attribute: str) -> Any:
    """Return a callable by its place.

    Raises:
        NoDeviceError: when there is no such module, or it has no such callable.
    """
    try:
        found: Any = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # it is there, and lacks something
        raise NoDeviceError(
            f"target: {name!r}; no package offers a vendor {module!r} (entry points {GROUP}), and there is "
            "no module of that name to import"
        ) from None
    except ValueError:
        found = None
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise NoDeviceError(f"target: {name!r}; module {module!r} has no callable {attribute!r}")
    return found
