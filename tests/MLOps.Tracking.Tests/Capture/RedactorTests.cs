using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MLOps.Tracking.Capture;
using Xunit;

namespace MLOps.Tracking.Tests.Capture;

public sealed class RedactorTests
{
    // Put together here, so that no scanner takes this file for a leak.
    private const string AwsId = "AKIA" + "IOSFODNN7EXAMPLE", AwsSecret = "wJalrXUtnFEMI/K7MDENG" + "/bPxRfiCYEXAMPLEKEY";
    private const string GitHub = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a", Jwt = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N";

    [Theory]
    [InlineData("https://alice:hunter2@github.com/a/b.git", "https://alice:***@github.com/a/b.git")]
    [InlineData("https://alice:hunter2@with@at@host/a", "https://alice:***@host/a")]
    [InlineData("https://hunter2@github.com/a/b.git", "https://***@github.com/a/b.git")]
    [InlineData("postgres://app:hunter2@db:5432/mlops", "postgres://app:***@db:5432/mlops")]
    [InlineData("redis://:hunter2@cache", "redis://:***@cache")]
    [InlineData("https://h/blob?sv=2024&sig=hunter2&x=1", "https://h/blob?sv=2024&sig=***&x=1")]
    [InlineData("https://h/x?access_token=hunter2", "https://h/x?access_token=***")]
    [InlineData("https://b.s3.amazonaws.com/k?X-Amz-Credential=hunter2&X-Amz-Signature=hunter2&X-Amz-Expires=60", "https://b.s3.amazonaws.com/k?X-Amz-Credential=***&X-Amz-Signature=***&X-Amz-Expires=60")]
    [InlineData("Server=db;User Id=app;Password=hunter2;Encrypt=true", "Server=db;User Id=app;Password=***;Encrypt=true")]
    [InlineData("Server=db;Password='hunter;2';Encrypt=true", "Server=db;Password=***;Encrypt=true")]
    [InlineData("Password=hunter2 hunter2;Server=db", "Password=***;Server=db")]
    [InlineData("Server=db;Pwd = hunter2 hunter2", "Server=db;Pwd =***")]
    [InlineData("AccountName=a;AccountKey=hunter2==;EndpointSuffix=x", "AccountName=a;AccountKey=***;EndpointSuffix=x")]
    [InlineData("Endpoint=sb://x/;Shared Access Key=hunter2;Entity=q", "Endpoint=sb://x/;Shared Access Key=***;Entity=q")]
    [InlineData("DB_PASSWORD=hunter2", "DB_PASSWORD=***")]
    [InlineData("_password=hunter2", "_password=***")]
    [InlineData("key=hunter2", "key=***")]
    [InlineData("apiKey: hunter2 --epochs 3", "apiKey: *** --epochs 3")]
    [InlineData("""{"user":"alice","password":"hunter2","lr":0.1}""", """{"user":"alice","password":***,"lr":0.1}""")]
    [InlineData("run --password hunter2 --learning-rate 0.1", "run --password *** --learning-rate 0.1")]
    [InlineData("run --client-secret \"hunter2 hunter2\" --epochs 3", "run --client-secret *** --epochs 3")]
    [InlineData("Authorization: Basic hunter2", "Authorization: ***")]
    [InlineData("curl with bearer hunter2hunter2", "curl with bearer ***")]
    [InlineData("id " + AwsId + " here", "id *** here")]
    [InlineData("secret " + AwsSecret, "secret ***")]
    [InlineData("clone with " + GitHub, "clone with ***")]
    [InlineData("jwt " + Jwt, "jwt ***")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY----- end", "*** end")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nhunter2", "***")]
    public void A_secret_is_masked_and_the_rest_kept(string text, string redacted)
    {
        Assert.Equal(redacted, Redactor.Redact(text));
        Assert.DoesNotContain("hunter2", Redactor.Redact(text), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--learning-rate 0.1 --batch-size=64")]
    [InlineData("commit 3f786850e387550fdab836ed7e6dc881de23001b")]
    [InlineData("git.commit=3f786850e387550fdab836ed7e6dc881de23001b")]
    [InlineData("sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")]
    [InlineData("--tokenizer bert-base-uncased --max-tokens 100 --max_new_tokens=5 --pad-token=0")]
    [InlineData("git@github.com:contoso/fraud.git")]
    [InlineData("ssh://git@github.com/contoso/fraud.git")]
    [InlineData("https://github.com/contoso/fraud.git")]
    [InlineData("http://localhost:5000/metrics?step=3&sort=desc")]
    [InlineData("/home/alice/projects/Fraud2/data/train1.csv")]
    [InlineData("/Data/Projects/Fraud2/Training/Set1.parq")]
    [InlineData(@"C:\Users\alice\source\repos\Fraud\bin\Fraud.exe")]
    [InlineData("Data Source=mlops.db;Cache=Shared;Mode=ReadWrite")]
    [InlineData("--monkey 3 --keyboard qwerty --authors alice --path a --sort-keys true")]
    [InlineData("at 10:20:30 loss=0.25 accuracy: 0.9")]
    [InlineData("")]
    public void What_is_no_secret_stays_as_it_is(string text) => Assert.Equal(text, Redactor.Redact(text));

    [Fact]
    public void The_value_behind_a_secret_option_is_masked_and_no_other()
    {
        string[] arguments = ["app", "--password", "hunter2", "--lr", "0.1", "--api-key=a,b;c d", "/token:hunter2", "--token", "--verbose", "-pwd", "-hunter2", "--tokenizer", "bert", "ApiKey=hunter2", "--conn", "Server=x;Password=hunter2;Encrypt=true"];
        Assert.Equal(
            ["app", "--password", "***", "--lr", "0.1", "--api-key=***", "/token:***", "--token", "--verbose", "-pwd", "***", "--tokenizer", "bert", "ApiKey=***", "--conn", "Server=x;Password=***;Encrypt=true"],
            Redactor.RedactArguments(arguments));
    }

    [Property]
    public Property No_value_of_a_secret_name_comes_through(NonEmptyString noise) => Prop.ForAll(
        Gen.Elements("password", "--Password", "MY_TOKEN", "client-secret", "AccountKey").ToArbitrary(),
        name => !string.Join(' ', Redactor.RedactArguments([noise.Get.Replace("hunter2", "", StringComparison.Ordinal), $"{name}=hunter2{noise.Get.Replace("\n", "", StringComparison.Ordinal)}", "--password", "hunter2"])).Contains("hunter2", StringComparison.Ordinal));

    [Fact]
    public void A_text_of_megabytes_is_masked_or_kept_but_never_an_exception()
    {
        string text = new('a', 2_000_000);
        Assert.True(Redactor.Redact(text) is var redacted && (redacted == text || redacted == Redactor.Mask));
        Assert.DoesNotContain("hunter2", Redactor.Redact(text + " password=hunter2"), StringComparison.Ordinal);
    }
}
