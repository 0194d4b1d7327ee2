namespace MLOps.S3;

/// <summary>A location in a bucket, and the keys of what lies there.</summary>
/// <param name="Location">The location as it was given, for messages and exceptions.</param>
/// <param name="Root">What the keys of all its objects begin with: empty, or ending in a slash.</param>
internal readonly record struct S3Place(Uri Location, string Root)
{
    public const string S3Scheme = "s3", GoogleScheme = "gs";

    public string Bucket => Location.Host;

    public static bool IsLocation(Uri location) =>
        location.IsAbsoluteUri && location.Scheme is S3Scheme or GoogleScheme
        && location.Host.Length > 0 && location is { Query: "", Fragment: "", UserInfo: "", IsDefaultPort: true };

    // It does not repeat what it was given: that may have a secret in its query.
    public static ArgumentException NoLocation(string parameter) =>
        new("This is no location of S3. Write s3://bucket/prefix, or gs://bucket/prefix, without user, port, query and fragment.", parameter);

    public static S3Place Of(Uri location)
    {
        string root = Uri.UnescapeDataString(location.AbsolutePath);
        root = root.StartsWith('/') ? root[1..] : root;
        return new(location, root.Length == 0 || root.EndsWith('/') ? root : root + "/");
    }

    public string KeyOf(string path) => Root + path;

    public string FolderOf(string prefix) => prefix.Length == 0 ? Root : $"{Root}{prefix}/";

    public string PathOf(string key) => key[Root.Length..];
}
