using System.Globalization;

namespace MLOps.Drift.Statistics;

/// <summary>
/// How shares are made of counts where a cell is empty: a logarithm of an empty cell is infinite, so that every tool puts something there, and what it puts decides what the cell adds.
/// The cases are the documentation; no others can be made.
/// </summary>
/// <remarks>Immutable and safe for any number of threads. A rule is applied to each side by itself.</remarks>
public abstract record ZeroRule
{
    private const double SmallestShare = 2.2250738585072014e-308;

    private ZeroRule()
    {
    }

    /// <summary>What methods take that are told nothing else: an empty cell counts as a share of 0.0001, and nothing is renormalised.</summary>
    public static ZeroRule Default { get; } = new Replace();

    /// <summary>What is done to an empty cell, for people.</summary>
    public abstract string Description { get; }

    /// <inheritdoc/>
    public sealed override string ToString() => Description;

    /// <summary>Makes shares of weights that sum to <paramref name="total"/>, above 0.</summary>
    internal virtual void Apply(ReadOnlySpan<double> weights, double total, Span<double> shares)
    {
        for (int cell = 0; cell < weights.Length; cell++)
            shares[cell] = weights[cell] / total;
    }

    private static double Checked(double share, string name) => share is >= SmallestShare and < 1
        ? share
        : throw new ArgumentOutOfRangeException(name, share, "The share of an empty cell is above 0 (at least 2.2250738585072014e-308) and below 1, for example 0.0001.");

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>An empty cell stays empty. Where the other side has values there, PSI is +∞, and so is the Kullback–Leibler divergence if it is the current side that is empty.</summary>
    public sealed record Keep : ZeroRule
    {
        /// <inheritdoc/>
        public override string Description => "empty cells as they are";
    }

    /// <summary>An empty cell gets a fixed share; other cells, however small, keep theirs. A share of 2.2250738585072014e-308 gives Frouros' numbers.</summary>
    public sealed record Replace : ZeroRule
    {
        /// <summary>Replaces empty cells.</summary>
        /// <param name="share">What an empty cell gets, above 0 and below 1. Default 0.0001.</param>
        /// <param name="renormalise">Whether all shares are then divided by their sum, to be 1 together again. Default no.</param>
        /// <exception cref="ArgumentOutOfRangeException">The share is not in its range.</exception>
        public Replace(double share = 1e-4, bool renormalise = false) => (Share, Renormalise) = (Checked(share, nameof(share)), renormalise);

        /// <summary>What an empty cell gets.</summary>
        public double Share { get; }

        /// <summary>Whether all shares are then divided by their sum.</summary>
        public bool Renormalise { get; }

        /// <inheritdoc/>
        public override string Description => $"empty cells {Text(Share)}{(Renormalise ? ", renormalised" : "")}";

        internal override void Apply(ReadOnlySpan<double> weights, double total, Span<double> shares)
        {
            base.Apply(weights, total, shares);
            shares.Replace(0, Share);
            if (Renormalise)
                Shares.Normalise(shares);
        }
    }

    /// <summary>Every cell below a share is raised to it, not the empty ones alone: small cells weigh as little as empty ones.</summary>
    public sealed record Floor : ZeroRule
    {
        /// <summary>Raises small cells.</summary>
        /// <param name="share">What every cell has at least, above 0 and below 1. Default 0.0001.</param>
        /// <exception cref="ArgumentOutOfRangeException">The share is not in its range.</exception>
        public Floor(double share = 1e-4) => Share = Checked(share, nameof(share));

        /// <summary>What every cell has at least.</summary>
        public double Share { get; }

        /// <inheritdoc/>
        public override string Description => $"cells at least {Text(Share)}";

        internal override void Apply(ReadOnlySpan<double> weights, double total, Span<double> shares)
        {
            base.Apply(weights, total, shares);
            foreach (ref double share in shares)
                share = Math.Max(share, Share);
        }
    }

    /// <summary>Additive smoothing: a pseudo-count is added to each of the B cells, (c + a) / (n + a B). ½ is Jeffreys' prior, 1 is Laplace's.</summary>
    public sealed record Add : ZeroRule
    {
        /// <summary>Adds a pseudo-count.</summary>
        /// <param name="count">What is added to the count of each cell, above 0 and finite. Default ½.</param>
        /// <exception cref="ArgumentOutOfRangeException">The count is not in its range.</exception>
        public Add(double count = 0.5) => Count = count is > 0 and <= 1e300 ? count : throw new ArgumentOutOfRangeException(nameof(count), count, "A pseudo-count is above 0 and finite, for example 0.5.");

        /// <summary>What is added to the count of each cell.</summary>
        public double Count { get; }

        /// <inheritdoc/>
        public override string Description => $"{Text(Count)} added to the count of each cell";

        internal override void Apply(ReadOnlySpan<double> weights, double total, Span<double> shares)
        {
            double smoothed = total + (Count * weights.Length);
            for (int cell = 0; cell < weights.Length; cell++)
                shares[cell] = (weights[cell] + Count) / smoothed;
        }
    }

    /// <summary>Evidently's rule (0.7): an empty cell gets 0.0001, or a millionth of the side's smallest share that is not 0 if that is 0.0001 or less; nothing is renormalised.</summary>
    public sealed record Evidently : ZeroRule
    {
        /// <inheritdoc/>
        public override string Description => "empty cells by Evidently's rule";

        internal override void Apply(ReadOnlySpan<double> weights, double total, Span<double> shares)
        {
            base.Apply(weights, total, shares);
            double smallest = double.PositiveInfinity;
            foreach (double share in shares)
            {
                if (share > 0)
                    smallest = Math.Min(smallest, share);
            }

            shares.Replace(0, smallest <= 1e-4 ? smallest * 1e-6 : 1e-4);
        }
    }
}
