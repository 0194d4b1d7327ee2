using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MLOps.Registry.Promotions;

/// <summary>What a promotion moves and a policy guards: an alias of a model, or one of MLflow's stages.</summary>
/// <remarks>Two targets are equal when both are the same alias, by ordinal, or the same stage.</remarks>
[JsonConverter(typeof(Converter))]
public readonly record struct PromotionTarget
{
    private readonly string? _alias;

    private PromotionTarget(string? alias, ModelStage stage) => (_alias, Stage) = (alias, stage);

    /// <summary>The alias; null for a stage.</summary>
    public string? AliasName => _alias;

    /// <summary>The stage; <see cref="ModelStage.None"/> for an alias.</summary>
    public ModelStage Stage { get; }

    /// <summary>An alias.</summary>
    /// <param name="alias">A legal alias.</param>
    /// <returns>The target.</returns>
    /// <exception cref="ArgumentException">The alias is not legal.</exception>
    public static PromotionTarget Alias(string alias)
    {
        RegistryLimits.CheckAlias(alias);
        return new PromotionTarget(alias, ModelStage.None);
    }

    /// <summary>A stage.</summary>
    /// <param name="stage">Not <see cref="ModelStage.None"/>.</param>
    /// <returns>The target.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such stage, or nothing is promoted to it.</exception>
    public static PromotionTarget OfStage(ModelStage stage) =>
        stage is ModelStage.Staging or ModelStage.Production or ModelStage.Archived ? new PromotionTarget(null, stage) : throw new ArgumentOutOfRangeException(nameof(stage), stage, "A version is promoted to Staging, Production or Archived.");

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <param name="text">The text, for example <c>alias:champion</c>.</param>
    /// <param name="target">The target.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out PromotionTarget target)
    {
        target = default;
        if (text?.StartsWith("alias:", StringComparison.Ordinal) == true && RegistryLimits.AliasError(text[6..]) is null)
            target = new PromotionTarget(text[6..], ModelStage.None);
        else if (text?.StartsWith("stage:", StringComparison.Ordinal) == true && Enum.TryParse(text.AsSpan(6), out ModelStage stage) && stage is > ModelStage.None and <= ModelStage.Archived)
            target = new PromotionTarget(null, stage);
        return target != default;
    }

    /// <summary>The target as text.</summary>
    /// <returns><c>alias:champion</c> or <c>stage:Production</c>.</returns>
    public override string ToString() => _alias is null ? $"stage:{Stage}" : $"alias:{_alias}";

    internal sealed class Converter : JsonConverter<PromotionTarget>
    {
        public override PromotionTarget Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TryParse(reader.GetString(), out PromotionTarget target) ? target : throw new JsonException("That is no promotion target.");

        public override void Write(Utf8JsonWriter writer, PromotionTarget value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
