"""The certified optimisation over the auxiliary variable U: problem, reduction, solver, bound, certificate."""
