namespace MLOps.Server.Tests.Conformance;

/// <summary>Reads the tables that say what the contract has.</summary>
internal static class ContractTable
{
    /// <summary>The lines after the first, cell by cell; no cell has a comma.</summary>
    public static IEnumerable<string[]> Read(string name) =>
        File.ReadLines(Path.Join(AppContext.BaseDirectory, "Conformance", name)).Skip(1).Select(line => line.Split(','));
}
