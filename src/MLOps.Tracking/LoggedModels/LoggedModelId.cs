using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace MLOps.Tracking.LoggedModels;

/// <summary>The identity of a logged model: <c>m-</c> and 32 lower-case hexadecimal digits, as in MLflow.</summary>
public readonly record struct LoggedModelId
{
    private const string Prefix = "m-";
    private const int Length = 34;
    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdef");
    private readonly string? _value;

    /// <summary>Makes an id of its text.</summary>
    /// <param name="value">The text.</param>
    /// <exception cref="ArgumentException">It is not <c>m-</c> and 32 lower-case hexadecimal digits.</exception>
    public LoggedModelId(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        _value = IsLegal(value) ? value : throw new ArgumentException($"'{(value.Length <= 64 ? value : value[..64] + "…")}' is not the id of a logged model, which is 'm-' and 32 lower-case hexadecimal digits.", nameof(value));
    }

    /// <summary>The id as text; empty for the default.</summary>
    public string Value => _value ?? "";

    /// <summary>Makes a new id.</summary>
    /// <param name="time">The clock, whose time leads the id; the system's when null.</param>
    /// <returns>The id.</returns>
    public static LoggedModelId New(TimeProvider? time = null) => new(Prefix + Guid.CreateVersion7((time ?? TimeProvider.System).GetUtcNow()).ToString("N"));

    /// <summary>Makes an id of its text, if it is one.</summary>
    /// <param name="value">The text.</param>
    /// <param name="id">The id, or the default.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse([NotNullWhen(true)] string? value, out LoggedModelId id)
    {
        bool legal = value is not null && IsLegal(value);
        id = legal ? new LoggedModelId(value!) : default;
        return legal;
    }

    /// <summary>The id as text.</summary>
    /// <returns><see cref="Value"/>.</returns>
    public override string ToString() => Value;

    private static bool IsLegal(string value) =>
        value.Length == Length && value.StartsWith(Prefix, StringComparison.Ordinal) && value.AsSpan(Prefix.Length).IndexOfAnyExcept(s_hex) < 0;
}
