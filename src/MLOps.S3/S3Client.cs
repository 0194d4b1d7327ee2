using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;
using Amazon.S3.Model;

namespace MLOps.S3;

/// <summary>The SDK's client, which also sends the Content-MD5 that servers ask for where many objects are deleted at once, and knows how far off the server's clock is.</summary>
internal sealed class S3Client : AmazonS3Client
{
    private volatile Uri? _endpoint;

    public S3Client(AmazonS3Config config, bool sendsMd5)
        : base(config) => RuntimePipeline.AddHandlerBefore<RetryHandler>(new Handler(this, sendsMd5));

    /// <summary>What to add to this machine's clock to have the server's, as far as a refusal has told; zero otherwise.</summary>
    public TimeSpan ClockSkew => _endpoint is { } endpoint ? CorrectClockSkew.GetClockCorrectionForEndpoint(endpoint.ToString()) : TimeSpan.Zero;

    private sealed class Handler(S3Client client, bool sendsMd5) : PipelineHandler
    {
        public override Task<T> InvokeAsync<T>(IExecutionContext executionContext)
        {
            IRequest request = executionContext.RequestContext.Request;
            client._endpoint = request.Endpoint;
            if (sendsMd5 && executionContext.RequestContext.OriginalRequest is DeleteObjectsRequest && request.ContentStream is { CanSeek: true } content)
            {
                long start = content.Position;
#pragma warning disable CA5351 // What the protocol asks for.
                request.Headers["Content-MD5"] = Convert.ToBase64String(MD5.HashData(content));
#pragma warning restore CA5351
                content.Position = start;
            }

            return base.InvokeAsync<T>(executionContext);
        }
    }
}
