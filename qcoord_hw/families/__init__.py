"""Protocol families: each knows the parameters, circuits, scoring, analysis and views of its experiments."""
