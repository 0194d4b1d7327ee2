using System.Globalization;
using System.Security.Cryptography;
using MLOps.Registry;

/// <summary>Resolves versions of one model through a small cache that it shares with others of its kind, and reads what it gets, until it is killed.</summary>
internal static class CacheVictim
{
    public static async Task<int> RunAsync(string database, string cache, string seed)
    {
        Random random = new(int.Parse(seed, CultureInfo.InvariantCulture));
        await using ModelRegistry registry = ModelRegistry.Open(r => r.UseSqlite(database).Configure(o => (o.CacheFolder, o.CacheBytes) = (cache, 1 << 20)));
        int last = (await registry.GetModelAsync("fraud")).LastNumber;
        Console.WriteLine(MLOps.Tracking.RunId.New());
        while (true)
        {
            using ModelFiles files = await registry.ResolveAsync(ModelUri.OfVersion("fraud", random.Next(1, last + 1)));
            foreach (ModelFile file in files.Manifest.Files)
            {
                if (Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(files.GetPath(file.Path)))) != file.Sha256)
                    Console.WriteLine($"bad {files.Uri} {file.Path}");
            }

            Console.WriteLine($"whole {files.Uri}");
        }
    }
}
