namespace MLOps.Drift.Statistics;

/// <summary>Why a method has no number for its input. The cases are the documentation; more may be added.</summary>
public abstract record NotComputable
{
    private NotComputable()
    {
    }

    /// <summary>The reason as a sentence for people.</summary>
    public abstract string Explanation { get; }

    /// <inheritdoc/>
    public sealed override string ToString() => Explanation;

    /// <summary>A side has fewer values, missing ones left out, than the method is defined for.</summary>
    /// <param name="Reference">Values of the reference.</param>
    /// <param name="Current">Values of the current sample.</param>
    /// <param name="Needed">What each side needs.</param>
    public sealed record TooFewValues(long Reference, long Current, long Needed) : NotComputable
    {
        /// <inheritdoc/>
        public override string Explanation => $"Each side needs {Needed} value{(Needed == 1 ? "" : "s")} that {(Needed == 1 ? "is" : "are")} not missing; the reference has {Reference}, the current sample {Current}.";
    }

    /// <summary>The method divides by a spread that the values do not have: they are all alike, or there is one category alone.</summary>
    /// <param name="What">What is constant, as the subject of a sentence: <c>The pooled sample</c>.</param>
    public sealed record NoSpread(string What) : NotComputable
    {
        /// <inheritdoc/>
        public override string Explanation => $"{What} has no spread: all its values are alike.";
    }

    /// <summary>The method does arithmetic on the values, and some are infinite.</summary>
    /// <param name="Reference">Infinite values of the reference.</param>
    /// <param name="Current">Infinite values of the current sample.</param>
    public sealed record InfiniteValues(long Reference, long Current) : NotComputable
    {
        /// <inheritdoc/>
        public override string Explanation => $"The method adds and multiplies values, and {Reference} of the reference and {Current} of the current sample are infinite. Treat them as missing, or use a method of ranks.";
    }

    /// <summary>A result or a step on the way to it is beyond the range of a double or a long.</summary>
    /// <param name="What">What overflows, as the subject of a sentence: <c>The pooled variance</c>.</param>
    public sealed record Overflow(string What) : NotComputable
    {
        /// <inheritdoc/>
        public override string Explanation => $"{What} is beyond the range of the numbers that it is computed in. Scale the values.";
    }

    /// <summary>The input is beyond what the method's rule can be asked for.</summary>
    /// <param name="Limit">What the limit is and what to do, as a sentence.</param>
    public sealed record BeyondLimit(string Limit) : NotComputable
    {
        /// <inheritdoc/>
        public override string Explanation => Limit;
    }
}
