namespace MLOps.Tracking.Search;

/// <summary>Writes and reads page tokens: opaque to callers, they hold the place in the order after which the next page begins, so that what is added or deleted meanwhile shifts nothing.</summary>
/// <remarks>A token is no secret and no proof: a forged one leads to another place in the same answer, never to something that the question does not find.</remarks>
public static class PageToken
{
    /// <summary>Writes a token.</summary>
    /// <param name="question">The question whose answer is paged: <see cref="RunQuery.Canonical"/> or <see cref="ExperimentQuery.Canonical"/>.</param>
    /// <param name="place">What the last item of the page has for each order key of the full order, tie-breakers included.</param>
    /// <returns>The token: letters, digits, <c>-</c> and <c>_</c>.</returns>
    public static string Write(string question, IReadOnlyList<OrderValue> place) => throw new NotSupportedException();

    /// <summary>Reads a token.</summary>
    /// <param name="question">The question that it is sent with.</param>
    /// <param name="token">The token.</param>
    /// <param name="order">The full order of the question, tie-breakers included.</param>
    /// <returns>One value for each order key, of a kind that the key can have.</returns>
    /// <exception cref="InvalidPageTokenException">It is damaged, or was given for another question.</exception>
    public static IReadOnlyList<OrderValue> Read(string question, string token, IReadOnlyList<OrderKey> order) => throw new NotSupportedException();
}
