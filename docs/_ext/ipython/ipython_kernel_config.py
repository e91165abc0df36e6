"""The kernels of the tutorials: a command that fails is an error of the page, as an exception is."""

STRICT = """
def _strict():
    shell = get_ipython()
    run = shell.system
    def system(command):
        run(command)
        if status := shell.user_ns["_exit_code"]:
            raise RuntimeError(f"exit status {status} of: {command}")
    shell.system = system
_strict()
"""

c = get_config()  # noqa: F821 (IPython reads this file)
c.IPKernelApp.log_level = "ERROR"  # kernels talk to the builder over loopback, and warn that they do
c.IPKernelApp.exec_lines = [STRICT]
