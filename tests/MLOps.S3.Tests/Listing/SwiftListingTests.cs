using MLOps.S3.Tests.Servers;

namespace MLOps.S3.Tests.Listing;

public sealed class SwiftListingTests(Swift server) : ListingTests(server);
