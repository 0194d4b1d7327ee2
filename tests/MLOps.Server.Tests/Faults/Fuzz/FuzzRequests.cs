using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace MLOps.Server.Tests.Faults.Fuzz;

/// <summary>Makes requests: those of real routes with fields that are wrong here and there, bodies that are broken, and noise.</summary>
internal static class FuzzRequests
{
    private static readonly Gen<string> s_contentType = Gen.Frequency(
        (30, Gen.Constant("application/json")), (2, Gen.Elements("application/json; charset=utf-8", "APPLICATION/JSON")),
        (2, Gen.Elements("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json-patch+json", "application/xml", ";", "a/b/c", "application/json; charset=utf-16", new string('x', 5_000))));

    private static readonly Gen<(string, string)?> s_header = Gen.Frequency(
        (30, Gen.Constant<(string, string)?>(null)),
        (1, Gen.Elements<(string, string)?>(
            ("Authorization", "Basic %%%"), ("Authorization", "Bearer x"), ("X-MLFLOW-WORKSPACE", "other"), ("Range", "bytes=0-0"), ("Range", "bytes=5-2,-1,99999999999-"), ("If-None-Match", "*"), ("Accept-Encoding", "gzip;q=2, br"),
            ("Accept", "text/html"), ("Content-Encoding", "gzip"), ("Origin", "https://evil.example"), ("X-HTTP-Method-Override", "DELETE"), ("X-Forwarded-For", "8.8.8.8"), ("Expect", "100-continue"), ("Cookie", "a=b; c"))));

    /// <summary>Any request.</summary>
    public static Gen<Func<FuzzPool, FuzzRequest>> Any { get; } = Gen.Frequency((18, Routed(FuzzRoute.All)), (5, Routed(FuzzRoute.Makers)), (5, Artifacts()), (2, Noise()));

    private static Gen<Func<FuzzPool, FuzzRequest>> Routed(FuzzRoute[] routes) =>
        from route in Gen.Elements(routes)
        from fields in Fields(route)
        from root in Gen.Frequency((9, Gen.Constant("/api/2.0/mlflow/")), (1, Gen.Elements("/ajax-api/2.0/mlflow/", "//api/2.0/mlflow/")))
        from choice in Gen.Choose(0, 1_000_000)
        from asQuery in Gen.Frequency((19, Gen.Constant(route.Method == "GET")), (1, Gen.Elements(true, false)))
        from damage in Damage
        from type in s_contentType
        from header in s_header
        select (Func<FuzzPool, FuzzRequest>)(pool =>
        {
            string path = root + route.Path.Replace("{id}", Escape(pool.Choose(FuzzThing.LoggedModel, choice)), StringComparison.Ordinal);
            if (asQuery)
                return new FuzzRequest(route.Method, $"{path}?{string.Join('&', fields.Select(field => $"{field.Name}={Escape(Unquote(field.Value(pool)))}"))}", null, null, header);
            string body = $"{{{string.Join(',', fields.Select(field => $"{FuzzValues.Quote(field.Name)}:{field.Value(pool)}"))}}}";
            return new FuzzRequest(route.Method, path, type, damage(Encoding.UTF8.GetBytes(body)), header);
        });

    /// <summary>The fields of a route, of which some are missing, strange, said twice, unknown or in camel case.</summary>
    private static Gen<(string Name, Func<FuzzPool, string> Value)[]> Fields(FuzzRoute route) =>
        from values in Gen.CollectToArray(route.Fields, field => field.Value)
        from change in Gen.Frequency((6, Gen.Constant(0)), (1, Gen.Choose(1, 4)), (4, Gen.Constant(5)))
        from place in Gen.Choose(0, Math.Max(values.Length - 1, 0))
        from strange in FuzzValues.Strange
        from unknown in FuzzValues.Hostile
        select Changed([.. values.Select((value, i) => (route.Fields[i].Name, value))], change, place, strange, unknown);

    private static (string Name, Func<FuzzPool, string> Value)[] Changed((string Name, Func<FuzzPool, string> Value)[] fields, int change, int place, Func<FuzzPool, string> strange, string unknown) => change switch
    {
        _ when fields.Length == 0 => [(unknown, strange)],
        1 => [.. fields.Where((_, i) => i != place)],
        2 => [.. fields, (fields[place].Name, strange)],
        3 => [.. fields, (unknown, strange)],
        4 => [.. fields.Select((field, i) => i == place ? (Camel(field.Name), field.Value) : field)],
        5 => [.. fields.Select((field, i) => i == place ? (field.Name, strange) : field)],
        _ => fields,
    };

