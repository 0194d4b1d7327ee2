namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §1.8: who asks.</summary>
public sealed class Section1Authentication(ConformanceServer server)
{
    [Theory]
    [InlineData("Authorization", "Basic dXNlcjpwYXNzd29yZA==")]
    [InlineData("Authorization", "Bearer some-token")]
    [InlineData("X-MLFLOW-WORKSPACE", "default")]
    [InlineData("User-Agent", "mlflow-python-client/3.5.0")]
    public async Task Rule_1_8_nobody_is_asked_who_they_are_by_default_and_what_clients_say_of_themselves_is_passed_over(string header, string value)
    {
        MlflowClient.Answer answer = await server.Client.SendAsync(HttpMethod.Get, "experiments/get?experiment_id=0", content: null, (header, value));
        Assert.Equal(200, (int)answer.Status);
    }
}
