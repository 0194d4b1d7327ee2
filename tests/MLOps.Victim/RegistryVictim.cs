using System.Globalization;
using MLOps.Registry;
using MLOps.Registry.Promotions;

/// <summary>Registers, promotes, rolls back and deletes until it is killed. Says what a call has returned for.</summary>
internal sealed class RegistryVictim : IActorProvider
{
    private const string Model = "fraud", Champion = "champion";
    private readonly ModelRegistry _registry;
    private readonly Random _random;
    private string _actor = "ann";

    private RegistryVictim(string database, int seed)
    {
        _random = new Random(seed);
        _registry = ModelRegistry.Open(r => r.UseSqlite(database).UseActors(this));
    }

    public static async Task<int> RunAsync(string database, string seed)
    {
        RegistryVictim victim = new(database, int.Parse(seed, CultureInfo.InvariantCulture));
        Console.WriteLine(MLOps.Tracking.RunId.New());
        while (true)
            await victim.ActAsync();
    }

    public string GetActor() => _actor;

    private async Task ActAsync()
    {
        RegisteredModel? model = await _registry.FindModelAsync(Model);
        if (model is null || model.LastNumber == 0)
        {
            await RegisterAsync();
            return;
        }

        if (model.Policies.Count == 0)
        {
            await _registry.SetPolicyAsync(Model, PromotionTarget.Alias(Champion), new PromotionPolicy { Name = "four eyes", Approvals = 1 });
            return;
        }

        switch (_random.Next(5))
        {
            case 0 or 1:
                await RegisterAsync();
                break;
            case 2:
                await PromoteAsync();
                break;
            case 3 when model.FindAlias(Champion) is { Earlier.Count: > 0 }:
                await RollBackAsync();
                break;
            case 4:
                await DeleteAsync(model);
                break;
        }
    }

    private async Task RegisterAsync()
    {
        string folder = Directory.CreateTempSubdirectory("mlops-victim-").FullName;
        for (int file = 0; file < 3; file++)
        {
            byte[] content = new byte[_random.Next(1, 40_000)];
            _random.NextBytes(content);
            await File.WriteAllBytesAsync(Path.Combine(folder, $"weights-{file}.bin"), content);
        }

        ModelVersion version = await _registry.RegisterAsync(Model, ModelContent.FromFolder(folder));
        Directory.Delete(folder, recursive: true);
        Say($"registered {version.Number}");
    }

    private async Task PromoteAsync()
    {
        ModelVersion version = await _registry.GetVersionAsync(Model, "latest");
        if (version.Aliases.Contains(Champion))
            return;
        _actor = "bob";
        Promotion promotion = await _registry.ProposeAsync(Model, version.Number, PromotionTarget.Alias(Champion));
        Say($"proposed {promotion.Id}");
        _actor = "cem";
        await _registry.ApproveAsync(promotion);
        _actor = "ann";
        Say($"promoted {promotion.Id}");
    }

    private async Task RollBackAsync()
    {
        try
        {
            Say($"rolled-back {(await _registry.RollbackAsync(Model, Champion)).Version}");
        }
        catch (NoEarlierVersionException)
        {
            // All that it pointed to before are deleted.
        }
    }

    private async Task DeleteAsync(RegisteredModel model)
    {
        int number = _random.Next(1, model.LastNumber + 1);
        if (model.Aliases.Any(alias => alias.Version == number) || number == model.LastNumber || await _registry.FindVersionAsync(Model, number) is null)
            return;
        await _registry.DeleteVersionAsync(Model, number);
        Say($"deleted {number}");
    }

    private static void Say(string line)
    {
        Console.WriteLine(line);
        Console.Out.Flush();
    }
}
