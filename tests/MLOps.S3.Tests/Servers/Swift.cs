using Amazon.Runtime;
using MLOps.RealServers;

namespace MLOps.S3.Tests.Servers;

public sealed class Swift : S3Server
{
    public override AWSCredentials Credentials { get; } = new BasicAWSCredentials(SwiftServer.AccessKey, SwiftServer.SecretKey);

    public override bool ChecksSignatures => true;

    public override bool KnowsConditions => false;

    protected override S3ChecksumMode Checksums => S3ChecksumMode.Compatible;

    protected override async Task<RealServer> StartAsync() => await SwiftServer.StartAsync();
}
