"""For test suites of your own: small random cases with a seed, and runs that reproduce.

`games`, `linear_tasks` and `states` yield valid inputs, those at the edge of what is allowed among them;
`assert_reproduces` says whether a run can be had again from its record. With pytest, the fixture
`qcoord_runs` gives every test that asks for it an empty folder of runs.

>>> from qcoord_hw.testing import games
>>> [game.name for game in games(2, seed=1)]
['random-1-0', 'random-1-1']
"""

from __future__ import annotations

from qcoord_hw.testing.runs import assert_reproduces
from qcoord_hw.theory.games.random_games import games
from qcoord_hw.theory.linear_computation.random_tasks import linear_tasks
from qcoord_hw.theory.random_states import states

__all__ = ["assert_reproduces", "games", "linear_tasks", "states"]
