using System.Diagnostics;
using Amazon.Runtime;
using Amazon.S3;
using Azure.Storage.Blobs;
using MLOps.RealServers;
using MLOps.Tracking;
using MLOps.Tracking.Artifacts;

namespace MLOps.Samples.Tests;

/// <summary>The sample runs unchanged against each store by one option.</summary>
public sealed class QuickStartTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task Beside_the_database() => RunAsync(root: null, [], tracking => tracking);

    [Fact]
    public Task In_a_folder() => RunAsync(_folder["elsewhere"], [], tracking => tracking);

    [Fact]
    public async Task On_S3_moto()
    {
        await using MotoServer server = await HadAsync(MotoServer.StartAsync(Cancel), isRequired: false);
        await RunOnS3Async(server.Endpoint, MotoServer.AccessKey, MotoServer.SecretKey);
    }

    [Fact]
    public async Task On_S3_Swift()
    {
        await using SwiftServer server = await HadAsync(SwiftServer.StartAsync(Cancel), isRequired: false);
        await RunOnS3Async(server.Endpoint, SwiftServer.AccessKey, SwiftServer.SecretKey);
    }

    [Fact]
    public async Task On_Azure_Blob_Storage()
    {
        await using AzuriteServer server = await HadAsync(AzuriteServer.StartAsync(Cancel), RealServer.IsRequired);
        await new BlobContainerClient(server.ConnectionString, "runs").CreateAsync(cancellationToken: Cancel);
        await RunAsync(
            $"wasbs://runs@{AzuriteServer.AccountName}.blob.core.windows.net/team/churn",
            new() { ["AZURE_STORAGE_CONNECTION_STRING"] = server.ConnectionString },
            tracking => tracking.AddAzureBlobArtifacts($"wasbs://runs@{AzuriteServer.AccountName}.blob.core.windows.net", o => o.ConnectionString = server.ConnectionString));
    }

    // Of the two servers of S3 one is enough, which the tests of MLOps.S3 demand.
    private static async Task<T> HadAsync<T>(Task<T> starting, bool isRequired)
    {
        try
        {
            return await starting;
        }
        catch (ServerUnavailableException e) when (!isRequired)
        {
            Assert.Skip(e.Message);
            throw;
        }
    }

    private async Task RunOnS3Async(Uri endpoint, string accessKey, string secretKey)
    {
        BasicAWSCredentials credentials = new(accessKey, secretKey);
        using (AmazonS3Client s3 = new(credentials, new AmazonS3Config { ServiceURL = endpoint.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = "us-east-1" }))
            await s3.PutBucketAsync("runs", Cancel);
        await RunAsync(
            "s3://runs/team/churn",
            new() { ["AWS_ENDPOINT_URL_S3"] = endpoint.AbsoluteUri, ["AWS_ACCESS_KEY_ID"] = accessKey, ["AWS_SECRET_ACCESS_KEY"] = secretKey, ["AWS_REGION"] = "us-east-1" },
            tracking => tracking.AddS3Artifacts("s3://runs", o => (o.Endpoint, o.Credentials) = (endpoint, credentials)));
    }

    private async Task RunAsync(string? root, Dictionary<string, string> environment, Func<TrackingBuilder, TrackingBuilder> store)
    {
        string program = Path.GetFullPath(Path.Join(AppContext.BaseDirectory, "..", "..", "QuickStart", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "QuickStart"));
        ProcessStartInfo start = new(program, root is null ? [] : ["--artifacts", root]) { WorkingDirectory = _folder.Path, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using Process sample = Process.Start(start)!;
        Task<string> output = sample.StandardOutput.ReadToEndAsync(Cancel), errors = sample.StandardError.ReadToEndAsync(Cancel);
        await sample.WaitForExitAsync(Cancel);
        Assert.True(sample.ExitCode == 0, $"{await output}\n{await errors}");
        Assert.Contains("leader board", await output, StringComparison.Ordinal);
        Assert.NotEmpty(Directory.GetFiles(_folder["best-run/evaluation"], "*.json"));

        // What it left is there for another program.
        await using var tracker = Tracker.Open(t => store(t.UseSqlite(_folder["mlops.db"])));
        RunDetails sweep = await tracker.FindRunsAsync(RunQuery.Parse("run_name = 'sweep'"), cancellationToken: Cancel).SingleAsync(Cancel);
        Assert.StartsWith(root is not null && root.Contains("://", StringComparison.Ordinal) ? root : "file://", sweep.Info.ArtifactLocation, StringComparison.Ordinal);
        ArtifactFile data = Assert.Single(await tracker.OpenArtifacts(sweep.Info).ListAsync(Cancel), file => file.Path == "data/breast_cancer.csv");
        Assert.NotNull(data.Sha256);
        ArtifactFile copy = await tracker.OpenArtifacts(sweep.Info).DownloadAsync(data.Path, _folder["data.csv"], progress: null, Cancel);
        Assert.Equal(data.Sha256, copy.Sha256);
    }
}
