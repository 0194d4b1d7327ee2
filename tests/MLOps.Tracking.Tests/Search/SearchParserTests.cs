using System.Globalization;
using MLOps.Tracking.Search;

namespace MLOps.Tracking.Tests.Search;

public sealed class SearchParserTests
{
    [Theory]
    [InlineData("metrics.accuracy > 0.9", "metrics.accuracy > 0.9")]
    [InlineData("metric.accuracy>=-1.5e-3", "metrics.accuracy >= -0.0015")]
    [InlineData("metrics.a<1", "metrics.a < 1")]
    [InlineData("metrics.a<=.5", "metrics.a <= 0.5")]
    [InlineData("metrics.a!=5.", "metrics.a != 5")]
    [InlineData("metrics.a=1E+3", "metrics.a = 1000")]
    [InlineData("metrics.a=-0", "metrics.a = 0")]
    [InlineData("metrics.a = 1e+300", "metrics.a = 1E300")]
    [InlineData("metrics.a = 1e-400", "metrics.a = 0")]
    [InlineData("params.optimizer = 'adam'", "params.optimizer = 'adam'")]
    [InlineData("parameters.optimizer = \"adam\"", "params.optimizer = 'adam'")]
    [InlineData("parameter.optimizer!='adam'", "params.optimizer != 'adam'")]
    [InlineData("param.note = \"it's\"", "params.note = \"it's\"")]
    [InlineData("param.note = 'say \"x\"'", "params.note = 'say \"x\"'")]
    [InlineData("param.note = ''", "params.note = ''")]
    [InlineData("tags.mlflow.runName LIKE 'a%_\\'", "tags.mlflow.runName LIKE 'a%_\\'")]
    [InlineData("tag.team ilike 'RISK'", "tags.team ILIKE 'RISK'")]
    [InlineData("tags.team IS NULL", "tags.team IS NULL")]
    [InlineData("tags.team is  not\tnull", "tags.team IS NOT NULL")]
    [InlineData("params.lr Is Null", "params.lr IS NULL")]
    [InlineData("status = 'FAILED'", "status = 'FAILED'")]
    [InlineData("attributes.status = 'FAILED'", "status = 'FAILED'")]
    [InlineData("attribute.status = 'FAILED'", "status = 'FAILED'")]
    [InlineData("attr.status = 'FAILED'", "status = 'FAILED'")]
    [InlineData("run.status = 'FAILED'", "status = 'FAILED'")]
    [InlineData("created > 5", "start_time > 5")]
    [InlineData("attributes.Created > 5", "start_time > 5")]
    [InlineData("`run name` = 'x'", "run_name = 'x'")]
    [InlineData("attributes.\"Run Name\" = 'x'", "run_name = 'x'")]
    [InlineData("run_id IN ('a', 'B')", "run_id IN ('a', 'B')")]
    [InlineData("status not in('FAILED',\"KILLED\")", "status NOT IN ('FAILED', 'KILLED')")]
    [InlineData("datasets.name IN ('train')", "datasets.name IN ('train')")]
    [InlineData("dataset.digest = 'd1'", "datasets.digest = 'd1'")]
    [InlineData("dataset.context LIKE 'train%'", "datasets.context LIKE 'train%'")]
    [InlineData("metrics.`my metric` > 1", "metrics.`my metric` > 1")]
    [InlineData("metrics.\"my metric\" > 1", "metrics.`my metric` > 1")]
    [InlineData("`metrics`.`a` > 1", "metrics.a > 1")]
    [InlineData("\"params\".\"a`b\" = 'x'", "params.\"a`b\" = 'x'")]
    [InlineData("metrics.a.b.c > 1", "metrics.a.b.c > 1")]
    [InlineData("metrics.val/loss-1:x > 1", "metrics.`val/loss-1:x` > 1")]
    [InlineData("metrics.1 > 1", "metrics.`1` > 1")]
    [InlineData("tags.größe = 'ß𝔘'", "tags.`größe` = 'ß𝔘'")]
    [InlineData("tags.and = 'x'", "tags.and = 'x'")]
    [InlineData("  metrics.a > 1\r\n and\tmetrics.b<2 AnD params.c='d'AND tags.e='f'  ", "metrics.a > 1 AND metrics.b < 2 AND params.c = 'd' AND tags.e = 'f'")]
    [InlineData("params.a = '''", null)]
    [InlineData("params.a = 'x AND y = ''", null)]
    public void A_filter_of_runs_is_read(string text, string? canonical)
    {
        if (canonical is null)
            Assert.Throws<SearchSyntaxException>(() => SearchFilter.Parse(text, SearchVocabulary.Runs));
        else
            Assert.Equal(canonical, SearchFilter.Parse(text, SearchVocabulary.Runs).ToString());
    }

