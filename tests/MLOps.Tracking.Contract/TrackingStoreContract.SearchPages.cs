using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task Pages_of_any_size_visit_everything_once_and_in_order()
    {
        Needs(StoreCapabilities.NonFiniteValues);
        await LogAsync([.. "abcdefghi".Select((name, i) => Started(new RunId($"{name}")) with { StartedAtMs = 100 + i / 3 })]);
        await LogAsync(
            Metric("a", "m", 1), Metric("b", "m", 1), Metric("c", "m", double.NaN), Metric("d", "m", double.NaN), Metric("e", "m", double.PositiveInfinity), Metric("f", "m", double.NegativeInfinity), Metric("g", "m", -0.0),
            Param("a", "p", ""), Param("b", "p", "😀"), Param("c", "p", "\uE000"), Param("d", "p", Injection), Param("e", "p", "x"), Param("f", "p", "x"),
            new TrackingRecord.RunUpdated(new RunId("a")) { Status = RunStatus.Finished, EndedAtMs = 500 }, new TrackingRecord.RunUpdated(new RunId("b")) { Status = RunStatus.Finished, EndedAtMs = 500 });
        string[][] orders =
        [
            [], ["metrics.m"], ["metrics.m DESC"], ["params.p"], ["params.p DESC"], ["end_time"], ["end_time DESC"], ["status", "params.p"], ["start_time"], ["run_id DESC"], ["run_name DESC"],
            ["metrics.m DESC", "params.p", "end_time", "run_id DESC"], ["tags.unknown", "metrics.m"], ["user_id", "artifact_uri DESC"],
        ];

        foreach (string[] order in orders)
        {
            RunQuery query = RunQuery.Parse(null, order);
            string whole = string.Concat((await Store.FindRunsAsync(query, new PageRequest(), Cancellation)).Items.Select(run => run.Info.Id));
            Assert.Equal(9, whole.Length);
            for (int size = 1; size <= 10; size++)
            {
                List<string> pages = [.. (await ReadPagesAsync(query, size)).Select(page => string.Concat(page.Select(run => run.Info.Id)))];
                Assert.Equal((query.Canonical, size, whole), (query.Canonical, size, string.Concat(pages)));
                Assert.All(pages[..^1], page => Assert.Equal(size, page.Length));
                Assert.InRange(pages[^1].Length, 1, size);
            }
        }
    }

    [Fact]
    public async Task A_page_that_is_the_last_has_no_token()
    {
        await LogAsync([.. "abcd".Select(name => Started(new RunId($"{name}")))]);

        Assert.NotNull((await Store.FindRunsAsync(new RunQuery(), new PageRequest { Size = 3 }, Cancellation)).NextToken);
        Assert.Null((await Store.FindRunsAsync(new RunQuery(), new PageRequest { Size = 4 }, Cancellation)).NextToken);
        Assert.Null((await Store.FindRunsAsync(new RunQuery(), new PageRequest { Size = 5 }, Cancellation)).NextToken);
        Page<RunDetails> nothing = await Store.FindRunsAsync(RunQuery.Parse("run_id = 'x'"), new PageRequest { Size = 1 }, Cancellation);
        Assert.Empty(nothing.Items);
        Assert.Null(nothing.NextToken);
    }

    [Fact]
    public async Task A_token_goes_with_its_question_alone()
    {
        RunId first = await StartRunAsync();
        await StartRunAsync();
        ExperimentId churn = (await GetExperimentAsync("churn")).Id;
        RunQuery query = RunQuery.Parse("status = 'RUNNING'", "run_name");
        string token = (await Store.FindRunsAsync(query, new PageRequest { Size = 1 }, Cancellation)).NextToken!;
        RunQuery[] others =
        [
            new(), query with { Filter = SearchFilter.Everything }, query with { Filter = RunField.Status.EqualTo("FINISHED") }, query with { OrderBy = [RunField.Name.Descending] }, query with { OrderBy = [] },
            query with { OrderBy = [RunField.Name.Ascending, RunField.StartedAt.Descending] }, query with { Lifecycle = null }, query with { Experiments = [churn] }, query with { ExperimentNames = ["churn"] }, query with { Parent = first },
        ];

        foreach (RunQuery other in others)
            await Assert.ThrowsAsync<InvalidPageTokenException>(async () => await Store.FindRunsAsync(other, new PageRequest { Token = token }, Cancellation));
        await Assert.ThrowsAsync<InvalidPageTokenException>(async () => await Store.FindExperimentsAsync(new ExperimentQuery(), new PageRequest { Token = token }, Cancellation));

        // What is read of a run, and how much at once, is not part of the question.
        foreach (RunQuery same in (RunQuery[])[query, query with { Fields = RunFields.None }, RunQuery.Parse("attributes.status='RUNNING'", "run_name ASC")])
            Assert.Single((await Store.FindRunsAsync(same, new PageRequest { Token = token, Size = 7 }, Cancellation)).Items);
    }

    [Fact]
    public async Task A_damaged_or_forged_token_is_refused_or_leads_to_another_place()
    {
        await LogAsync([.. "abc".Select(name => Started(new RunId($"{name}")))]);
        await LogAsync(Metric("a", "m", 1), Metric("b", "m", 2), Metric("c", "m", 3));
        RunQuery query = RunQuery.Parse(null, "metrics.m");
        string token = (await Store.FindRunsAsync(query, new PageRequest { Size = 1 }, Cancellation)).NextToken!;
        OrderValue one = new OrderValue.Number(1), text = new OrderValue.Text("x"), missing = new OrderValue.Missing();

        string[] damaged =
        [
            "", " ", "x", "{\"offset\": 1}", token[1..], token[..^1], token + "A", token + "=", " " + token, token.ToUpperInvariant(), $"{(token[0] == 'B' ? 'C' : 'B')}{token[1..]}",
            PageToken.Write(query.Canonical, [one]), PageToken.Write(query.Canonical, [text, one, text]), PageToken.Write(query.Canonical, [one, text, text]), PageToken.Write(query.Canonical, [one, one, one]),
            PageToken.Write(query.Canonical, [one, new OrderValue.NaN(), text]), PageToken.Write(query.Canonical, [one, one, text, text]), PageToken.Write("another question", [one, one, text]),
        ];
        foreach (string wrong in damaged)
            await Assert.ThrowsAsync<InvalidPageTokenException>(async () => await Store.FindRunsAsync(query, new PageRequest { Token = wrong }, Cancellation));

        Assert.Equal("bc", await AfterAsync(one, missing, missing));
        Assert.Equal("abc", await AfterAsync(new OrderValue.Number(double.NegativeInfinity), one, text));
        Assert.Equal("c", await AfterAsync(new OrderValue.Number(2.5), one, text));
        Assert.Equal("", await AfterAsync(new OrderValue.Number(double.PositiveInfinity), one, text));
        Assert.Equal("", await AfterAsync(new OrderValue.NaN(), one, text));
        Assert.Equal("", await AfterAsync(missing, missing, missing));

        async Task<string> AfterAsync(params OrderValue[] place) =>
            string.Concat((await Store.FindRunsAsync(query, new PageRequest { Token = PageToken.Write(query.Canonical, place) }, Cancellation)).Items.Select(run => run.Info.Id));
    }

    [Fact]
    public async Task What_was_there_all_the_while_comes_once_whatever_is_added_and_deleted_between_pages()
    {
        Needs(StoreCapabilities.SoftDelete);
        foreach ((string order, string prefix) in ((string, string)[])[("metrics.m", "ma"), ("metrics.m DESC", "md"), ("params.p", "pa"), ("params.p DESC", "pd"), ("run_name", "n"), ("start_time", "s")])
        {
            List<string> throughout = [];
            for (int i = 0; i < 60; i++)
                await AddAsync(i, i % 3 == 0 ? "goes" : "stays");
            int added = 60;
            List<string> seen = [];
            RunQuery query = RunQuery.Parse($"tags.of = '{order}'", order);
            string? token = null;
            for (int page = 0; page == 0 || token is not null; page++)
            {
                Page<RunDetails> found = await Store.FindRunsAsync(query, new PageRequest { Size = 7, Token = token }, Cancellation);
                seen.AddRange(found.Items.Select(run => run.Info.Id.Value));
                token = found.NextToken;

                // Deletes the last that was seen, which the token speaks of, and one of those to come or already gone by.
                foreach (string gone in (string[])[seen.FindLast(id => id.Contains("goes", StringComparison.Ordinal)) ?? "", $"{prefix}-goes-{(page * 6) % 60}"])
                {
                    if (RunId.TryParse(gone, out RunId id) && await Store.FindRunAsync(id, Cancellation) is not null)
                        await Store.SetRunLifecycleAsync(id, Lifecycle.Deleted, Cancellation);
                }

                for (int more = 0; more < 3; more++)
                    await AddAsync(added++, "comes");
                Assert.InRange(page, 0, 100);
            }

            Assert.Equal(seen.Count, seen.Distinct().Count());
            Assert.Equal(throughout.Order(StringComparer.Ordinal), seen.Where(id => id.Contains("stays", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

            async Task AddAsync(int i, string kind)
            {
                RunId id = new($"{prefix}-{kind}-{i}");
                if (kind == "stays")
                    throughout.Add(id.Value);
                // Scattered over the order, with ties, and some that lack the key.
                int place = i * 37 % 20;
                List<TrackingRecord> records = [Started(id) with { StartedAtMs = 1000 + place, Name = $"n{place}" }, new TrackingRecord.TagSet(id, "of", order)];
                if (place > 3)
                    records.AddRange([Metric(id.Value, "m", place), Param(id.Value, "p", $"{place}")]);
                await LogAsync([.. records]);
            }
        }
    }

    private async Task<List<IReadOnlyList<RunDetails>>> ReadPagesAsync(RunQuery query, int size)
    {
        List<IReadOnlyList<RunDetails>> pages = [];
        string? token = null;
        do
        {
            Page<RunDetails> page = await Store.FindRunsAsync(query, new PageRequest { Size = size, Token = token }, Cancellation);
            pages.Add(page.Items);
            token = page.NextToken;
        }
        while (token is not null);
        return pages;
    }
}
