using System.Globalization;

namespace MLOps.Training;

/// <summary>What is special about one group of a <see cref="FlatModel"/>.</summary>
public sealed class ParameterGroupOptions
{
    /// <summary>The weight decay of the group, 0 or greater; null, the default, for that of the optimizer.</summary>
    public double? WeightDecay { get; set; }

    /// <summary>What the learning rate is multiplied by for the group, 0 or greater; 1 by default. At 0 the group keeps its values.</summary>
    public double LearningRateFactor { get; set; } = 1;

    /// <summary>Weight decay and factor of each buffer, in the order of the model's.</summary>
    /// <exception cref="ArgumentException">The model has no such group, or a number is out of range.</exception>
    internal static (double WeightDecay, double LearningRateFactor)[] Resolve(FlatModel model, IReadOnlyDictionary<string, ParameterGroupOptions> groups, double weightDecay)
    {
        ArgumentNullException.ThrowIfNull(model);
        ThrowIfNegative(weightDecay, "WeightDecay");
        foreach ((string name, ParameterGroupOptions options) in groups)
        {
            if (model.Buffers.All(buffer => buffer.Group != name))
                throw new ArgumentException($"The model has no group '{name}'. Its groups: {string.Join(", ", model.Buffers.Select(buffer => $"'{buffer.Group}'").Distinct(StringComparer.Ordinal))}. A FlatModel is grouped by its second argument.", nameof(groups));
            ThrowIfNegative(options.WeightDecay ?? 0, $"The weight decay of group '{name}'");
            ThrowIfNegative(options.LearningRateFactor, $"The learning rate factor of group '{name}'");
        }

        return [.. model.Buffers.Select(buffer => groups.TryGetValue(buffer.Group, out ParameterGroupOptions? options) ? (options.WeightDecay ?? weightDecay, options.LearningRateFactor) : (weightDecay, 1.0))];
    }

    /// <summary>The settings of an optimizer as text, those of groups behind the others.</summary>
    internal static IReadOnlyDictionary<string, string> Describe(IReadOnlyDictionary<string, ParameterGroupOptions> groups, params ReadOnlySpan<(string Name, double Value)> settings)
    {
        Dictionary<string, string> described = new(StringComparer.Ordinal);
        foreach ((string name, double value) in settings)
            described.Add(name, Text(value));
        foreach ((string name, ParameterGroupOptions options) in groups.OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            if (options.WeightDecay is { } decay)
                described.Add($"{name}.weight_decay", Text(decay));
            if (options.LearningRateFactor != 1)
                described.Add($"{name}.learning_rate_factor", Text(options.LearningRateFactor));
        }

        return described;

        static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
    }

    internal static void ThrowIfNegative(double value, string what)
    {
        if (!(value >= 0 && double.IsFinite(value)))
            throw new ArgumentOutOfRangeException(nameof(value), value, $"{what} must be a finite number of 0 or more.");
    }

    internal static void ThrowIfNoFraction(double value, string what)
    {
        if (!(value is >= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(value), value, $"{what} must be at least 0 and less than 1.");
    }
}
