"""Devices: machines to which jobs are sent, one vendor a module or a package.

`base` says what a device does, `registry` turns a name into one, `backends` is any `BackendV2` whose jobs can
be found again by their ids; a vendor with a client of its own has a package. Simulators are no devices: they
answer at once.
"""
