using MLOps.S3.Tests.Servers;

namespace MLOps.S3.Tests;

public sealed class SwiftArtifactStoreTests(Swift server) : S3Contract(server);