    private static Gen<Func<byte[], byte[]>> Damage { get; } =
        from kind in Gen.Frequency((24, Gen.Constant(0)), (6, Gen.Choose(1, 7)))
        from place in Gen.Choose(0, 1_000_000)
        from noise in Gen.Choose(0, 255).ArrayOf().Resize(40)
        select (Func<byte[], byte[]>)(body => kind switch
        {
            1 => body[..(place % (body.Length + 1))],
            2 => [.. body[..(place % (body.Length + 1))], (byte)place, .. body[(place % (body.Length + 1))..]],
            3 => [.. noise.Select(number => (byte)number)],
            4 => Encoding.UTF8.GetBytes(FuzzValues.Quote(Encoding.UTF8.GetString(body))),
            5 => [.. "["u8, .. body, .. "]"u8],
            6 => [0xEF, 0xBB, 0xBF, .. body],
            7 => Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(body)),
            _ => body,
        });

    private static Gen<Func<FuzzPool, FuzzRequest>> Artifacts() =>
        from method in Gen.Elements("GET", "GET", "PUT", "PUT", "DELETE", "HEAD", "POST")
        from route in Gen.Elements(
            "/api/2.0/mlflow-artifacts/artifacts/{0}", "/api/2.0/mlflow-artifacts/artifacts/{0}", "/api/2.0/mlflow-artifacts/artifacts?path={0}", "/ajax-api/2.0/mlflow-artifacts/artifacts/{0}", "/get-artifact?run_id={1}&path={0}",
            "/model-versions/get-artifact?name={2}&version={3}&path={0}", "/ajax-api/2.0/mlflow/logged-models/{4}/artifacts/files?artifact_file_path={0}", "/ajax-api/2.0/mlflow/upload-artifact?run_uuid={1}&path={0}",
            "/api/2.0/mlflow-artifacts/mpu/create/{0}", "/api/2.0/mlflow-artifacts/mpu/complete/{0}", "/api/2.0/mlflow-artifacts/mpu/abort/{0}", "/api/2.0/mlflow-artifacts/presigned/{0}")
        from fresh in Gen.Frequency((4, FuzzValues.Name.ArrayOf(2).Select(names => string.Join('/', names))), (3, FuzzValues.Hostile), (1, FuzzValues.Hostile.ArrayOf(2).Select(names => string.Join('/', names))))
        from isKnown in Gen.Elements(true, false)
        from choice in Gen.Choose(0, 1_000_000)
        from escapes in Gen.Choose(0, 2)
        from length in Gen.Elements(0, 1, 10, 300, 40_000)
        from header in s_header
        select (Func<FuzzPool, FuzzRequest>)(pool =>
        {
            string path = isKnown ? pool.Choose(FuzzThing.Artifact, choice) : fresh;
            path = escapes switch { 0 => Escape(path, keep: "/.:@$+"), 1 => Escape(path), _ => Escape(Escape(path)) };
            string target = string.Format(
                CultureInfo.InvariantCulture, route, path, pool.Choose(FuzzThing.Run, choice), Escape(pool.Choose(FuzzThing.RegisteredModel, choice)), pool.Choose(FuzzThing.Version, choice), Escape(pool.Choose(FuzzThing.LoggedModel, choice)));
            return new FuzzRequest(method, target, method is "PUT" ? null : "application/json", method is "PUT" or "POST" ? [.. Enumerable.Range(choice, length).Select(i => (byte)i)] : null, header);
        });

    private static Gen<Func<FuzzPool, FuzzRequest>> Noise() =>
        from method in Gen.Elements("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "get")
        from root in Gen.Elements("/", "/api/", "/api/2.0/", "/api/2.0/mlflow/", "/api/3.0/mlflow/", "/ajax-api/2.0/mlflow/", "/api/2.0/mlflow-artifacts/", "/API/2.0/MLFLOW/", "/health", "/version", "//", "/graphql", "/v1/traces")
        from segments in Gen.OneOf(FuzzValues.Hostile, FuzzValues.Name, Gen.Elements("runs", "create", "experiments", "get", "traces", "scorers", "webhooks")).ArrayOf().Resize(4)
        from isEscaped in Gen.Elements(true, false)
        from query in Gen.Frequency((2, Gen.Constant("")), (1, FuzzValues.Hostile.Select(text => $"?{Escape(text, keep: "&=%?/;")}")))
        from type in s_contentType
        from body in Gen.Choose(0, 255).ArrayOf().Resize(200)
        from header in s_header
        let path = root + string.Join('/', segments.Select(segment => isEscaped ? Escape(segment) : Escape(segment, keep: "/%.:;,@!$&'()*+=~|{}[]^`\"<>\\")))
        let hasBody = method is "POST" or "PUT" or "PATCH" or "DELETE" or "PROPFIND" or "QUERY"
        select (Func<FuzzPool, FuzzRequest>)(_ => new FuzzRequest(method, path + query, type, hasBody ? [.. body.Select(number => (byte)number)] : null, header));

    private static string Camel(string name) => string.Concat(name.Split('_').Select((word, i) => i == 0 || word.Length == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));

    // What a query holds where a body holds JSON.
    private static string Unquote(string json)
    {
        if (json is not ['"', .., '"'])
            return json;
        StringBuilder text = new(json.Length);
        for (int i = 1; i < json.Length - 1; i++)
        {
            if (json[i] == '\\' && json[i + 1] == 'u')
            {
                text.Append((char)int.Parse(json.AsSpan(i + 2, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 5;
            }
            else
            {
                text.Append(json[i]);
            }
        }

        return text.ToString();
    }

    /// <summary>Escapes all but letters, digits and what is kept. Half a surrogate pair becomes the three bytes that no decoder takes.</summary>
    private static string Escape(string text, string keep = "")
    {
        StringBuilder escaped = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsAsciiLetterOrDigit(c) || c is '-' or '_' || keep.Contains(c, StringComparison.Ordinal))
                escaped.Append(c);
            else if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                AppendBytes(escaped, Encoding.UTF8.GetBytes(text.Substring(i++, 2)));
            else if (char.IsSurrogate(c))
                AppendBytes(escaped, [0xED, (byte)(0x80 | ((c >> 6) & 0x3F)), (byte)(0x80 | (c & 0x3F))]);
            else
                AppendBytes(escaped, Encoding.UTF8.GetBytes(c.ToString()));
        }

        return escaped.Length <= 6_000 ? escaped.ToString() : escaped.ToString(0, 6_000);
    }

    private static void AppendBytes(StringBuilder escaped, byte[] bytes)
    {
        foreach (byte value in bytes)
            escaped.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
    }
}
