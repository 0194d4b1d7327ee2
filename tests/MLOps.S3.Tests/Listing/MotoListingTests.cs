using MLOps.S3.Tests.Servers;

namespace MLOps.S3.Tests.Listing;

public sealed class MotoListingTests(Moto server) : ListingTests(server);
