using MLOps.S3.Tests.Servers;

namespace MLOps.S3.Tests;

public sealed class MotoArtifactStoreTests(Moto server) : S3Contract(server);
