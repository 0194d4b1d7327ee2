using System.Collections.Concurrent;
using System.Net.Http.Json;
using MLOps.Registry;

namespace ModelHost;

/// <summary>Sends the service requests from several callers while the alias moves, and counts those that failed.</summary>
internal static class Demonstration
{
    private const int Callers = 4, Swaps = 20;

    public static async Task<bool> RunAsync(ModelRegistry registry, string address)
    {
        using HttpClient http = new() { BaseAddress = new Uri(address) };
        ConcurrentDictionary<int, int> answers = new();
        int failed = 0;
        using CancellationTokenSource end = new();
        Task[] callers = [.. Enumerable.Range(0, Callers).Select(_ => CallAsync())];
        for (int swap = 1; swap <= Swaps; swap++)
        {
            int to = 1 + (swap % 2), before = answers.GetValueOrDefault(to);
            await registry.MoveAliasAsync("churn", "champion", to, reason: "the sample moves it to and fro");

            // The new version serves once an answer comes from it.
            while (answers.GetValueOrDefault(to) == before && !callers.Any(caller => caller.IsFaulted))
                await Task.Delay(1);
        }

        await end.CancelAsync();
        await Task.WhenAll(callers);
        Console.WriteLine($"{answers.Values.Sum()} requests during {Swaps} swaps, {failed} failed; answered by {string.Join(", ", answers.OrderBy(answer => answer.Key).Select(answer => $"version {answer.Key}: {answer.Value}"))}");
        Console.WriteLine($"health: {await http.GetStringAsync("/health")}");
        return failed == 0 && answers.Count == 2;

        async Task CallAsync()
        {
            while (!end.IsCancellationRequested)
            {
                using HttpResponseMessage response = await http.PostAsJsonAsync("/score", new ScoreRequest([1, 0.5f, -1, 2]));
                if (response.IsSuccessStatusCode)
                    answers.AddOrUpdate((await response.Content.ReadFromJsonAsync<ScoreAnswer>())!.Version, 1, (_, count) => count + 1);
                else
                    Interlocked.Increment(ref failed);
            }
        }
    }
}
