using MLOps.S3.Tests.Servers;

namespace MLOps.S3.Tests.Errors;

public sealed class SwiftErrorTests(Swift server) : ServerErrorTests(server);
