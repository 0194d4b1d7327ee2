using System.Collections.Frozen;
using System.Text;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace MLOps.Server.Artifacts;

/// <summary>What a download says its content is (contract §8.4): nothing that a browser would run.</summary>
internal static class ArtifactContentType
{
    private const string Unknown = "application/octet-stream", Text = "text/plain";

    private static readonly FileExtensionContentTypeProvider s_known = new();

    private static readonly FrozenSet<string> s_texts = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        ".cf", ".cfg", ".cnf", ".conf", ".err", ".hocon", ".ini", ".log", ".md", ".prop", ".properties", ".py", ".rst", ".toml", ".tsv", ".txt", ".yaml", ".yml", "MLmodel", "MLproject");

    /// <summary>The type that a name's extension tells.</summary>
    public static string Of(string name)
    {
        if (s_texts.Contains(Path.GetExtension(name)) || s_texts.Contains(name))
            return Text;
        if (!s_known.TryGetContentType(name, out string? type))
            return Unknown;
        bool isMarkup = type.Contains("html", StringComparison.Ordinal) || type.Contains("xml", StringComparison.Ordinal) || type.Contains("script", StringComparison.Ordinal);
        return isMarkup ? Text : type;
    }

    /// <summary>The header by which a browser saves the download under its name.</summary>
    public static string DispositionOf(string name)
    {
        // As MLflow writes it, where that is legal.
        if (name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
            return $"attachment; filename={name}";
        string ascii = string.Concat(name.Select(static c => c is < ' ' or > '~' or '"' or '\\' or '%' ? '_' : c));
        string encoded = string.Concat(Encoding.UTF8.GetBytes(name).Select(static b => char.IsAsciiLetterOrDigit((char)b) || b is (byte)'.' or (byte)'_' or (byte)'-' ? ((char)b).ToString() : $"%{b:X2}"));
        return $"attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}";
    }

    /// <summary>The store's ETag as a header; null when it has none, or one that no header can carry.</summary>
    public static EntityTagHeaderValue? ETagOf(string? etag) =>
        etag is not null && EntityTagHeaderValue.TryParse($"\"{etag.Trim('"')}\"", out EntityTagHeaderValue? tag) ? tag : null;
}
