using System.Text;
using System.Text.RegularExpressions;

namespace MLOps.Tracking.Capture;

/// <summary>Takes secrets out of command lines, URLs and the like before they are kept. In doubt it takes out too much.</summary>
internal static partial class Redactor
{
    public const string Mask = "***";
    private const int TimeoutMs = 1000;
    private const int AwsSecretDistinct = 24;

    /// <summary>The arguments of a command line, with the value behind an option such as <c>--password</c> masked.</summary>
    public static string[] RedactArguments(IReadOnlyList<string> arguments)
    {
        string[] redacted = new string[arguments.Count];
        bool valueIsSecret = false;
        for (int i = 0; i < redacted.Length; i++)
        {
            string argument = arguments[i];
            if (valueIsSecret && !argument.StartsWith("--", StringComparison.Ordinal))
                redacted[i] = Mask;
            else if (WholePair().Match(argument) is { Success: true } pair && IsSecretName(pair.Groups["name"].Value))
                redacted[i] = pair.Value + Mask;
            else
                redacted[i] = Redact(argument);
            valueIsSecret = argument is ['-' or '/', ..] && argument.AsSpan().IndexOfAny('=', ':', ' ') < 0 && IsSecretName(argument);
        }

        return redacted;
    }

    /// <summary>A text with its secrets masked: passwords and tokens in URLs, <c>name=value</c> and <c>name: value</c> whose name says secret, and keys that are known by their shape.</summary>
    public static string Redact(string text)
    {
        try
        {
            text = PrivateKey().Replace(text, Mask);
            text = Header().Replace(text, $"${{name}}{Mask}");
            text = Bearer().Replace(text, $"${{scheme}}{Mask}");
            text = UserInfo().Replace(text, MaskUserInfo);
            text = text.Contains(';', StringComparison.Ordinal) ? RedactConnectionString(text) : text;
            text = Pair().Replace(text, MaskPair);
            text = Option().Replace(text, MaskPair);
            text = KnownKey().Replace(text, Mask);
            return AwsSecret().Replace(text, match => match.Value.Distinct().Count() >= AwsSecretDistinct ? Mask : match.Value);
        }
        catch (RegexMatchTimeoutException)
        {
            return Mask;
        }
    }

    /// <summary>Whether a value of this name is to be kept secret: <c>DB_PASSWORD</c>, <c>--api-key</c>, <c>AccountKey</c>, but not <c>tokenizer</c> or <c>max-tokens</c>.</summary>
    public static bool IsSecretName(string name) => SecretName().IsMatch(Separators().Replace(name, ""));

    // Values may hold spaces here, and semicolons within quotes.
    private static string RedactConnectionString(string text)
    {
        StringBuilder redacted = new(text.Length);
        int copied = 0, nameStart = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '=' && IsSecretName(text[nameStart..i].Trim()))
            {
                int value = i + 1;
                while (value < text.Length && text[value] == ' ')
                    value++;
                int end = value < text.Length && text[value] is '"' or '\'' ? text.IndexOf(text[value], value + 1) + 1 : text.IndexOf(';', value);
                redacted.Append(text, copied, i + 1 - copied).Append(Mask);
                copied = i = end > 0 ? end : text.Length;
            }

            if (i < text.Length && text[i] is '=' or ';' or '"' or '\'')
                nameStart = i + 1;
        }

        return copied < text.Length ? redacted.Append(text, copied, text.Length - copied).ToString() : redacted.ToString();
    }

    private static string MaskUserInfo(Match match)
    {
        bool isLoginOnly = !match.Groups["password"].Success && !match.Groups["scheme"].ValueSpan.StartsWith("http", StringComparison.OrdinalIgnoreCase);
        if (isLoginOnly)
            return match.Value;
        // A lone user name in an HTTP address is how tokens are handed over.
        string user = match.Groups["password"].Success ? match.Groups["user"].Value + ":" : "";
        return $"{match.Groups["scheme"].Value}://{user}{Mask}@";
    }

    private static string MaskPair(Match match) =>
        IsSecretName(match.Groups["name"].Value) ? match.Groups["name"].Value + match.Groups["sign"].Value + Mask : match.Value;

    [GeneratedRegex(
        @"(?:password|passwd|pwd|passphrase|secret|secrets|apikey|accesskey|accesskeyid|accountkey|secretkey|privatekey|sharedkey|encryptionkey|signingkey|masterkey|licensekey|subscriptionkey|credential|credentials|connectionstring|signature|authorization|(?<!pad|eos|bos|unk|sep|cls|mask|max|min|num|new|per)token)$|^(?:key|pass|auth|sas|sig|pat|bearer|dsn)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant,
        TimeoutMs)]
    private static partial Regex SecretName();

    [GeneratedRegex(@"[-_.\s/]", RegexOptions.None, TimeoutMs)]
    private static partial Regex Separators();

    [GeneratedRegex(@"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", RegexOptions.Singleline, TimeoutMs)]
    private static partial Regex PrivateKey();

    [GeneratedRegex(@"(?<name>\b(?:proxy-)?(?:authorization|cookie|set-cookie)""?\s*[:=]\s*).+", RegexOptions.IgnoreCase, TimeoutMs)]
    private static partial Regex Header();

    [GeneratedRegex(@"(?<scheme>\bbearer\s+)[\w.~+/=-]{8,}", RegexOptions.IgnoreCase, TimeoutMs)]
    private static partial Regex Bearer();

    [GeneratedRegex(@"(?<![A-Za-z0-9+.-])(?<scheme>[A-Za-z0-9+.-]+)://(?<user>[^\s/:@?#]*)(?::(?<password>[^\s/?#]*))?@", RegexOptions.None, TimeoutMs)]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"^(?<name>[\w./-]+)(?:=|:(?!//))", RegexOptions.None, TimeoutMs)]
    private static partial Regex WholePair();

    [GeneratedRegex(@"(?<![\w.-])(?<name>[\w.-]+)(?<sign>[""']?\s*(?:=|:(?!//))\s*)(?<value>""[^""]*""|'[^']*'|[^\s;&]+)", RegexOptions.None, TimeoutMs)]
    private static partial Regex Pair();

    [GeneratedRegex(@"(?<=^|\s)(?<name>--?[A-Za-z][\w.-]*)(?<sign>\s+)(?!--)(?<value>""[^""]*""|'[^']*'|\S+)", RegexOptions.None, TimeoutMs)]
    private static partial Regex Option();

    [GeneratedRegex(
        @"\b(?:(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[abeoprs]-[\w-]{10,}|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}|dapi[0-9a-f]{32}|sk-[\w-]{20,}|AIza[\w-]{35}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)",
        RegexOptions.None,
        TimeoutMs)]
    private static partial Regex KnownKey();

    // 40 characters of base 64 are a secret key of AWS, or a path, or a hash: the first alone has nearly 30 different ones.
    [GeneratedRegex(@"(?<![\w/+=.-])[A-Za-z0-9/+]{40}(?![\w/+=.-])", RegexOptions.None, TimeoutMs)]
    private static partial Regex AwsSecret();
}
