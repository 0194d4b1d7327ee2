namespace TrackingServer;

/// <summary>Where the server listens and keeps its things.</summary>
/// <param name="Urls">The addresses, with semicolons between them.</param>
/// <param name="Database">The database; artifacts and keys lie beside it unless another file of keys is named.</param>
/// <param name="Keys">The file of the API keys.</param>
internal sealed record Settings(string Urls, string Database, string Keys)
{
    public const string Usage = "[--urls http://127.0.0.1:5000] [--database mlops.db] [--keys mlops.keys]";

    /// <summary>Reads pairs of flags and values; null when they are others.</summary>
    public static Settings? Parse(string[] args)
    {
        string urls = "http://127.0.0.1:5000", database = "mlops.db";
        string? keys = null;
        for (int i = 0; i < args.Length; i += 2)
        {
            switch (args[i..Math.Min(i + 2, args.Length)])
            {
                case ["--urls", var value]:
                    urls = value;
                    break;
                case ["--database", var value]:
                    database = value;
                    break;
                case ["--keys", var value]:
                    keys = value;
                    break;
                default:
                    return null;
            }
        }

        return new Settings(urls, database, keys ?? Path.ChangeExtension(database, ".keys"));
    }
}
