"""The certified optimisation over the auxiliary variable U: reduction, solver, bound, certificate."""