    [Theory]
    [InlineData("name like 'a%'", "name LIKE 'a%'")]
    [InlineData("attribute.creation_time >= 5 and tags.team IS NOT NULL", "creation_time >= 5 AND tags.team IS NOT NULL")]
    [InlineData("tag.`a b` != 'x'", "tags.`a b` != 'x'")]
    [InlineData("name IN ('a')", "name IN ('a')")]
    public void A_filter_of_experiments_is_read(string text, string canonical) =>
        Assert.Equal(canonical, SearchFilter.Parse(text, SearchVocabulary.Experiments).ToString());

    [Fact]
    public void A_filter_is_a_tree_of_fields_comparators_and_values()
    {
        SearchFilter filter = SearchFilter.Parse("metrics.accuracy > 0.9 AND params.`a b` LIKE 'x%' AND run_id IN ('r1', 'r2') AND tags.t IS NULL", SearchVocabulary.Runs);

        Assert.Equal(
            [
                new Comparison(new SearchField(SearchEntity.Metric, "accuracy"), Comparator.Greater, new SearchValue.Number(0.9)),
                new Comparison(new SearchField(SearchEntity.Param, "a b"), Comparator.Like, new SearchValue.Text("x%")),
                new Comparison(new SearchField(SearchEntity.Attribute, "run_id"), Comparator.In, new SearchValue.TextList(["r1", "r2"])),
                new Comparison(new SearchField(SearchEntity.Tag, "t"), Comparator.IsNull, Value: null),
            ],
            filter.Comparisons);
        Assert.Equal(
            (RunField.Metric("accuracy") > 0.9) & RunField.Param("a b").Like("x%") & RunField.Id.In("r1", "r2") & RunField.Tag("t").IsNull(),
            filter);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" \t\r\n ")]
    public void Nothing_lets_everything_through(string? text) => Assert.Equal(SearchFilter.Everything, SearchFilter.Parse(text, SearchVocabulary.Runs));

    [Theory]
    // What the grammar does not have.
    [InlineData("metrics.a > 1 OR metrics.b > 2", 14, "There is no OR: conditions are joined by AND alone. Search once for each alternative, or write IN ('a', 'b')")]
    [InlineData("(metrics.a > 1)", 0, "no parentheses")]
    [InlineData("metrics.a > 1)", 13, "no parentheses")]
    [InlineData("NOT metrics.a > 1", 0, "There is no NOT before a condition. Write !=, NOT IN or IS NULL")]
    [InlineData("params.a NOT LIKE 'x'", 13, "Expected IN after NOT, found LIKE")]
    [InlineData("metrics.a > 1; DROP TABLE run", 13, "Expected AND or the end of the filter, found ;")]
    [InlineData("metrics.a > 1, metrics.b > 1", 13, "Expected AND or the end of the filter, found ,")]
    [InlineData("metrics.a > 1 metrics.b > 1", 14, "Expected AND or the end of the filter, found metrics.b")]
    [InlineData("metrics.a > 1 AND", 17, "Expected another condition after AND, but the filter ends. Leave out the last AND.")]
    [InlineData("AND metrics.a > 1", 0, "Expected a condition before AND")]
    [InlineData("metrics.a > 1 AND AND metrics.b > 1", 18, "Expected a condition before AND")]
    // Fields.
    [InlineData("accuracy > 0.9", 0, "Runs have no attribute 'accuracy'. The attributes are run_id, run_name, status, artifact_uri, user_id, start_time and end_time. For what was logged write metrics.accuracy, params.accuracy or tags.accuracy.")]
    [InlineData("statsu = 'FAILED'", 0, "Did you mean 'status'?")]
    [InlineData("attributes.STATUS = 'FAILED'", 11, "Did you mean 'status'?")]
    [InlineData("metrc.a > 1", 0, "'metrc' is not one of attributes, metrics, params, tags and datasets. Did you mean 'metric'?")]
    [InlineData("mlflow.runName = 'x'", 0, "For what was logged write metrics.mlflow.runName, params.mlflow.runName or tags.mlflow.runName.")]
    [InlineData("Metrics.a > 1", 0, "Entity words are lower case: write metrics.")]
    [InlineData("metrics > 1", 0, "Expected a key after metrics")]
    [InlineData("metrics. > 1", 8, "A key is missing after metrics.")]
    [InlineData("metrics.`` > 1", 8, "A key is missing after metrics.")]
    [InlineData("metrics.", 8, "A key is missing after metrics.")]
    [InlineData("metrics.`a > 1", 8, "The quote ` that opens here is not closed.")]
    [InlineData("\"metrics.a b\" > 1", 0, "The quotes stand around the key alone: write metrics.`a b`.")]
    [InlineData("tags.mlflow.\"run name\" = 'x'", 12, "Quotes stand around the whole key")]
    [InlineData("metrics.a+b > 1", 9, "A key that has other characters")]
    [InlineData("datasets.role = 'train'", 9, "Datasets have no property 'role'. They have name, digest and context.")]
    [InlineData("datasets.nam = 'train'", 9, "Did you mean 'name'?")]
    [InlineData("0.9 < metrics.a", 0, "The field comes first")]
    [InlineData("'adam' = params.a", 0, "The field comes first")]
    [InlineData("= 5", 0, "Expected a field, for example metrics.accuracy, found =.")]
    // Comparators.
    [InlineData("metrics.a == 1", 10, "Write = for equal.")]
    [InlineData("metrics.a <> 1", 10, "Write != for not equal.")]
    [InlineData("metrics.a => 1", 10, "Write >= for greater or equal.")]
    [InlineData("metrics.a =< 1", 10, "Write <= for less or equal.")]
    [InlineData("params.a =~ 'x'", 9, "There are no regular expressions. Write LIKE")]
    [InlineData("metrics.a ! 1", 10, "'!' is not a comparator. There are =, !=")]
    [InlineData("metrics.a", 9, "Expected a comparator after metric 'a', but the filter ends. Use =, !=, >, >=, < or <=.")]
    [InlineData("metrics.a is 5", 13, "Expected NULL or NOT NULL after IS, found 5.")]
    [InlineData("tags.a is not 'x'", 14, "Expected NULL after IS, found 'x'.")]
    [InlineData("params.a BETWEEN 1", 9, "Expected a comparator after param 'a', found BETWEEN. Use =, !=, LIKE, ILIKE, IS NULL or IS NOT NULL.")]
    [InlineData("metrics.a LIKE 'x'", 10, "LIKE does not go with metric 'a', which is a number. Use =, !=, >, >=, < or <=.")]
    [InlineData("metrics.a IS NULL", 10, "IS NULL does not go with metric 'a'")]
    [InlineData("params.lr > '0.1'", 10, "> does not go with param 'lr', which is a text.")]
    [InlineData("params.lr IN ('a')", 10, "IN does not go with param 'lr', which is a text. Use =, !=, LIKE, ILIKE, IS NULL or IS NOT NULL.")]
    [InlineData("tags.t NOT IN ('a')", 7, "NOT IN does not go with tag 't'")]
    [InlineData("end_time IS NULL", 9, "IS NULL does not go with attribute 'end_time', which is a number.")]
    [InlineData("status IS NULL", 7, "IS NULL does not go with attribute 'status', which is a text. Use =, !=, LIKE, ILIKE, IN or NOT IN.")]
    [InlineData("datasets.name > 'a'", 14, "> does not go with dataset property 'name'")]
    // Values.
    [InlineData("metrics.a >", 11, "Expected a number for metric 'a', but the filter ends.")]
    [InlineData("metrics.a > '0.9'", 12, "Expected a number for metric 'a', found '0.9'. Leave out the quotes.")]
    [InlineData("metrics.a > \"x\"", 12, "Expected a number for metric 'a', found \"x\".")]
    [InlineData("metrics.a > abc", 12, "Expected a number for metric 'a', found abc.")]
    [InlineData("metrics.a > nan", 12, "NaN and infinities cannot be written")]
    [InlineData("metrics.a < -Infinity", 12, "NaN and infinities cannot be written")]
    [InlineData("metrics.a > +5", 12, "Leave out the +.")]
    [InlineData("metrics.a > -", 12, "Expected a number")]
    [InlineData("metrics.a > 1.2.3", 12, "Expected a number")]
    [InlineData("metrics.a > 1e", 12, "Expected a number")]
    [InlineData("metrics.a > 0x1F", 12, "Expected a number")]
    [InlineData("metrics.a > 1_000", 12, "Expected a number")]
    [InlineData("metrics.a > 5AND metrics.b > 1", 12, "Expected a number")]
    [InlineData("metrics.a > 1e400", 12, "The number is out of range: the largest is 1.7976931348623157E+308.")]
    [InlineData("metrics.a > -1e400", 12, "out of range")]
    [InlineData("start_time > '2026-01-01'", 13, "Times are milliseconds since 1970-01-01 UTC.")]
    [InlineData("params.lr = adam", 12, "Expected a text in quotes for param 'lr', found adam. Write 'adam'.")]
    [InlineData("params.lr = 0.1", 12, "params are texts, also those that look like numbers: write '0.1'.")]
    [InlineData("params.lr = NULL", 12, "Write IS NULL or IS NOT NULL.")]
    [InlineData("params.lr = `adam`", 12, "Backticks are for keys")]
    [InlineData("params.lr = ('a')", 12, "A list goes with IN.")]
    [InlineData("params.lr =", 11, "Expected a text in quotes for param 'lr', but the filter ends.")]
    [InlineData("params.lr = 'adam", 12, "The quote ' that opens here is not closed.")]
    [InlineData("params.lr = \"adam' AND metrics.a > 1", 12, "The quote \" that opens here is not closed.")]
    [InlineData("params.a = 'it's'", 15, "There are no escapes in texts: one that contains ' stands in \"")]
    [InlineData("params.a = 'it''s'", 15, "There are no escapes in texts")]
    [InlineData("status IN 'FAILED'", 10, "Expected a list after IN, found 'FAILED'. Write IN ('a', 'b').")]
    [InlineData("status IN", 9, "Expected a list after IN, but the filter ends.")]
    [InlineData("status IN ()", 11, "The list of IN is empty. Expected at least one text in quotes.")]
    [InlineData("status NOT IN ( )", 16, "The list of NOT IN is empty.")]
    [InlineData("status IN ('a',)", 15, "Expected a text in quotes")]
    [InlineData("status IN ('a' 'b')", 15, "Expected , or ) in the list of IN, found 'b'.")]
    [InlineData("status IN ('a'", 14, "The list of IN that begins at position 10 is not closed.")]
    [InlineData("status IN ('a', b)", 16, "Write 'b'.")]
    [InlineData("status IN (('a'))", 11, "Expected a text in quotes")]
    // Characters.
    [InlineData("params.a = 'x\0y'", 13, "U+0000")]
    [InlineData("metrics.a \0> 1", 10, "U+0000")]
    public void A_mistake_is_told_with_its_place(string text, int position, string problem)
    {
        SearchSyntaxException mistake = Assert.Throws<SearchSyntaxException>(() => SearchFilter.Parse(text, SearchVocabulary.Runs));

        Assert.Equal((text, position), (mistake.Text, mistake.Position));
        Assert.Contains(problem, mistake.Problem, StringComparison.Ordinal);
        Assert.StartsWith(mistake.Problem, mistake.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("metrics.a > 1", 0, "'metrics' is not one of attributes and tags.")]
    [InlineData("datasets.name = 'x'", 0, "'datasets' is not one of attributes and tags.")]
    [InlineData("experiment_id = 3", 0, "Attribute 'experiment_id' is for orders, not for filters. Filters know name, creation_time and last_update_time.")]
    [InlineData("team = 'x'", 0, "Experiments have no attribute 'team'. The attributes are name, experiment_id, creation_time and last_update_time. For what was logged write tags.team.")]
    [InlineData("> 1", 0, "Expected a field, for example name, found >.")]
    public void Experiments_have_less(string text, int position, string problem)
    {
        SearchSyntaxException mistake = Assert.Throws<SearchSyntaxException>(() => SearchFilter.Parse(text, SearchVocabulary.Experiments));

        Assert.Equal(position, mistake.Position);
        Assert.Contains(problem, mistake.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("metrics.a > 1 OR metrics.a < 0", SearchMistake.Filter)]
    [InlineData("metric.", SearchMistake.Filter)]
    [InlineData("tags.a > 'x'", SearchMistake.Filter)]
    [InlineData("accuracy > 1", SearchMistake.Attribute)]
    [InlineData("attributes.nothing = 'x'", SearchMistake.Attribute)]
    [InlineData("metrics.a > '1'", SearchMistake.NotANumber)]
    [InlineData("start_time = 'x'", SearchMistake.NotANumber)]
    public void A_mistake_has_its_kind(string text, SearchMistake mistake) =>
        Assert.Equal(mistake, Assert.Throws<SearchSyntaxException>(() => SearchFilter.Parse(text, SearchVocabulary.Runs)).Mistake);

    [Theory]
    [InlineData("metrics.a down", SearchMistake.OrderKey)]
    [InlineData("nothing ASC", SearchMistake.Attribute)]
    public void A_mistake_in_an_order_key_has_its_kind(string text, SearchMistake mistake) =>
        Assert.Equal(mistake, Assert.Throws<SearchSyntaxException>(() => OrderKey.Parse(text, SearchVocabulary.Runs)).Mistake);

    [Fact]
    public void Half_of_a_surrogate_pair_is_a_mistake()
    {
        foreach (string half in (string[])["\ud83d", "\ude00", "\ude00\ud83d"])
        {
            SearchSyntaxException mistake = Assert.Throws<SearchSyntaxException>(() => SearchFilter.Parse($"tags.😀 = 'x{half}'", SearchVocabulary.Runs));

            Assert.Equal(12, mistake.Position);
            Assert.Contains("Half of a surrogate pair", mistake.Problem, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("metrics.accuracy", "metrics.accuracy ASC")]
    [InlineData(" metrics.`a b`   desc ", "metrics.`a b` DESC")]
    [InlineData("params.lr Asc", "params.lr ASC")]
    [InlineData("tags.\"DESC\" DESC", "tags.DESC DESC")]
    [InlineData("attributes.created DESC", "start_time DESC")]
    [InlineData("`Run name`", "run_name ASC")]
    [InlineData("status", "status ASC")]
    public void An_order_key_is_read(string text, string canonical) => Assert.Equal(canonical, OrderKey.Parse(text, SearchVocabulary.Runs).ToString());

    [Theory]
    [InlineData("", 0, "Expected a field, for example metrics.accuracy, but the order key ends.")]
    [InlineData("  ", 2, "but the order key ends")]
    [InlineData("metrics.a down", 10, "Expected ASC, DESC or the end of the order key, found down.")]
    [InlineData("metrics.a DESC ASC", 15, "Expected ASC, DESC or the end")]
    [InlineData("metrics.a, metrics.b", 9, "An order key names one field. Give each key as a text of its own.")]
    [InlineData("metrics.a DESC, metrics.b", 14, "An order key names one field.")]
    [InlineData("metrics.a > 1", 10, "Expected ASC, DESC or the end")]
    [InlineData("datasets.name", 9, "Runs cannot be ordered by their datasets")]
    [InlineData("accuracy DESC", 0, "For what was logged write metrics.accuracy")]
    [InlineData("DESC", 0, "Runs have no attribute 'DESC'.")]
    public void A_mistake_in_an_order_key_is_told_with_its_place(string text, int position, string problem)
    {
        SearchSyntaxException mistake = Assert.Throws<SearchSyntaxException>(() => OrderKey.Parse(text, SearchVocabulary.Runs));

        Assert.Equal((text, position), (mistake.Text, mistake.Position));
        Assert.Contains(problem, mistake.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Ten_megabytes_are_read_or_refused_in_linear_time_and_in_few_words()
    {
        const int Length = 10_000_000;
        string[] long_ =
        [
            string.Concat(Enumerable.Repeat("metrics.a > 1 AND ", Length / 18)),
            $"status IN ('a'{string.Concat(Enumerable.Repeat(", 'a'", Length / 5))}",
            new string('(', Length),
            new string('\'', Length + 1),
            new string('`', Length + 1),
            new string('a', Length),
            $"{new string('a', Length)}.b = 1",
            $"metrics.{new string('a', Length)}",
            $"datasets.{new string('a', Length)}",
            $"metrics.a > {new string('9', Length)}",
            $"metrics.a {new string('=', Length)} 1",
            $"params.a = {new string('x', Length)}",
            $"params.a = 'x' {new string(' ', Length)} OR",
        ];

        foreach (string text in long_)
        {
            SearchSyntaxException mistake = Assert.Throws<SearchSyntaxException>(() => SearchFilter.Parse(text, SearchVocabulary.Runs));
            Assert.InRange(mistake.Message.Length, 1, 1000);
        }
    }

    [Fact]
    public void A_long_text_is_shown_around_the_mistake()
    {
        string text = $"{string.Concat(Enumerable.Repeat("metrics.a > 1 AND ", 50))}metrics.b == 2 AND {string.Concat(Enumerable.Repeat("metrics.c > 1 AND ", 50))}metrics.d > 1";

        SearchSyntaxException mistake = Assert.Throws<SearchSyntaxException>(() => SearchFilter.Parse(text, SearchVocabulary.Runs));

        Assert.Equal(text.IndexOf("==", StringComparison.Ordinal), mistake.Position);
        Assert.Contains("metrics.b == 2", mistake.Message, StringComparison.Ordinal);
        Assert.InRange(mistake.Message.Length, 200, 300);
    }

    [Fact]
    public void A_filter_of_many_conditions_is_read()
    {
        string text = string.Join(" AND ", Enumerable.Range(0, 100_000).Select(i => $"metrics.m{i} > {i}"));

        Assert.Equal(100_000, SearchFilter.Parse(text, SearchVocabulary.Runs).Comparisons.Count);
    }

    [Fact]
    public void The_page_on_search_shows_mistakes_as_they_are_told()
    {
        string[] rows = [.. File.ReadLines(PathOf("docs/concepts/search.md")).SkipWhile(line => line != "## Mistakes").Where(line => line.StartsWith("| `", StringComparison.Ordinal))];
        Assert.NotEmpty(rows);

        foreach (string row in rows)
        {
            string[] cells = [.. row.Trim('|', ' ').Split(" | ")];
            SearchSyntaxException mistake = Assert.Throws<SearchSyntaxException>(() => SearchFilter.Parse(cells[0].Trim('`'), SearchVocabulary.Runs));
            Assert.Equal((cells[1], cells[2]), (mistake.Position.ToString(CultureInfo.InvariantCulture), mistake.Problem));
        }
    }

    private static string PathOf(string file)
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MLOps.Sdk.sln")))
            folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? throw new DirectoryNotFoundException("No folder above the tests has the solution."), file);
    }
}
