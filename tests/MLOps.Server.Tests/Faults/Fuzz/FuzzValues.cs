using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace MLOps.Server.Tests.Faults.Fuzz;

/// <summary>Values of fields as JSON text, which need not be legal, made from what is known when they are sent.</summary>
internal static class FuzzValues
{
    private static readonly string[] s_hostile =
    [
        "", " ", "\0", "a\0b", "\u001f", "\u007f", "\u0085", "\t", "\r\nX-Injected: 1", "\\", "\"", "'", "`", "'; DROP TABLE run; --", "' OR '1'='1", "1; DELETE FROM experiment", "%", "_", "%s%n", "${jndi:ldap://x}",
        ".", "..", "../../../../etc/passwd", "..\\..\\windows", "/etc/passwd", "a/../../b", "a//b", "a/", "/", "//", "./a", "C:\\windows", "file:///etc/passwd", "%2e%2e%2f", "%252e%252e%252f", "..%00", "#", "?", "a#b", "a?b",
        "http://127.0.0.1:1/", "s3://bucket/../key", "models:/x/1", "models:/x@champion", "models:/m-0", "runs:/0/x", "mlflow-artifacts:/../x", "dbfs:/x", "mlflow-artifacts://evil.example/x", ".mlops/manifests/x", "artifacts/.mlops",
        "\ud800", "\udc00", "a\ud83d", "\ud83d\ude00", "\ufeff", "\uffff", "\u202e", "\u0130", "ﬀ", "Å", "Å", "١٢", "null", "true", "NaN", "-Infinity", "1e5", "0x10", " 1", "+1", "1.0", "-0", "9223372036854775808", "-9223372036854775809",
        "mlflow.runName", "mlflow.parentRunId", "mlflow.user", "mlflow.prompt.is_prompt", "mlflow.data.context", "mlflow.", "__proto__", "latest", "v1", "Latest", "champion", "Production", "staging", "*", "{}", "[]",
    ];

    private static readonly string[] s_strange =
    [
        "null", "true", "false", "0", "-0", "-1", "1", "2", "1.5", "1e3", "1e400", "-1e400", "1e-400", "9007199254740993", "2147483648", "-2147483649", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1e19",
        "1000", "25000", "50000", "50001", "200001", "NaN", "Infinity", "\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "\"nan\"", "\"1e308\"", "\"1e309\"", "\"12\"", "[]", "{}", "[null]", "[[]]", "[{}]", "{\"key\":null}", "[{\"key\":\"k\"}]",
        "[{\"key\":1,\"value\":{}}]", "[{\"key\":\"k\",\"value\":\"v\"},{\"key\":\"k\",\"value\":\"w\"}]", "[1,\"a\",null]", "{\"a\":{\"a\":{\"a\":{}}}}", "{\"\\ud800\":1}", "\"\\ud800\"", "\"\\u0000\"", "01", "1.", ".5", "'a'", "undefined", "",
    ];

    private static readonly string[] s_filterWords =
    [
        "metrics.loss", "metrics.`a b`", "params.p", "params.\"q r\"", "tags.t", "tag.mlflow.user", "attributes.status", "attribute.start_time", "run_id", "name", "version_number", "creation_time", "datasets.name", "tags.`a`b`", "attr.",
        "metrics", "trace.x", "=", "!=", ">", ">=", "<", "<=", "LIKE", "ilike", "IN", "NOT IN", "IS NULL", "IS NOT NULL", "AND", "and", "OR", "NOT", "(", ")", ",", "'x'", "\"x\"", "'%'", "'%_%_%_%_%a'", "('a','b')", "('a', 1)", "()", "0.5",
        "-1", "1e309", "'RUNNING'", "''", "'it''s'", "`", "'", ";", "--", "/*", "x'00'", "NULL", "\ud800", "\0", "é",
    ];

    /// <summary>A text that means harm or is odd.</summary>
    public static Gen<string> Hostile { get; } = Gen.Frequency(
        (8, Gen.Elements(s_hostile)),
        (3, from unit in Gen.Elements("a", "é", "😀", "%", "../", "\ud800", "a.b", "/") from count in Gen.Elements(2, 64, 249, 250, 251, 256, 500, 501, 5_000, 6_001, 8_001, 70_000) select new StringBuilder().Insert(0, unit, count).ToString()),
        (4, ArbMap.Default.GeneratorFor<string>().Select(text => text ?? "")));

