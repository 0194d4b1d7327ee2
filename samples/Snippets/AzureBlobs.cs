using Azure.Core;
using Azure.Storage;
using MLOps.Tracking;
using MLOps.Tracking.Artifacts;

namespace Snippets;

internal static class AzureBlobs
{
    public static async Task UseAsync(TokenCredential credential)
    {
        // <azure-use>
        await using var tracker = Tracker.Open(t => t
            .UseSqlite("mlops.db")
            .UseAzureBlobArtifacts("wasbs://models@acme.blob.core.windows.net/churn", options => options.Credential = credential));
        // </azure-use>
    }

    public static void Authenticate(TrackingBuilder t, string key, string sas)
    {
        // <azure-authenticate>
        // The connection string of the environment variable AZURE_STORAGE_CONNECTION_STRING:
        t.UseAzureBlobArtifacts("wasbs://models@acme.blob.core.windows.net/churn");

        // The account's key:
        t.UseAzureBlobArtifacts("wasbs://models@acme.blob.core.windows.net/churn", options => options.SharedKey = new StorageSharedKeyCredential("acme", key));

        // A shared access signature:
        t.UseAzureBlobArtifacts("wasbs://models@acme.blob.core.windows.net/churn", options => options.SasToken = sas);
        // </azure-authenticate>
    }

    public static void Configure(TrackingBuilder t, TokenCredential credential)
    {
        // <azure-configure>
        t.UseAzureBlobArtifacts("abfss://models@acme.dfs.core.windows.net/churn", options =>
        {
            options.Credential = credential;
            options.PartSizeBytes = 32 << 20;
            options.PartsAtOnce = 8;
            options.ConfigureClient = client =>
            {
                client.Retry.MaxRetries = 8;
                client.Retry.NetworkTimeout = TimeSpan.FromMinutes(5);
            };
        });
        // </azure-configure>
    }

    public static async Task LinkAsync(Tracker tracker, RunInfo run)
    {
        // <azure-link>
        Uri location = new(run.ArtifactLocation);
        IArtifactStore store = tracker.ArtifactStores.GetStore(location);
        Uri link = await store.GetDownloadLinkAsync(location, "model.onnx", TimeSpan.FromHours(1), CancellationToken.None);
        // </azure-link>
        _ = link;
    }
}
