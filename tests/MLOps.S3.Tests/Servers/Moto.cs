using Amazon.Runtime;
using MLOps.RealServers;

namespace MLOps.S3.Tests.Servers;

public sealed class Moto : S3Server
{
    public override AWSCredentials Credentials { get; } = new BasicAWSCredentials(MotoServer.AccessKey, MotoServer.SecretKey);

    public override bool ChecksSignatures => false;

    public override bool KnowsConditions => true;

    protected override S3ChecksumMode Checksums => S3ChecksumMode.Standard;

    protected override async Task<RealServer> StartAsync() => await MotoServer.StartAsync();
}
