"""How the outputs of a coordination experiment are measured."""