    /// <summary>JSON that is seldom what a field takes.</summary>
    public static Gen<Func<FuzzPool, string>> Strange { get; } = Gen.Frequency(
        (4, Gen.Elements(s_strange)),
        (4, Hostile.Select(Quote)),
        (1, from depth in Gen.Elements(10, 60, 64, 65, 2_000) select new string('[', depth) + new string(']', depth)),
        (1, from count in Gen.Elements(100, 101, 1_001, 20_000) from item in Gen.Elements("1", "null", "{}", "\"a\"", "{\"key\":\"a\",\"value\":\"1\",\"timestamp\":1}") select $"[{string.Join(',', Enumerable.Repeat(item, count))}]"))
        .Select(json => (Func<FuzzPool, string>)(_ => json));

    /// <summary>A name that is legal nearly everywhere.</summary>
    public static Gen<string> Name { get; } = from kind in Gen.Elements("a", "b.c", "größe", "d e", "train/loss", "k") from number in Gen.Choose(0, 6) select $"{kind}{number.ToString(CultureInfo.InvariantCulture)}";

    public static Gen<Func<FuzzPool, string>> Fixed(params string[] json) => Gen.Elements(json).Select(value => (Func<FuzzPool, string>)(_ => value));

    public static Gen<Func<FuzzPool, string>> Text { get; } = Name.Select(name => (Func<FuzzPool, string>)(_ => Quote(name)));

    public static Gen<Func<FuzzPool, string>> Number(int least, int most) => Gen.Choose(least, most).Select(number => (Func<FuzzPool, string>)(_ => number.ToString(CultureInfo.InvariantCulture)));

    public static Gen<Func<FuzzPool, string>> Real { get; } =
        Gen.OneOf(Gen.Choose(-1000, 1000).Select(value => (value / 8.0).ToString("R", CultureInfo.InvariantCulture)), Gen.Elements("\"NaN\"", "\"Infinity\"", "1e308", "-0.0", "5e-324")).Select(json => (Func<FuzzPool, string>)(_ => json));

    /// <summary>Something that an earlier request has made.</summary>
    public static Gen<Func<FuzzPool, string>> Known(FuzzThing thing) => Gen.Choose(0, 1_000_000).Select(choice => (Func<FuzzPool, string>)(pool => Quote(pool.Choose(thing, choice))));

    /// <summary>Words of the search grammar in an order that is seldom legal.</summary>
    public static Gen<Func<FuzzPool, string>> Filter { get; } = Gen.Frequency(
        (3, Gen.Elements("", "metrics.loss > 0.5", "params.p = '1' and tags.t LIKE '%a%'", "attributes.status = 'RUNNING'", "name ILIKE 'A%'", "tags.`d e1` != ''")),
        (3, Gen.Elements(s_filterWords).ArrayOf().Resize(12).Select(words => string.Join(' ', words))),
        (1, Gen.Choose(1, 3_000).Select(count => string.Join(" AND ", Enumerable.Repeat("metrics.loss > 0", count)))))
        .Select(filter => (Func<FuzzPool, string>)(_ => Quote(filter)));

    public static Gen<Func<FuzzPool, string>> OrderBy { get; } = Gen.Elements("metrics.loss DESC", "start_time", "attributes.run_name asc", "params.p", "name", "version_number DESC", "nonsense", "metrics.", "name; DROP", "name DESC DESC", "")
        .ArrayOf().Resize(4).Select(items => (Func<FuzzPool, string>)(_ => $"[{string.Join(',', items.Select(Quote))}]"));

    /// <summary>An object of some fields.</summary>
    public static Gen<Func<FuzzPool, string>> Object(params (string Name, Gen<Func<FuzzPool, string>> Value)[] fields) =>
        Gen.CollectToArray(fields, field => field.Value).Select(values => (Func<FuzzPool, string>)(pool => $"{{{string.Join(',', values.Select((value, i) => $"{Quote(fields[i].Name)}:{value(pool)}"))}}}"));

    /// <summary>A short list.</summary>
    public static Gen<Func<FuzzPool, string>> List(Gen<Func<FuzzPool, string>> item) =>
        item.ArrayOf().Resize(5).Select(items => (Func<FuzzPool, string>)(pool => $"[{string.Join(',', items.Select(value => value(pool)))}]"));

    public static Gen<Func<FuzzPool, string>> Pairs { get; } = List(Object(("key", Text), ("value", Text)));

    /// <summary>A JSON string. All but plain ASCII is escaped, and so is half a surrogate pair, which no writer of JSON would write.</summary>
    public static string Quote(string text)
    {
        StringBuilder json = new("\"", text.Length + 2);
        foreach (char c in text)
        {
            if (c is >= ' ' and < '\u007f' and not '"' and not '\\')
                json.Append(c);
            else
                json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return json.Append('"').ToString();
    }
}
