"""Linear computations over a quantum multiple-access channel: circuits, scoring, analysis and views."""
