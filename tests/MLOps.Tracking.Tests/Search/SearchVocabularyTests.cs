using MLOps.Tracking.Search;

namespace MLOps.Tracking.Tests.Search;

public sealed class SearchVocabularyTests
{
    private static readonly SearchField s_param = new(SearchEntity.Param, "p");
    private static readonly SearchField s_metric = new(SearchEntity.Metric, "m");

    public static TheoryData<Comparison, string> Wrong() => new()
    {
        { null!, "A comparison of the filter is null." },
        { new(new SearchField(SearchEntity.Param, ""), Comparator.IsNull, null), "A key is missing after params." },
        { new(default, Comparator.Equal, new SearchValue.Text("x")), "A key is missing after attributes." },
        { new(new SearchField(SearchEntity.Attribute, "state"), Comparator.Equal, new SearchValue.Text("x")), "Runs have no attribute 'state'. Did you mean 'status'?" },
        { new(new SearchField(SearchEntity.Attribute, "created"), Comparator.Equal, new SearchValue.Number(1)), "'created' is another name of attribute 'start_time'." },
        { new(new SearchField(SearchEntity.Dataset, "role"), Comparator.Equal, new SearchValue.Text("x")), "Datasets have no property 'role'. They have name, digest and context." },
        { new(new SearchField((SearchEntity)9, "x"), Comparator.Equal, new SearchValue.Text("x")), "Runs have no 9. They have attributes, metrics, params, tags and datasets." },
        { new(new SearchField(SearchEntity.Param, "\ud83d"), Comparator.Equal, new SearchValue.Text("x")), "half of a surrogate pair" },
        { new(s_param, Comparator.Greater, new SearchValue.Text("x")), "> does not go with param 'p', which is a text. Use =, !=, LIKE, ILIKE, IS NULL or IS NOT NULL." },
        { new(s_param, Comparator.In, new SearchValue.TextList(["x"])), "IN does not go with param 'p'" },
        { new(s_param, (Comparator)77, new SearchValue.Text("x")), "77 does not go with param 'p'" },
        { new(s_param, Comparator.Equal, new SearchValue.Number(1)), "= compares param 'p' with a text, not with a number." },
        { new(s_param, Comparator.Equal, new SearchValue.TextList(["x"])), "= compares param 'p' with a text, not with a list of texts." },
        { new(s_param, Comparator.Equal, null), "= compares param 'p' with a text, not with nothing." },
        { new(s_param, Comparator.Equal, new SearchValue.Text(null!)), "= compares param 'p' with a text, not with nothing." },
        { new(s_param, Comparator.Equal, new SearchValue.Text("x\ude00")), "half of a surrogate pair" },
        { new(s_param, Comparator.IsNull, new SearchValue.Text("x")), "IS NULL compares param 'p' with nothing, not with a text." },
        { new(s_metric, Comparator.Greater, new SearchValue.Text("1")), "> compares metric 'm' with a number, not with a text." },
        { new(s_metric, Comparator.NotEqual, new SearchValue.Number(double.NaN)), "Nothing can be compared with NaN." },
        { new(s_metric, Comparator.IsNull, null), "IS NULL does not go with metric 'm', which is a number." },
        { new(RunField.EndedAt.Field, Comparator.Equal, new SearchValue.Text("x")), "= compares attribute 'end_time' with a number" },
        { new(RunField.Status.Field, Comparator.IsNotNull, null), "IS NOT NULL does not go with attribute 'status'" },
        { new(RunField.Status.Field, Comparator.In, new SearchValue.TextList([])), "IN compares attribute 'status' with a list of at least one text, not with an empty list." },
        { new(RunField.Status.Field, Comparator.In, new SearchValue.TextList(null!)), "not with nothing." },
        { new(RunField.Status.Field, Comparator.NotIn, new SearchValue.TextList(["x", null!])), "A text of NOT IN is null." },
        { new(RunField.Status.Field, Comparator.In, new SearchValue.TextList(["\ud83d"])), "half of a surrogate pair" },
        { new(RunField.Status.Field, Comparator.In, new SearchValue.Text("x")), "IN compares attribute 'status' with a list" },
    };

