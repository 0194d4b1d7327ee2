using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;
using Amazon.S3.Model;

namespace MLOps.S3;

/// <summary>The SDK's client, which also sends the Content-MD5 that servers ask for where many objects are deleted at once.</summary>
internal sealed class S3Client : AmazonS3Client
{
    public S3Client(AmazonS3Config config, bool sendsMd5)
        : base(config)
    {
        // The base class has made the pipeline by now.
        if (sendsMd5)
            RuntimePipeline.AddHandlerAfter<Marshaller>(new Md5Handler());
    }

    private sealed class Md5Handler : PipelineHandler
    {
        public override Task<T> InvokeAsync<T>(IExecutionContext executionContext)
        {
            if (executionContext.RequestContext is { OriginalRequest: DeleteObjectsRequest, Request: { Content: { } content } request })
            {
#pragma warning disable CA5351 // What the protocol asks for.
                request.Headers["Content-MD5"] = Convert.ToBase64String(MD5.HashData(content));
#pragma warning restore CA5351
            }

            return base.InvokeAsync<T>(executionContext);
        }
    }
}
