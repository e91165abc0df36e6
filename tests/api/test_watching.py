"""Progress in a notebook: shown once work takes a while, told as it goes on, gone at the end."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

import qcoord_hw as qc
from qcoord_hw import watching


@pytest.fixture
def shown(monkeypatch):
    """What a notebook shows, one entry for each time; the work takes long at once."""
    told = []

    class Handle:
        def display(self, page, raw):
            told.append(page)

        update = display

    shell = SimpleNamespace(kernel=None)
    for name, members in (
        ("IPython", {"get_ipython": lambda: shell}),
        ("IPython.display", {"DisplayHandle": Handle}),
    ):
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(watching, "PATIENCE", 0.0)
    monkeypatch.setattr(watching, "PAUSE", -1.0)
    return told


def told_of(shown, work):
    """What is shown of a work that waits until something is."""
    work()
    assert shown[-1] == {"text/html": "", "text/plain": ""}
    return [page["text/plain"] for page in shown[:-1]]


def test_a_bar_says_what_is_done(shown):
    def work():
        with watching.watched(None, "sweep of <b>\x1b") as told:
            while not shown:
                pass
            told(1, 3)
            told(2, 3)

    words = told_of(shown, work)
    assert [line.rpartition(", ")[2] for line in words[-2:]] == ["1 of 3", "2 of 3"]
    assert all(line.startswith("sweep of <b>?: ") for line in words)
    assert all("&lt;b&gt;" in page["text/html"] for page in shown[:-1])
    assert '<progress value="2" max="3">' in shown[-2]["text/html"]


def test_a_run_shows_it_and_its_own_progress_stands_in_its_place(shown, tmp_path, monkeypatch):
    from qcoord_hw.execution.simulate import Simulator

    usual = Simulator.__init__

    def slow(self, *arguments, **named):
        while not shown:
            pass
        usual(self, *arguments, **named)

    monkeypatch.setattr(Simulator, "__init__", slow)
    words = told_of(shown, lambda: qc.run("chsh", shots=10, seed=1, runs=tmp_path))
    assert words[-1].startswith("chsh: ")
    shown[:] = [{}]
    qc.run("chsh", shots=10, seed=1, runs=tmp_path, progress=lambda done, planned: None)
    assert shown == [{}]


def test_short_work_and_scripts_show_nothing(shown, monkeypatch):
    monkeypatch.setattr(watching, "PATIENCE", 60.0)
    with watching.watched(None, "quick") as told:
        told(1, 2)
    assert shown == []
    monkeypatch.delitem(sys.modules, "IPython")
    with watching.watched(None, "script") as told:
        assert told is None


def test_a_function_without_progress_says_that_it_works(shown):
    @watching.watching("theory game")
    def work(until):
        """Words."""
        while len(shown) < until:
            pass
        return until

    assert (work.__name__, work.__doc__) == ("work", "Words.")
    assert told_of(shown, lambda: work(1)) == ["theory game: 0 s"]