    [Theory(DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Wrong))]
    public void A_filter_that_speaks_of_what_runs_do_not_have_is_refused(Comparison comparison, string problem)
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => SearchVocabulary.Runs.Check(new SearchFilter([RunField.Metric("a") > 1 is var ok ? ok.Comparisons[0] : null!, comparison]), []));

        Assert.Equal("filter", refused.ParamName);
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_builder_builds_is_accepted()
    {
        DateTimeOffset time = DateTimeOffset.UnixEpoch;

        SearchVocabulary.Runs.Check(
            (RunField.Metric("m") > double.PositiveInfinity) & (RunField.Metric("m") <= -1) & RunField.Metric("m").NotEqualTo(double.NegativeInfinity)
                & RunField.Param("p").Like("x") & RunField.Param("p").IsNull() & RunField.Tag("t").IsNotNull() & RunField.Tag("t").NotEqualTo("\0")
                & (RunField.StartedAt >= time) & RunField.EndedAt.EqualTo(time) & RunField.Id.In("a", "b") & RunField.Name.ILike("x") & RunField.Status.NotIn("FAILED")
                & RunField.User.EqualTo("") & RunField.ArtifactLocation.EqualTo("x") & RunField.DatasetName.In("x") & RunField.DatasetDigest.EqualTo("d") & RunField.DatasetRole.NotEqualTo("r"),
            [
                RunField.Metric("m").Descending, RunField.Param("p").Ascending, RunField.Tag("p").Ascending, RunField.Id.Ascending, RunField.Name.Ascending, RunField.Status.Ascending,
                RunField.User.Ascending, RunField.ArtifactLocation.Ascending, RunField.StartedAt.Ascending, RunField.EndedAt.Descending,
            ]);
        SearchVocabulary.Experiments.Check(
            ExperimentField.Name.In("a") & (ExperimentField.CreatedAt > time) & (ExperimentField.UpdatedAt > time) & ExperimentField.Tag("t").IsNull(),
            [ExperimentField.Id.Ascending, ExperimentField.Name.Descending, ExperimentField.CreatedAt.Ascending, ExperimentField.UpdatedAt.Ascending, ExperimentField.Tag("t").Ascending]);
    }

    [Fact]
    public void An_order_names_fields_that_can_be_ordered_and_none_twice()
    {
        AssertOrder("Runs cannot be ordered by their datasets", RunField.DatasetName.Ascending);
        AssertOrder("The order names metric 'm' twice.", RunField.Metric("m").Ascending, RunField.Param("m").Ascending, RunField.Metric("m").Descending);
        AssertOrder("Runs have no attribute 'x'.", new OrderKey(new SearchField(SearchEntity.Attribute, "x"), Descending: false));
        AssertOrder("A key is missing", default(OrderKey));
        SearchVocabulary narrow = new()
        {
            Subject = "model",
            Entities = new Dictionary<string, SearchEntity>(StringComparer.Ordinal),
            Attributes = [new SearchProperty("name", IsNumber: false), new SearchProperty("text", IsNumber: false) { IsSortable = false }],
        };
        ArgumentException refused = Assert.Throws<ArgumentException>(() => narrow.Check(SearchFilter.Everything, [new OrderKey(new SearchField(SearchEntity.Attribute, "text"), Descending: true)]));
        Assert.Contains("Attribute 'text' is for filters, not for orders. Orders know name.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Experiments_have_neither_metrics_nor_ids_to_filter_by()
    {
        Assert.Contains(
            "Experiments have no metrics. They have attributes and tags.",
            Assert.Throws<ArgumentException>(() => SearchVocabulary.Experiments.Check(RunField.Metric("m") > 1, [])).Message, StringComparison.Ordinal);
        Assert.Contains(
            "Attribute 'experiment_id' is for orders, not for filters.",
            Assert.Throws<ArgumentException>(() => SearchVocabulary.Experiments.Check(ExperimentField.Id.EqualTo(1), [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_query_is_checked_with_its_page()
    {
        PageRequest page = new();

        new RunQuery().Check(page);
        new RunQuery { Experiments = [default], Fields = RunFields.None }.Check(new PageRequest { Size = 1 });
        new ExperimentQuery().Check(new PageRequest { Size = PageRequest.LargestSize });
        Assert.Throws<ArgumentNullException>(() => new RunQuery().Check(null!));
        Assert.Throws<ArgumentNullException>(() => new RunQuery { Filter = null! }.Check(page));
        Assert.Throws<ArgumentNullException>(() => new RunQuery { OrderBy = null! }.Check(page));
        Assert.Throws<ArgumentNullException>(() => new RunQuery { Fields = null! }.Check(page));
        Assert.Throws<ArgumentException>(() => new RunQuery { Filter = new SearchFilter(null!) }.Check(page));
        Assert.Throws<ArgumentException>(() => new RunQuery { ExperimentNames = [null!] }.Check(page));
        Assert.Throws<ArgumentException>(() => new RunQuery { Fields = new RunFields { Tags = ["a", null!] } }.Check(page));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RunQuery().Check(new PageRequest { Size = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExperimentQuery().Check(new PageRequest { Size = PageRequest.LargestSize + 1 }));
    }

    [Fact]
    public void A_question_has_one_text_whatever_is_read_and_different_ones_differ()
    {
        RunQuery[] queries =
        [
            new(), new() { Lifecycle = null }, new() { Lifecycle = Lifecycle.Deleted }, new() { Experiments = [] }, new() { Experiments = [default] }, new() { Experiments = [new ExperimentId("1"), new ExperimentId("2")] },
            new() { ExperimentNames = ["a,1:b"] }, new() { ExperimentNames = ["a", "b"] }, new() { ExperimentNames = [] }, new() { Parent = new RunId("p") },
            RunQuery.Parse("metrics.a > 1"), RunQuery.Parse("metrics.a > 2"), RunQuery.Parse(null, "metrics.a"), RunQuery.Parse(null, "metrics.a DESC"),
        ];

        Assert.Equal(queries.Length, queries.Select(query => query.Canonical).Distinct().Count());
        Assert.Equal(queries[0].Canonical, (queries[0] with { Fields = RunFields.None }).Canonical);
        Assert.NotEqual(queries[0].Canonical, new ExperimentQuery().Canonical);
    }

    private static void AssertOrder(string problem, params OrderKey[] order)
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => SearchVocabulary.Runs.Check(SearchFilter.Everything, order));

        Assert.Equal("orderBy", refused.ParamName);
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
    }
}
