using FsCheck;
using FsCheck.Fluent;
using MLOps.Registry.Promotions;

namespace MLOps.Registry.Contract.StateMachine;

/// <summary>A call of a random sequence: what it does, by whom, and four small numbers that choose among names, versions and texts. Every combination can be run.</summary>
public sealed record Operation(OperationKind Kind, int By, int Model, int Version, int Name, int Choice)
{
    private static readonly string[] s_actors = ["ann", "bob", "cec"];
    private static readonly string[] s_aliases = ["champion", "challenger"];

    // The weights let sequences reach guarded aliases with history: most calls meet a model that is there.
    private static readonly (int Weight, OperationKind Kind)[] s_weights =
    [
        (2, OperationKind.Create), (9, OperationKind.Register), (1, OperationKind.Rename), (1, OperationKind.DescribeModel), (1, OperationKind.TagModel), (1, OperationKind.UntagModel), (1, OperationKind.DescribeVersion),
        (3, OperationKind.TagVersion), (1, OperationKind.UntagVersion), (5, OperationKind.Stage), (6, OperationKind.MoveAlias), (4, OperationKind.SwapAlias), (2, OperationKind.RemoveAlias), (3, OperationKind.DeleteVersion),
        (1, OperationKind.DeleteModel), (4, OperationKind.SetPolicy), (1, OperationKind.RemovePolicy), (9, OperationKind.Propose), (5, OperationKind.GiveEvidence), (10, OperationKind.Approve), (2, OperationKind.ApproveAsFirstRead),
        (1, OperationKind.Reject), (5, OperationKind.Rollback), (2, OperationKind.GetByAlias), (1, OperationKind.GetLatest), (1, OperationKind.Wait), (1, OperationKind.Reopen),
    ];

    /// <summary>Sequences of 10 to 80 operations, and how to shorten one that fails.</summary>
    public static Arbitrary<Operation[]> Sequences { get; } = MakeSequences();

    public string Actor => s_actors[By];

    public string Alias => s_aliases[Name % s_aliases.Length];

    public PromotionTarget Target => Name < 3 ? PromotionTarget.Alias(Alias) : PromotionTarget.OfStage(ModelStage.Production);

    public ModelStage Stage => (ModelStage)(Choice % 4);

    public string Text => $"text {Choice}";

    public bool Flag => Choice % 2 == 0;

    /// <summary>The model's name; those of one sequence begin with its prefix.</summary>
    public string ModelIn(string prefix) => $"{prefix}{(Model == 0 ? "b" : "a")}";

    /// <summary>The name that a rename gives.</summary>
    public string NewNameIn(string prefix) => $"{prefix}{"abc"[Choice % 3]}";

    private static Arbitrary<Operation[]> MakeSequences()
    {
        Gen<Operation> operation =
            from kind in Gen.Frequency(s_weights.Select(weight => (weight.Weight, Gen.Constant(weight.Kind))))
            from actor in Gen.Choose(0, s_actors.Length - 1)
            from model in Gen.Choose(0, 4)
            from version in Gen.Choose(1, 5)
            from name in Gen.Choose(0, 3)
            from choice in Gen.Choose(0, 11)
            select new Operation(kind, actor, model, version, name, choice);

        // Most begin with something to work on; the rules of an empty registry are few.
        Gen<Operation[]> starts = Gen.Frequency((1, Gen.Constant<Operation[]>([])), (4, operation.ArrayOf(6).Select(some => some.Select(Start).ToArray())));
        Gen<Operation[]> sequences = from start in starts from length in Gen.Choose(10, 80) from rest in operation.ArrayOf(length) select start.Concat(rest).ToArray();
        return Arb.From(sequences, Shorter);
    }

    /// <summary>Four versions, and a policy for an alias and for a stage.</summary>
    private static Operation Start(Operation any, int i) => i < 4
        ? any with { Kind = OperationKind.Register, Model = 1 }
        : any with { Kind = OperationKind.SetPolicy, Model = 1, Name = i == 4 ? 0 : 3 };

    private static IEnumerable<Operation[]> Shorter(Operation[] sequence)
    {
        for (int cut = sequence.Length / 2; cut > 0; cut /= 2)
        {
            for (int start = 0; start + cut <= sequence.Length; start += cut)
                yield return [.. sequence[..start], .. sequence[(start + cut)..]];
        }
    }
}
