using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;

namespace MLOps.Registry;

/// <content>Aliases.</content>
public sealed partial class ModelRegistry
{
    /// <summary>Makes an alias, or moves it, unless somebody else has moved it meanwhile.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="alias">The alias: 1 to 255 letters, digits, <c>_</c> or <c>-</c>; not <c>latest</c>, not <c>v</c> and digits.</param>
    /// <param name="to">The version to point to. The one that it points to already changes nothing.</param>
    /// <param name="expected">The version that it must point to now, 0 for none; null does not ask, as in MLflow.</param>
    /// <param name="reason">Why, for the audit log; null when nobody says.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The alias as it is after the move.</returns>
    /// <exception cref="ArgumentException">The alias is not legal.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelVersionNotFoundException">It has no such version.</exception>
    /// <exception cref="AliasConflictException">It points to another version than expected; the exception has both.</exception>
    /// <exception cref="PromotionRequiredException">A policy guards the alias.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task<ModelAlias> MoveAliasAsync(string model, string alias, int to, int? expected = null, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        RegistryLimits.CheckAlias(alias);
        CheckReason(reason);
        CheckExpected(expected);
        ModelAlias? moved = null;
        await ChangeAsync(
            model,
            async found =>
            {
                moved = found.FindAlias(alias);
                int actual = moved?.Version ?? 0;
                if (expected is { } value && value != actual)
                    throw new AliasConflictException(model, alias, value, actual);
                ThrowIfGuarded(found, PromotionTarget.Alias(alias));
                await GetVersionAsync(model, to, cancellationToken).ConfigureAwait(false);
                if (actual == to)
                    return [];
                RegistryEvent.AliasMoved move = new(alias, actual == 0 ? null : actual, to, AliasCause.Set, reason, Promotion: null);
                moved = ModelAlias.After(moved, move, Actor(), Now());
                return [move];
            },
            cancellationToken).ConfigureAwait(false);
        return moved!;
    }

    /// <summary>Removes an alias.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="alias">The alias.</param>
    /// <param name="expected">The version that it must point to now, 0 for none; null does not ask.</param>
    /// <param name="reason">Why, for the audit log; null when nobody says.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="ArgumentException">The expected version is negative, or the reason is too long.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="AliasConflictException">It points to another version than expected, or is not there.</exception>
    /// <exception cref="PromotionRequiredException">A policy guards the alias.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task<bool> RemoveAliasAsync(string model, string alias, int? expected = null, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(alias);
        CheckReason(reason);
        CheckExpected(expected);
        bool removed = false;
        await ChangeAsync(
            model,
            found =>
            {
                int actual = found.FindAlias(alias)?.Version ?? 0;
                if (expected is { } value && value != actual)
                    throw new AliasConflictException(model, alias, value, actual);
                removed = actual != 0;
                if (!removed)
                    return null;
                ThrowIfGuarded(found, PromotionTarget.Alias(alias));
                return new RegistryEvent.AliasRemoved(alias, actual, reason);
            },
            cancellationToken).ConfigureAwait(false);
        return removed;
    }

    private void CheckExpected(int? expected)
    {
        if (expected < 0)
            throw new ArgumentOutOfRangeException(nameof(expected), expected, "A version's number is positive; 0 expects that there is no such alias.");
        if (expected is not null)
            Demand(RegistryCapabilities.AtomicCommit);
    }
}
