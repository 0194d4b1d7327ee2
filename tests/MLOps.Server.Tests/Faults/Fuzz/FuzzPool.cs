using System.Net;
using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Faults.Fuzz;

/// <summary>What earlier requests have made and the server has named: what later ones ask for.</summary>
internal sealed class FuzzPool
{
    private const int MostOfAKind = 200;

    private readonly Dictionary<FuzzThing, List<string>> _known = new()
    {
        [FuzzThing.Experiment] = ["0"],
        [FuzzThing.Run] = ["0123456789abcdef0123456789abcdef"],
        [FuzzThing.RegisteredModel] = ["model"],
        [FuzzThing.Version] = ["1"],
        [FuzzThing.LoggedModel] = ["m-0123456789abcdef0123456789abcdef"],
        [FuzzThing.PageToken] = [""],
        [FuzzThing.Artifact] = ["a.txt"],
    };

    /// <summary>Something that is there, or once was.</summary>
    /// <param name="thing">Its kind.</param>
    /// <param name="choice">Any number.</param>
    public string Choose(FuzzThing thing, int choice) => _known[thing][choice % _known[thing].Count];

    /// <summary>How many of each kind have been made.</summary>
    public override string ToString() => string.Join(", ", _known.Select(kind => $"{kind.Value.Count} {kind.Key}"));

    /// <summary>Notes what an answer names.</summary>
    public void Learn(FuzzRequest request, HttpStatusCode status, JsonObject? answer)
    {
        if (status != HttpStatusCode.OK || answer is null)
            return;
        Add(FuzzThing.Experiment, answer["experiment_id"]);
        Add(FuzzThing.Run, answer["run"]?["info"]?["run_id"]);
        Add(FuzzThing.RegisteredModel, answer["registered_model"]?["name"]);
        Add(FuzzThing.Version, answer["model_version"]?["version"]);
        Add(FuzzThing.LoggedModel, answer["model"]?["info"]?["model_id"]);
        Add(FuzzThing.PageToken, answer["next_page_token"]);
        const string Artifacts = "/mlflow-artifacts/artifacts/";
        if (request.Method == "PUT" && request.Path.IndexOf(Artifacts, StringComparison.Ordinal) is >= 0 and int start)
            Add(FuzzThing.Artifact, Uri.UnescapeDataString(request.Path[(start + Artifacts.Length)..]));
    }

    private void Add(FuzzThing thing, JsonNode? name)
    {
        List<string> known = _known[thing];
        if ((string?)name is not { Length: > 0 } text || known.Contains(text))
            return;
        // The first stays: it is a thing that nothing has made, but for experiment 0.
        if (known.Count == MostOfAKind)
            known.RemoveAt(1);
        known.Add(text);
    }
}
