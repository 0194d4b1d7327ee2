using MLOps.S3.Tests.Servers;

namespace MLOps.S3.Tests.Transfers;

public sealed class SwiftTransferTests(Swift server) : TransferTests(server);
