namespace MLOps.Server.Tests.Conformance;

/// <summary>Says which endpoint of contract §3 a test shows to be served: <c>POST /experiments/create</c>. docs/mlflow-compatibility.md is made of these.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class EndpointAttribute(string endpoint) : Attribute
{
    public string Endpoint { get; } = endpoint;
}
