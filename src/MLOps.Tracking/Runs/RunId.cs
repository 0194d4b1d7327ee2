using System.Diagnostics.CodeAnalysis;

namespace MLOps.Tracking;

/// <summary>The identity of a run: 32 lower-case hex digits when made here, or any id that MLflow accepts.</summary>
/// <remarks>
/// A legal id starts with an ASCII letter or digit and goes on with up to 255 ASCII letters, digits, <c>_</c> or <c>-</c>
/// (MLflow's rule for run ids), so that an id is also a safe folder name. <c>default</c> is not a legal id; its <see cref="Value"/> is empty.
/// </remarks>
public readonly record struct RunId
{
    private const int MaxLength = 256;
    private readonly string? _value;

    /// <summary>Takes an id as it is written.</summary>
    /// <param name="value">A legal run id.</param>
    /// <exception cref="ArgumentNullException"><paramref name="value"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="value"/> is not a legal run id.</exception>
    public RunId(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (!IsLegal(value))
        {
            throw new ArgumentException(
                $"'{Shorten(value)}' is not a run id. A run id starts with a letter or digit and has at most {MaxLength} letters, digits, '_' or '-'; Run.Id.Value is one.",
                nameof(value));
        }

        _value = value;
    }

    /// <summary>The id as text; empty for <c>default</c>.</summary>
    public string Value => _value ?? "";

    /// <summary>Makes a new id: a version 7 UUID (RFC 9562) as 32 lower-case hex digits, so that ids sort by the time of their making.</summary>
    /// <param name="time">The clock; the system's when null.</param>
    /// <returns>An id that no other call returns.</returns>
    public static RunId New(TimeProvider? time = null) =>
        new(Guid.CreateVersion7((time ?? TimeProvider.System).GetUtcNow()).ToString("N"));

    /// <summary>Takes an id if it is a legal one.</summary>
    /// <param name="value">The text to read.</param>
    /// <param name="id">The id, or <c>default</c>.</param>
    /// <returns>Whether <paramref name="value"/> is a legal run id.</returns>
    public static bool TryParse([NotNullWhen(true)] string? value, out RunId id)
    {
        bool legal = value is not null && IsLegal(value);
        id = legal ? new RunId(value!) : default;
        return legal;
    }

    /// <summary>The id as text.</summary>
    /// <returns><see cref="Value"/>.</returns>
    public override string ToString() => Value;

    private static bool IsLegal(string value)
    {
        if (value.Length is 0 or > MaxLength || !char.IsAsciiLetterOrDigit(value[0]))
            return false;
        foreach (char c in value)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-'))
                return false;
        }

        return true;
    }

    private static string Shorten(string value) => value.Length <= 64 ? value : value[..64] + "…";
}
