"""Foreign targets: every backend and sampler that somebody else wrote, save the runtime client's own.

Nothing is taken on trust: `compiling` uses the provider's compilation and checks that no qubit was moved,
`reading` checks shots, width and registers of every outcome, `known` has the circuit whose answer is known
beforehand, and `guard` turns whatever a provider's code raises into a `TargetError`.
"""
