namespace MLOps.Drift.Statistics;

/// <summary>How p-values of several tests are adjusted, so that many tests do not make an alarm likely where nothing has changed.</summary>
public enum Correction
{
    /// <summary>Not at all: each p-value as it is.</summary>
    None,

    /// <summary>p · m. Holds the chance of any false alarm at the level, whatever the dependence of the tests. Source: Dunn (1961), JASA 56, 52–64.</summary>
    Bonferroni,

    /// <summary>1 − (1 − p)^m. Holds the chance of any false alarm for independent tests, where it is exact. Source: Šidák (1967), JASA 62, 626–633.</summary>
    Sidak,

    /// <summary>Step-down Bonferroni. Holds the chance of any false alarm, whatever the dependence, and finds at least what Bonferroni finds. Source: Holm (1979), Scand. J. Statist. 6, 65–70.</summary>
    Holm,

    /// <summary>Holds the expected share of false alarms among all alarms, for independent or positively dependent tests. Source: Benjamini and Hochberg (1995), J. R. Statist. Soc. B 57, 289–300.</summary>
    BenjaminiHochberg,

    /// <summary>Holds the expected share of false alarms among all alarms, whatever the dependence. Source: Benjamini and Yekutieli (2001), Ann. Statist. 29, 1165–1188.</summary>
    BenjaminiYekutieli,
}
