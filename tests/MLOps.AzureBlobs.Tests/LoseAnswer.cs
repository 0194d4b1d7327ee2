using Azure.Core;
using Azure.Core.Pipeline;
using MLOps.RealServers;

namespace MLOps.AzureBlobs.Tests;

/// <summary>Has the proxy cut the connection before the answer to one request, once.</summary>
internal sealed class LoseAnswer(FaultProxy proxy, Func<Request, bool> isMeant) : HttpPipelineSynchronousPolicy
{
    private bool _isDone;

    public override void OnSendingRequest(HttpMessage message)
    {
        if (_isDone || !isMeant(message.Request))
            return;
        _isDone = true;
        proxy.CutNext(Direction.Downstream, 0);
    }
}
