namespace MLOps.Registry.Contract.Linearizability;

/// <summary>A call of a concurrent history.</summary>
/// <typeparam name="TState">What the calls read and change; equal when it is the same.</typeparam>
/// <param name="Invoked">When it began, by a counter that all calls share.</param>
/// <param name="Returned">When it ended.</param>
/// <param name="Text">The call with its result, for people.</param>
/// <param name="Apply">What the call, with the result that it had, makes of a state; null when it could not have had that result there.</param>
public sealed record HistoryCall<TState>(long Invoked, long Returned, string Text, Func<TState, TState?> Apply)
    where TState : struct, IEquatable<TState>;
