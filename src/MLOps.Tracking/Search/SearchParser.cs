namespace MLOps.Tracking.Search;

/// <summary>Reads MLflow's filter grammar by recursive descent.</summary>
internal static class SearchParser
{
    public static SearchFilter ParseFilter(string? text, SearchVocabulary vocabulary) => throw new NotSupportedException(text + vocabulary.Subject);

    public static OrderKey ParseOrderKey(string text, SearchVocabulary vocabulary) => throw new NotSupportedException(text + vocabulary.Subject);
}
