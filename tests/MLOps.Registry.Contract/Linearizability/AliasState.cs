namespace MLOps.Registry.Contract.Linearizability;

/// <summary>Where three aliases point to; 0 for an alias that is not there.</summary>
internal readonly record struct AliasState(int First, int Second, int Third)
{
    public int this[int alias] => alias switch { 0 => First, 1 => Second, _ => Third };

    public AliasState With(int alias, int version) => alias switch { 0 => this with { First = version }, 1 => this with { Second = version }, _ => this with { Third = version } };
}
