using MLOps.Tracking;
using MLOps.Tracking.Search;

namespace Snippets;

internal static class Search
{
    public static async Task AskAsync(Tracker tracker)
    {
        // <search-text>
        RunQuery best = RunQuery.Parse("metrics.accuracy > 0.9 AND params.optimizer = 'adam'", "metrics.accuracy DESC");
        await foreach (RunDetails run in tracker.FindRunsAsync(best with { ExperimentNames = ["churn"] }).Take(10))
            Console.WriteLine($"{run.Info.Name}  {run.Metrics["accuracy"].Value}");
        // </search-text>
    }

    public static async Task BuildAsync(Tracker tracker)
    {
        // <search-built>
        RunQuery best = new()
        {
            ExperimentNames = ["churn"],
            Filter = (RunField.Metric("accuracy") > 0.9) & RunField.Param("optimizer").EqualTo("adam"),
            OrderBy = [RunField.Metric("accuracy").Descending],
        };
        await foreach (RunDetails run in tracker.FindRunsAsync(best))
            Console.WriteLine(run.Info.Name);
        // </search-built>
    }

    public static async Task PageAsync(Tracker tracker)
    {
        // <search-pages>
        RunQuery query = RunQuery.Parse("status = 'FINISHED'", "metrics.accuracy DESC");
        string? token = null;
        do
        {
            Page<RunDetails> page = await tracker.FindRunPageAsync(query, new PageRequest { Size = 50, Token = token });
            foreach (RunDetails run in page.Items)
                Console.WriteLine(run.Info.Name);
            token = page.NextToken;
        }
        while (token is not null);
        // </search-pages>
    }

    public static async Task ReadLessAsync(Tracker tracker)
    {
        // <search-fields>
        RunQuery table = RunQuery.Parse("params.optimizer IS NOT NULL") with
        {
            Fields = new RunFields { Metrics = ["accuracy", "loss"], Params = ["optimizer"], Tags = [], Datasets = false },
        };
        await foreach (RunDetails run in tracker.FindRunsAsync(table))
            Console.WriteLine($"{run.Params["optimizer"]}  {run.Metrics.GetValueOrDefault("accuracy").Value}");
        // </search-fields>
    }

    public static async Task ExperimentsAsync(Tracker tracker)
    {
        // <search-experiments>
        ExperimentQuery risk = ExperimentQuery.Parse("name LIKE 'churn-%' AND tags.team = 'risk'", "last_update_time DESC");
        await foreach (Experiment experiment in tracker.FindExperimentsAsync(risk))
            Console.WriteLine($"{experiment.Id}  {experiment.Name}");
        // </search-experiments>
    }

    public static void Mistake()
    {
        // <search-mistake>
        try
        {
            RunQuery.Parse("params.optimizer = adam");
        }
        catch (SearchSyntaxException mistake)
        {
            Console.WriteLine(mistake.Text);
            Console.WriteLine($"{new string(' ', mistake.Position)}^ {mistake.Problem}");
        }
        // </search-mistake>
    }
}
